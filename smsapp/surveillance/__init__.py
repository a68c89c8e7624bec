"""Community surveillance: cases that workers report, the rules that raise a signal, and what is measured of both."""
