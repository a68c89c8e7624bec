"""Flows: what to ask next. Pure: nothing here opens a file at run time, a socket or a database."""
