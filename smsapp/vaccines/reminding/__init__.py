"""Reminders: who is told of which visit on which day, once, and why anybody is not."""

from smsapp.vaccines.reminding.listing import NotSent, not_sent
from smsapp.vaccines.reminding.running import Told, remind

__all__ = ["NotSent", "Told", "not_sent", "remind"]
