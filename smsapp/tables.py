"""Every module that declares tables, so that the whole schema is known at once."""

from __future__ import annotations

from smsapp import messages, people, periodic, places, surveys
from smsapp.conversations import tables as conversations
from smsapp.staff import tables as staff

ALL = (places, people, messages, periodic, surveys, conversations, staff)
