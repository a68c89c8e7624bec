"""Worker processes: they keep what the outbox promised."""
