"""Vaccines: the calendar of a country as data, and what it means for one child."""
