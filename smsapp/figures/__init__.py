"""Figures: what every domain counts of a day and a place, and what the first page shows of it."""

from smsapp.figures.counting import count_days
from smsapp.figures.shapes import Card, Chore, Count, Day, Domain, Week

__all__ = ["Card", "Chore", "Count", "Day", "Domain", "Week", "count_days"]
