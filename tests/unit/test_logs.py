"""Events: who hears them, and that a quiet command leaves nobody quiet."""

import structlog

from smsapp import logs


def test_a_logger_first_used_in_a_quiet_command_speaks_when_the_service_starts(capsys):
    log = structlog.get_logger()
    logs.configure(quiet=True)
    log.info("unheard")
    log.error("said aside")
    logs.configure()
    log.info("heard")
    said = capsys.readouterr()
    assert "heard" in said.out
    assert "unheard" not in said.out + said.err
    assert "said aside" in said.err
