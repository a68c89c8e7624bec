"""Settings: read once, wrong ones named all at once."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from smsapp import config
from smsapp.config import BadSettings, QuietHours, Settings

NEEDED = {
    "DATABASE_URL": "postgres://me:secret@db.example.org:5433/sms",
    "REDIS_URL": "redis://queue:6379/2",
    "SECRET_KEY": "s",
    "WEBHOOK_TOKEN": "t",
    "AT_USERNAME": "sandbox",
    "AT_API_KEY": "k",
}


def test_defaults_are_those_of_the_contract():
    made = Settings.from_env(NEEDED)
    assert (made.host, made.port, made.gateways) == ("127.0.0.1", 8000, ("africastalking",))
    assert (made.service_code, made.short_code, made.country) == ("*384*223#", "36223", "ML")
    assert (made.languages, made.language) == (("fr", "bm", "en"), "fr")
    assert (made.timezone, made.quiet_hours) == (ZoneInfo("Africa/Bamako"), QuietHours(time(20), time(7)))
    assert (made.simulator, made.demo, made.at_base_url) == (False, False, "")


def test_everything_missing_is_named_in_one_sentence():
    with pytest.raises(BadSettings) as refused:
        Settings.from_env({})
    for name in NEEDED:
        assert f"{name} is missing" in str(refused.value)
    assert "\n" not in str(refused.value)


WRONG = {
    "DATABASE_URL": ["mysql://x/y", "sms", "postgres"],
    "REDIS_URL": ["localhost:6379", "http://x"],
    "PORT": ["0", "65536", "80a", "٨٠٨٠", "-1", "8000.0", "1_0"],
    "WORKERS": ["0", "many"],
    "SIMULATOR": ["maybe", "2"],
    "TIMEZONE": ["Bamako", "../../etc/passwd", "UTC+1"],
    "QUIET_HOURS": ["20-7", "25:00-07:00", "20:00", "20:00-07:00-08:00", "20:00+01:00-07:00"],
    "COUNTRY": ["Mali", "1L", "éé", "XX", "MLI"],
    "SERVICE_CODE": ["384", "*384", "384#", "*384*223", "**#", "*٣#", "*384#*", "*384*x#"],
    "SHORT_CODE": ["12", "123456789", "AFYA", "36 223", "+36223"],
    "GATEWAYS": ["pigeon", "africastalking,base", "http", "../config", "__init__"],
    "AT_BASE_URL": ["example.org", "ftp://example.org"],
    "LANGUAGES": [" , ", "fr,qqq", "FR", "fr,../fr"],
}


@pytest.mark.parametrize(("name", "value"), [(k, v) for k, values in WRONG.items() for v in values])
def test_a_malformed_setting_is_refused_by_its_name(name, value):
    with pytest.raises(BadSettings, match=f"{name}="):
        Settings.from_env({**NEEDED, name: value})


def test_all_wrong_ones_are_named_at_once():
    wrong = {
        "PORT": "x",
        "COUNTRY": "XX",
        "LANGUAGES": "fr,qqq",
        "SHORT_CODE": "1",
        "SECRET_KEY": " ",
        "AT_API_KEY": "",
    }
    with pytest.raises(BadSettings) as refused:
        Settings.from_env({**NEEDED, **wrong})
    for said in ("PORT=", "COUNTRY=", "only for bm, en, fr, none for qqq", "SHORT_CODE=", "SECRET_KEY is missing"):
        assert said in str(refused.value)
    assert "AT_API_KEY is missing (the gateway africastalking needs it)" in str(refused.value)
    assert str(refused.value).count("Settings to put right") == 1


def test_an_empty_setting_is_one_that_is_not_given():
    assert Settings.from_env({**NEEDED, "PORT": "", "AT_BASE_URL": " "}) == Settings.from_env(NEEDED)


def test_what_people_have_is_accepted():
    made = Settings.from_env(
        {**NEEDED, "SIMULATOR": "Yes", "COUNTRY": "sn", "AT_BASE_URL": "https://x.org/", "LANGUAGES": "en, fr"}
    )
    assert made.database_url == "postgresql+psycopg://me:secret@db.example.org:5433/sms"
    assert (made.simulator, made.country, made.at_base_url) == (True, "SN", "https://x.org")
    assert (made.languages, made.language) == (("en", "fr"), "en")


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://h/n", "postgresql://h/n", "postgres://h/n", "postgresql+psycopg2://h/n"]
)
def test_the_driver_is_ours_whatever_the_address_says(url):
    assert Settings.from_env({**NEEDED, "DATABASE_URL": url}).database_url == "postgresql+psycopg://h/n"


def test_the_environment_wins_over_env_file_and_make_run(tmp_path, monkeypatch):
    (tmp_path / "run.env").write_text("PORT=1\nSHORT_CODE=111\nSERVICE_CODE=*1#\n")
    (tmp_path / ".env").write_text("PORT=2\nSHORT_CODE=222\n")
    monkeypatch.setattr(config, "RUN_ENV", tmp_path / "run.env")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    made = Settings.load({**NEEDED, "PORT": "3"})
    assert (made.port, made.short_code, made.service_code) == (3, "222", "*1#")


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("20:00-07:00", "20:00", True),
        ("20:00-07:00", "06:59:59", True),
        ("20:00-07:00", "07:00", False),
        ("20:00-07:00", "19:59", False),
        ("13:00-14:00", "13:30", True),
        ("13:00-14:00", "14:00", False),
        ("00:00-00:00", "00:00", False),
    ],
)
def test_quiet_hours(hours, at, quiet):
    made = Settings.from_env({**NEEDED, "QUIET_HOURS": hours})
    assert made.quiet_hours.covers(time.fromisoformat(at)) is quiet
