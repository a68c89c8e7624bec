"""Savings groups: their members, their book, and what is worked out from it."""
