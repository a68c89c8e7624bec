"""The outbox: promises to send, and their keeping. Post, claim, deliver, record, sweep."""

from smsapp.outbox.delivering import deliver
from smsapp.outbox.posting import Draft, Posted, answers_in_last_hour, post, post_many
from smsapp.outbox.reading import listing, stats
from smsapp.outbox.reports import record_report
from smsapp.outbox.sweeping import Swept, sweep

__all__ = [
    "Draft",
    "Posted",
    "Swept",
    "answers_in_last_hour",
    "deliver",
    "listing",
    "post",
    "post_many",
    "record_report",
    "stats",
    "sweep",
]
