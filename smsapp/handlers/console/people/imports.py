"""Importing people from a spreadsheet, page by page: the file, its columns, its rows, a yes, and its progress."""
