"""Conversations: one utterance in, one screen out, whatever the channel."""

from smsapp.conversations.hearing import StoredText, hear, hear_waiting
from smsapp.conversations.tables import Conversation, FlowRevision, UssdSession
from smsapp.conversations.upkeep import broken_conversations, lacking, nudge, sync, tidy, unsynced
from smsapp.conversations.ussd import Heard

__all__ = [
    "Conversation",
    "FlowRevision",
    "Heard",
    "StoredText",
    "UssdSession",
    "broken_conversations",
    "hear",
    "hear_waiting",
    "lacking",
    "nudge",
    "sync",
    "tidy",
    "unsynced",
]
