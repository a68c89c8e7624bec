"""What an answer will cost, while it is written."""

from __future__ import annotations

from dataclasses import dataclass

from smsapp import segments

MOST_PARTS = 10


@dataclass(frozen=True)
class Measure:
    """A text as it will be sent."""

    sent: str
    characters: int  # as the parts are counted
    encoding: segments.Encoding
    parts: int
    cost: int
    letters: str  # that force UCS-2

    @property
    def too_long(self) -> bool:
        return self.parts > MOST_PARTS


def measure(text: str, price: int) -> Measure:
    """Of a text as somebody writes it, at this price a part."""
    sent = segments.fold(segments.clean(text))
    encoding, parts = segments.encoding(sent), segments.count(sent)
    size = segments.septets(sent) if encoding == "GSM-7" else segments.units(sent)
    letters = "".join(dict.fromkeys(c for c in sent if c not in segments.GSM))
    return Measure(sent, size, encoding, parts, parts * price if sent else 0, letters)
