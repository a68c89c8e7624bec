"""The inbox: what people write that no flow takes, and what the staff answer."""

from smsapp.inbox.acting import NoColleague, Unsent, assign, colleagues, finish, reopen, reply
from smsapp.inbox.keeping import heard
from smsapp.inbox.lists import LISTS, Line, following, lines, threads, waiting
from smsapp.inbox.measuring import MOST_PARTS, Measure, measure
from smsapp.inbox.reading import Conversation, Said, one, read

__all__ = [
    "LISTS",
    "MOST_PARTS",
    "Conversation",
    "Line",
    "Measure",
    "NoColleague",
    "Said",
    "Unsent",
    "assign",
    "colleagues",
    "finish",
    "following",
    "heard",
    "lines",
    "measure",
    "one",
    "read",
    "reopen",
    "reply",
    "threads",
    "waiting",
]
