"""Worker processes: they keep what the outbox promised."""

import smsapp as smsapp  # before anything else here loads structlog
