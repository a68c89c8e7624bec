"""The inbox: what people write that no flow takes, and what the staff answer."""

from smsapp.inbox.acting import Unsent, assign, colleagues, finish, reopen, reply
from smsapp.inbox.keeping import heard
from smsapp.inbox.lists import LISTS, Line, lines, threads, waiting
from smsapp.inbox.reading import Conversation, Said, one, read

__all__ = [
    "LISTS",
    "Conversation",
    "Line",
    "Said",
    "Unsent",
    "assign",
    "colleagues",
    "finish",
    "heard",
    "lines",
    "one",
    "read",
    "reopen",
    "reply",
    "threads",
    "waiting",
]
