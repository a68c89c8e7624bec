"""What became of a message, in words: why it waits, failed or was stopped."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from smsapp.outbox import holds, settling
from smsapp.outbox.posting import NO_DESTINATION
from smsapp.registry import forgetting

# The service's own reasons; a gateway's words stand for themselves.
REASONS: Mapping[str, LazyString] = {
    NO_DESTINATION: lazy_gettext("not a mobile number to which SMS are sent"),
    holds.CANCELLED: lazy_gettext("its broadcast was cancelled"),
    "stop": lazy_gettext("she had left the topic (STOP)"),
    forgetting.NEVER_SENT: lazy_gettext("its person was forgotten"),
    "its use-by time had passed": lazy_gettext("it was too late to be of use"),
    "the worker ended before the gateway's answer was recorded": lazy_gettext(
        "the service was interrupted before the gateway’s answer was written down"
    ),
    "not in the gateway's answer": lazy_gettext("the gateway’s answer did not name this number"),
    "sent again by the policy of its kind": lazy_gettext("sent again by itself, as this kind may be once"),
    "let be by the policy of its kind": lazy_gettext("let be, as this kind is not sent twice"),
    "failed while it was heard": lazy_gettext("the service failed while it read this text"),
    **{
        settling.VERDICTS[verdict][1]: said
        for verdict, said in {
            settling.ARRIVED: lazy_gettext("somebody says that it arrived"),
            settling.AGAIN: lazy_gettext("somebody says that it did not arrive; sent again"),
            settling.LET_BE: lazy_gettext("somebody let it be"),
        }.items()
    },
}

STEPS: Mapping[str, LazyString] = {
    "try": lazy_gettext("Try"),
    "report": lazy_gettext("Delivery report"),
    "rule": lazy_gettext("By itself"),
    "staff": lazy_gettext("By hand"),
}


def reason(said: str | None) -> str:
    """Why, in the reader's language where it is our own word."""
    return str(REASONS.get(said or "", said or ""))
