"""The picture by which a phone learns the secret of a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext

from smsapp.late import Late
from smsapp.staff import Account, totp

if TYPE_CHECKING:
    import segno
else:
    segno = Late("segno")


@dataclass(frozen=True)
class Picture:
    """For a camera, for the phone that shows this page, and for fingers."""

    image: str
    address: str
    letters: str


def of(account: Account) -> Picture:
    """Of the secret that waits for its first code."""
    assert account.totp_pending
    address = totp.address(account.totp_pending, account.email, gettext("Your health, your voice"))
    image = segno.make(address, micro=False).svg_data_uri(scale=5, border=4, light="white")
    secret = account.totp_pending
    return Picture(image, address, " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)))


def wrong_code() -> str:
    return str(gettext("This is not the code that the phone should show. Look at its clock: it must be right."))
