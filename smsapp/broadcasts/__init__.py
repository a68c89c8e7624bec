"""Broadcasts: one text to many. Content, steps, planning, feeding, progress."""

from smsapp.broadcasts.approval import lately
from smsapp.broadcasts.audience import Audience, Listing
from smsapp.broadcasts.content import TOPICS, Content, Problem, problems
from smsapp.broadcasts.counting import Count, Sampled, count, sample
from smsapp.broadcasts.feeding import feed
from smsapp.broadcasts.planning import few, figures, reach, shown
from smsapp.broadcasts.progress import Counts, all_missed, counts, missed, replies
from smsapp.broadcasts.reading import forget_old, listing, waiting_for_approval
from smsapp.broadcasts.resending import TooLate, hindrance, settle
from smsapp.broadcasts.sending import send
from smsapp.broadcasts.steps import (
    approve,
    cancel,
    change,
    content_of,
    decline,
    find,
    listed,
    make,
    pause,
    remove,
    repeat,
    resume,
    submit,
    withdraw,
    wrong,
)
from smsapp.broadcasts.tables import Broadcast, Template

__all__ = [
    "TOPICS",
    "Audience",
    "Broadcast",
    "Content",
    "Count",
    "Counts",
    "Listing",
    "Problem",
    "Sampled",
    "Template",
    "TooLate",
    "all_missed",
    "approve",
    "cancel",
    "change",
    "content_of",
    "count",
    "counts",
    "decline",
    "feed",
    "few",
    "figures",
    "find",
    "forget_old",
    "hindrance",
    "lately",
    "listed",
    "listing",
    "make",
    "missed",
    "pause",
    "problems",
    "reach",
    "remove",
    "repeat",
    "replies",
    "resume",
    "sample",
    "send",
    "settle",
    "shown",
    "submit",
    "waiting_for_approval",
    "withdraw",
    "wrong",
]
