"""The operator's commands: what they print, and how they refuse."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from datetime import time as dtime

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from smsapp import cli, conversations, outbox, people, places, tabular
from smsapp import config as config_module
from smsapp.cli import common
from smsapp.cli.outbox import SWEPT
from smsapp.config import QuietHours, Settings
from smsapp.conversations import Conversation, FlowRevision
from smsapp.db import transaction
from smsapp.flows import catalogue
from smsapp.messages import GatewayState, Message
from smsapp.people import Group, Membership, Number, Person
from smsapp.runtime import build
from smsapp.staff import AuditEntry
from smsapp.surveys import Response
from tests.handset import MOTHER, STRANGER, Handset
from tests.village import MOTHERS, SOTUBA, settle

APP = cli.bare_app()


@pytest.fixture
def rt(live_rt, monkeypatch):
    """The service that the commands find; they commit, by the true clock, so no hour of theirs is quiet."""
    at_any_hour = replace(live_rt.settings, quiet_hours=QuietHours(dtime(0), dtime(0)))
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: at_any_hour))
    return replace(live_rt, settings=at_any_hour)


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


def run(*arguments, typed=None):
    return CliRunner().invoke(APP.cli, [str(a) for a in arguments], input=typed)


def good(*arguments, typed=None):
    result = run(*arguments, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments, typed=None):
    """One line on standard error, no traceback, nothing on standard output."""
    result = run(*arguments, typed=typed)
    assert result.exit_code != 0, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    said = result.stderr.strip()
    assert "\n" not in said
    assert "Traceback" not in said
    return said.splitlines()[-1].removeprefix("Error: ")


# ---- all of them


def tree(command, path=()):
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from tree(inner, (*path, name))
    yield path, command


OURS = [path for path, command in tree(APP.cli) if path and path[0] not in {"run", "shell", "routes"}]


@pytest.mark.parametrize("path", OURS, ids=" ".join)
def test_every_command_has_help(path):
    assert "Usage:" in good(*path, "--help")
    command = next(command for known, command in tree(APP.cli) if known == path)
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option) and not p.is_flag and p.name != "name")


def test_the_commands_of_the_contract_are_there():
    wanted = "flows check,flows sync,people import,demo load,simulate,outbox sweep,outbox list,db upgrade,text segments"
    assert {tuple(c.split()) for c in wanted.split(",")} <= set(OURS)
    assert {("surveys", "invite"), ("surveys", "results"), ("broadcasts", "send")} <= set(OURS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("outbox", "list"),
        ("flows", "sync"),
        ("surveys", "results", "--facility", "1"),
        ("demo", "load", "--yes"),
        ("db", "upgrade"),
    ],
    ids=" ".join,
)
def test_without_a_database_one_line_says_so(arguments, rt, monkeypatch):
    away = replace(rt.settings, database_url="postgresql+psycopg://postgres@127.0.0.1:9/none")
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: away))
    assert "the database does not answer" in refused(*arguments)


def test_missing_settings_are_named_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(config_module, "RUN_ENV", tmp_path / "none")
    monkeypatch.setattr(config_module, "ROOT", tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WEBHOOK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    said = refused("outbox", "list")
    assert "DATABASE_URL is missing" in said
    assert "SECRET_KEY is missing" in said


# ---- text segments


def test_segments_reads_and_writes_json_alone(tmp_path):
    asked = [{"text": "Ɔwɔ, i ni ce", "fold": True}, {"text": "ɛ" * 71}, {"text": ""}]
    said = json.loads(good("text", "segments", "--json", "-", typed=json.dumps(asked)))
    assert [(s["encoding"], s["segments"]) for s in said] == [("GSM-7", 1), ("UCS-2", 2), ("GSM-7", 1)]
    assert said[0]["text"] == "Owò, i ni ce"
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(asked))
    assert json.loads(good("text", "segments", "--json", file)) == said


@pytest.mark.parametrize("typed", ["", "x", "{}", '"text"', "[1]", '[{"text": 1}]', '[{"text": "a", "fold": "yes"}]'])
def test_segments_refuses_what_is_no_list_of_texts(typed):
    assert refused("text", "segments", "--json", "-", typed=typed)


# ---- people import


def sheet(*rows, head="phone,name,language,facility,groups"):
    return "\n".join([head, *rows]) + "\n"


def test_people_are_added_changed_and_refused_with_line_and_reason(village, tmp_path):
    file = tmp_path / "people.csv"
    rows = [
        "70 12 34 56,Awa,fr,CSCom Sotuba,Benkadi;Soutoura",
        "+22370123457,Binta,Bambara,1301,Benkadi",
        '0022370123458,"Traoré, Mariam",français,bakon,',
        f"{MOTHERS[0]},Mère 1,en,,",
        f"{MOTHERS[0]},Sa fille,fr,,",
        f"{MOTHERS[1]},Mère 2,,,",
        "7012345,Trop court,fr,,",
        "20221234,Fixe,fr,,",
        "+33612345678,Ailleurs,fr,,",
        "70123459,Langue,wolof,,",
        "70123460,Lieu,fr,CSCom Nulle Part,",
        ",Sans numéro,fr,,",
    ]
    file.write_text(sheet(*rows), encoding="utf-8-sig")
    said = good("people", "import", file).splitlines()
    assert said[-1] == "4 added, 1 changed, 6 refused"
    assert [line.split(":")[0] for line in said[:-1]] == [f"line {n}" for n in (8, 9, 10, 11, 12, 13)]
    assert "wolof" in said[3]
    assert "CSCom Nulle Part" in said[4]
    with village.sessions() as db:
        [awa] = people.behind(db, "+22370123456")
        assert (awa.name, awa.language, awa.facility_id) == ("Awa", "fr", SOTUBA)
        assert people.behind(db, "+22370123457")[0].language == "bm"
        assert people.behind(db, "+22370123458")[0].name == "Traoré, Mariam"
        assert [p.name for p in people.behind(db, MOTHERS[0])] == ["Mère 1", "Sa fille"]
        assert {n for n, _, _ in people.members(db, "Benkadi")} == {"+22370123456", "+22370123457"}
        assert [n for n, _, _ in people.members(db, "Soutoura")] == ["+22370123456"]
    again = run("people", "import", file)
    assert (again.stdout.splitlines()[-1], again.stderr) == ("0 added, 0 changed, 6 refused", "")


def test_two_thousand_people_within_thirty_seconds(village, tmp_path):
    file = tmp_path / "many.csv"
    file.write_text(
        sheet(*(f"+2237{n:07},Personne {n},fr,CSCom Sotuba,Tous;G{n % 7}" for n in range(2_100_000, 2_102_000)))
    )
    began = time.monotonic()
    assert good("people", "import", file).splitlines()[-1] == "2000 added, 0 changed, 0 refused"
    assert time.monotonic() - began < 30
    with village.sessions() as db:
        assert db.scalar(select(func.count()).select_from(Membership)) == 4000
        assert db.scalar(select(func.count()).select_from(Group)) == 8


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"phone,name\n",
        b"phone,name,Name\n70123456,Awa,Awa\n",
        b'phone,name\n70123456,"Awa\n70123457,Binta\n',
        b"phone\n" + b"x" * 200_000 + b'\n"' + b"y" * 200_000,
        bytes(range(256)),
    ],
    ids=[
        "empty",
        "no heading",
        "nothing below",
        "a column twice",
        "a quote without end",
        "a field without end",
        "bytes",
    ],
)
def test_what_is_no_such_file_is_refused_in_one_line(rt, tmp_path, content):
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    assert refused("people", "import", file)
    with rt.sessions() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"Phone;Name\r\n70123456;Zo\xe9\r\n",
        "\ufeffNOM\tPhone \tname\n\t70123456\tZoé\n".encode("utf-16-le"),
        "\ufeffphone,name,,\n70123456,Zoé,,\n".encode(),
    ],
    ids=["Excel in French", "Unicode text", "empty columns"],
)
def test_what_a_spreadsheet_makes_of_a_csv_is_read(rt, tmp_path, content):
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    assert good("people", "import", file) == "1 added, 0 changed, 0 refused\n"
    with rt.sessions() as db:
        assert db.scalar(select(Person.name)) == "Zoé"


def test_a_workbook_is_read_like_a_csv(village, tmp_path):
    file = tmp_path / "people.xlsx"
    with tabular.xlsx(["name", "phone", "facility"], [["Awa", 70123456, "Sotuba"], ["Zoé", "2,237E+10", ""]]) as made:
        file.write_bytes(made.read())
    assert good("people", "import", file) == "line 3: phone: shortened\n1 added, 0 changed, 1 refused\n"
    with village.sessions() as db:
        [awa] = people.behind(db, "+22370123456")
        [entry] = db.scalars(select(AuditEntry).where(AuditEntry.action == "people.imported"))
    assert (awa.name, awa.facility_id) == ("Awa", SOTUBA)
    assert (entry.who, entry.details) == ("command line", {"added": 1, "changed": 0, "refused": 1})


def test_refused_rows_are_named_by_the_line_they_begin_on(rt, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text('phone,name\n\n70123456,"Awa\nTraoré"\n1,Binta\n\n70123457,Fatou,Diarra\n2,Oumou\n')
    assert good("people", "import", file).splitlines() == [
        "line 5: phone: format",
        "line 7: more cells than columns: 3, not 2",
        "line 8: phone: format",
        "1 added, 0 changed, 3 refused",
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_a_numbers_file_of_any_spreadsheet_is_read(village, tmp_path, encoding):
    file = tmp_path / "numbers.csv"
    file.write_bytes(f"Numéro;Prénom\r\n{MOTHER};Zoé\r\n".encode(encoding))
    assert good("surveys", "invite", "--facility", "1201", "--numbers-file", file) == "1 invited, 0 not\n"


def test_a_broadcast_of_a_novel_is_refused(village):
    said = refused("broadcasts", "send", "--to-group", "Tous", "--text", "a" * 10_000)
    assert said == "the text takes 66 SMS for each member, at most 10 are sent: shorten it"


@pytest.mark.parametrize("typed", ["[" * 100_000, "{", ""])
def test_what_is_no_list_of_texts_is_refused(typed):
    assert refused("text", "segments", "--json", "-", typed=typed)


def test_segments_of_half_a_character_and_below_a_byte_order_mark():
    answer = good("text", "segments", "--json", "-", typed='\ufeff[{"text": "a\\ud800"}]')
    assert json.loads(answer) == [{"encoding": "UCS-2", "segments": 1, "text": "a\ud800"}]


@pytest.mark.parametrize(
    "call",
    [
        ("surveys", "invite"),
        ("surveys", "invitations", "--facility", "1", "--state", "lost"),
        ("surveys", "nothing"),
        ("outbox", "list", "--lost"),
        ("simulate", "--nothing"),
    ],
)
def test_a_command_wrongly_called_says_so_in_one_line(call):
    result = run(*call)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_a_command_gives_its_connections_back(village):
    def connections():
        with village.sessions() as db:
            return db.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))

    before = connections()
    for _ in range(5):
        good("outbox", "list")
    assert connections() <= before + 1


def test_a_file_that_is_not_there_is_refused(rt):
    assert "No such file" in refused("people", "import", "/nowhere/people.csv")


# ---- places import

PYRAMID = """kind,name,code,parent
facility,CSCom Niono,5101,Niono
region,Ségou,,
district,Niono,,Ségou
village,Molodo,,5101
district,Commune I,,Ségou
facility,CSCom Pélengana,5102,Ségou/Commune I
"""


def test_places_are_added_changed_and_refused_with_line_and_reason(village, tmp_path):
    file = tmp_path / "places.csv"
    file.write_text(PYRAMID, encoding="utf-8-sig")
    assert good("places", "import", file) == "6 added, 0 changed, 0 refused\n"
    assert good("places", "import", file) == "0 added, 0 changed, 0 refused\n"
    rows = [
        "facility,CSCom Niono Central,5101,NIONO",
        "facility,Pelengana,5103,segou/commune i",
        "facility,CSCom Deux,5104,Commune I",
        "facility,CSCom Ailleurs,5105,Nulle Part",
        "region,Kayes,,Bamako",
        "district,Kita,,",
        "district,Kita,7777,Bamako",
        "facility,CSCom Lettres,51a,Niono",
        "facility,,5106,Niono",
        "hamlet,Là,,Niono",
        "facility,CSCom Niono Central,5101,Niono",
        "village,Sotuba village,,sotuba",
    ]
    file.write_text(sheet(*rows, head="kind,name,code,parent"))
    said = good("places", "import", file).splitlines()
    assert said[-1] == "1 added, 2 changed, 9 refused"
    assert [line.split(":")[0] for line in said[:-1]] == [f"line {n}" for n in range(4, 13)]
    assert said[0].endswith("'Commune I' is the name of 2 places: write 'Bamako/Commune I' or 'Ségou/Commune I'")
    assert said[1].endswith("unknown district 'Nulle Part'")
    assert said[-2].endswith("the same place as line 2")
    with village.sessions() as db:
        rows = {p.code: p.name for p in places.of_kind(db, "facility")}
        assert (rows["5101"], rows["5103"]) == ("CSCom Niono Central", "Pelengana")
        assert "5102" not in rows
        assert next(p.parent_id for p in places.of_kind(db, "village") if p.name == "Sotuba village") == SOTUBA


def test_a_stranger_finds_her_centre_once_there_are_places(rt, tmp_path):
    phone = Handset(rt, STRANGER)
    phone.dial("1")
    screen, end = phone.key("0")
    assert screen.startswith("Demandez le numéro de l'affiche à votre centre.\nVotre santé, votre voix\n1. ")
    assert not end
    file = tmp_path / "places.csv"
    file.write_text(PYRAMID)
    good("places", "import", file)
    phone.dial("1")
    assert phone.key("0")[0].startswith("Votre région ?\n1. Ségou")
    assert phone.key("1", "2", "1")[0].startswith("6 questions")


@pytest.mark.parametrize("content", ["name,code\nSotuba,1201\n", "Name;Sort\nSégou;region\n"])
def test_what_is_no_list_of_places_is_refused(rt, tmp_path, content):
    file = tmp_path / "places.csv"
    file.write_text(content)
    assert "the first line should name the columns: kind,name,code,parent; it is " in refused("places", "import", file)


# ---- broadcasts, outbox


def test_a_broadcast_goes_to_each_member_once(village):
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [known.id for n in MOTHERS[:3] for known in people.behind(db, n)])
        people.leave(db, village.now(), MOTHERS[0], "news", "sms")
    assert (
        good("broadcasts", "send", "--to-group", "Benkadi", "--text", "Réunion à 15 h œuvre")
        == "3 queued, 1 SMS each\n"
    )
    with village.sessions() as db:
        village.now.at = db.scalar(select(func.max(Message.due_at)))  # by the true clock
    phone = Handset(village, MOTHERS[1])
    assert phone.arrived() == ["Réunion à 15 h oeuvre"]
    listed = json.loads(good("outbox", "list", "--json"))
    assert sorted(m["state"] for m in listed) == ["cancelled", "sent", "sent"]


def test_a_broadcast_to_nobody_is_refused(village):
    assert refused("broadcasts", "send", "--to-group", "Nulle", "--text", "Bonjour") == (
        "unknown group 'Nulle' (known: none yet)"
    )
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [])
    assert "(known: Benkadi)" in refused("broadcasts", "send", "--to-group", "benkadi?", "--text", "Bonjour")
    assert "empty" in refused("broadcasts", "send", "--to-group", "Benkadi", "--text", " \u200b ")
    assert "--text" in refused("broadcasts", "send", "--to-group", "Benkadi")


def test_the_outbox_is_listed_newest_first(village):
    for n, number in enumerate((MOTHER, STRANGER, MOTHER)):
        with transaction(village.sessions) as db:
            outbox.post(db, village, number, f"Avis {n}", kind="reply")
        village.now.move(seconds=1)
    listed = json.loads(good("outbox", "list", "--json"))
    assert [m["text"] for m in listed] == ["Avis 2", "Avis 1", "Avis 0"]
    assert set(listed[0]) == {"id", "to", "text", "state", "gateway_id", "attempts", "created"}
    assert (listed[0]["to"], listed[0]["state"], listed[0]["attempts"], listed[0]["gateway_id"]) == (
        MOTHER,
        "queued",
        0,
        None,
    )
    assert [m["text"] for m in json.loads(good("outbox", "list", "--json", "--to", "70 00 01 01"))] == [
        "Avis 2",
        "Avis 0",
    ]
    assert json.loads(good("outbox", "list", "--json", "--state", "sent")) == []
    assert len(good("outbox", "list", "--limit", 2).splitlines()) == 2
    assert good("outbox", "list", "--to", "+22370999999") == "no message\n"
    assert json.loads(good("outbox", "list", "--json", "--to", "+22370999999")) == []


def test_a_state_that_is_none_is_refused(village):
    for none in ("7000", "Awa", ""):
        assert refused("outbox", "list", "--to", none).startswith(f"--to {none!r} is not a number: ")
    assert "none of queued" in refused("outbox", "list", "--json", "--state", "lost")
    assert "lost" in refused("surveys", "invitations", "--facility", "1201", "--state", "lost")


def test_sweep_may_run_at_any_time_and_twice(village):
    assert good("outbox", "sweep") == good("outbox", "sweep", "--now") == "nothing was stuck\n"
    with transaction(village.sessions) as db:
        outbox.post(db, village, MOTHER, "Avis", kind="reply", use_by=datetime.now(UTC) - timedelta(minutes=1))
    assert good("outbox", "sweep").splitlines()[-1] == "1 past their use-by"
    assert set(SWEPT) == {field.name for field in fields(outbox.Swept)}


def test_sweep_tells_of_a_gateway_that_does_not_send(village):
    at = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    with transaction(village.sessions) as db:
        db.add(GatewayState(gateway="africastalking", paused_at=at, reason="no balance"))
    told = "africastalking is paused since 2026-03-10 09:30+00:00 (no balance) and is tried by a message"
    assert good("outbox", "sweep") == f"{told} every minute\n"
    assert good("outbox", "sweep", "--now") == f"{told} now\n"


# ---- surveys


def test_invitations_from_a_file(village, tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text(f"numéro,nom\n{MOTHER},Awa\n70 00 01 02;Binta\n\n7000,court\n{MOTHER}\n20221234\n")
    said = good("surveys", "invite", "--facility", "Sotuba", "--numbers-file", file).splitlines()
    assert said[-1] == "2 invited, 2 not"
    assert said[0].startswith("not invited: line 5: '7000': ")
    assert said[1].startswith("not invited: line 7: '20221234': not mobile")
    again = good("surveys", "invite", "--facility", "1201", "--numbers-file", "-", typed=MOTHER).splitlines()
    assert again == [f"not invited: {MOTHER}: already invited this month", "0 invited, 1 not"]


def test_in_the_quiet_hours_the_command_says_when_its_messages_leave(village, monkeypatch):
    now = datetime.now(UTC)  # Bamako's clock is UTC
    hours = QuietHours((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time())
    quiet = replace(village.settings, quiet_hours=hours)
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: quiet))
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [people.behind(db, MOTHER)[0].id])
    invite = ("surveys", "invite", "--facility", "1201", "--numbers-file", "-")
    assert good(*invite, typed=MOTHER) == f"1 invited, 0 not; they leave at {hours.end:%H:%M}\n"
    assert good(*invite, typed=MOTHER).splitlines()[-1] == "0 invited, 1 not"
    sent = good("broadcasts", "send", "--to-group", "Benkadi", "--text", "Bonjour")
    assert sent == f"1 queued, 1 SMS each; they leave at {hours.end:%H:%M}\n"


def test_a_random_draw_can_be_repeated(village):
    def drawn(seed, facility):
        good("surveys", "invite", "--facility", facility, "--random", 5, "--seed", seed)
        with transaction(village.sessions) as db:
            rows = db.scalars(select(Message).where(Message.kind == "invitation")).all()
            numbers = {row.number for row in rows}
            for row in rows:
                db.delete(row)
        return numbers

    first = drawn(7, "CSCom Sotuba")
    assert len(first) == 5
    assert first <= set(MOTHERS)
    assert drawn(7, "1201") == first
    assert drawn(8, "1201") != first


def test_an_invitation_that_came_too_late_is_listed(village, clock):
    late = ("surveys", "invite", "--facility", "1201", "--numbers-file", "-", "--use-by")
    assert (
        refused(*late, "2026-03-01T18:00", typed=MOTHER) == "--use-by '2026-03-01T18:00' is over: nothing would be sent"
    )
    good(*late, "2126-03-01T18:00", typed=MOTHER)
    clock.at = datetime(2126, 3, 1, 18, 1, tzinfo=UTC)
    outbox.sweep(village)
    assert "expired" in good("surveys", "invitations", "--facility", "1201", "--state", "expired")
    assert good("surveys", "invitations", "--facility", "1301") == "no invitation\n"
    with village.sessions() as db:
        [use_by] = db.scalars(select(Message.use_by))
    assert use_by.isoformat() == "2126-03-01T18:00:00+00:00"  # Bamako's clock is UTC


INVITE = ("surveys", "invite", "--facility", "1201")
WRONG = {
    "unknown facility 'Nulle Part' (known: CSCom BAKON, CSCom Boulkassoumbougou": (
        *("surveys", "results", "--facility", "Nulle Part", "--json"),
    ),
    "unknown facility 'x'": ("surveys", "invite", "--facility", "x", "--random", "3", "--seed", "1"),
    "unknown survey 'main'": ("surveys", "results", "--facility", "1201", "--survey", "main"),
    "give --numbers-file or --random": INVITE,
    "--random needs --seed": (*INVITE, "--random", "3"),
    "0 is not in the range": (*INVITE, "--random", "0", "--seed", "1"),
    "--use-by 'soon' is no time": (*INVITE, "--random", "3", "--seed", "1", "--use-by", "soon"),
    "Missing option '--facility'": ("surveys", "results"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_survey_command_that_can_not_be_right_is_refused(village, why):
    assert why in refused(*WRONG[why])
    with village.sessions() as db:
        assert db.scalar(select(func.count()).select_from(Message)) == 0


def test_an_empty_list_of_numbers_invites_nobody_and_says_so(village):
    result = run(*INVITE, "--numbers-file", "-", typed="numéro\n\n")
    assert result.exit_code == 1
    assert "no number to invite" in result.stderr


def test_results_as_json_csv_and_table(village):
    phone = Handset(village)
    for n in range(11):
        phone = Handset(village, MOTHERS[n], phone.client)
        phone.dial()
        phone.key("1", "1", "1", "1", "4", "4", "1", "1" if n else "0")
    said = json.loads(good("surveys", "results", "--facility", "Sotuba", "--json"))
    assert (said["survey"], said["facility"]) == ("satisfaction", "CSCom Sotuba")
    [month] = said["months"]
    assert (month["month"], month["n"]) == ("2026-03", 11)
    assert month["questions"]["wait"] == {"n": 11, "top_two": 100.0}
    assert month["questions"]["again"] == {"n": 10, "top_two": 100.0}
    assert month["composite"] == {"n": 11, "score": 100.0}
    [row] = csv.DictReader(io.StringIO(good("surveys", "results", "--facility", "1201", "--csv")))
    assert (row["facility"], row["month"], row["n"], row["again"], row["again_n"]) == (
        "CSCom Sotuba",
        "2026-03",
        "11",
        "100.0",
        "10",
    )
    table = good("surveys", "results", "--facility", "1201")
    assert "2026-03" in table
    assert "100 (11)" in table
    assert good("surveys", "results", "--facility", "1301") == "CSCom BAKON: no answers yet\n"
    assert json.loads(good("surveys", "results", "--facility", "1301", "--json"))["months"] == []


def test_under_ten_the_results_are_empty_in_every_form(village):
    phone = Handset(village, MOTHER)
    phone.dial()
    phone.key("1", "1", "1", "1", "4", "4", "1", "1")
    [month] = json.loads(good("surveys", "results", "--facility", "1201", "--json"))["months"]
    assert {q["top_two"] for q in month["questions"].values()} == {month["composite"]["score"]} == {None}
    [row] = csv.DictReader(io.StringIO(good("surveys", "results", "--facility", "1201", "--csv")))
    assert (row["respect"], row["respect_n"], row["composite"]) == ("", "1", "")
    assert "- (1)" in good("surveys", "results", "--facility", "1201")


# ---- flows


def test_this_release_is_sound(village):
    assert "flows are sound" in good("flows", "check", "--files")
    new = len(village.flows.live)
    assert good("flows", "sync").splitlines()[-1] == f"{new} new of {new} flows"
    assert good("flows", "sync") == f"0 new of {new} flows\n"
    assert "flows are sound" in good("flows", "check")


BROKEN = {
    "no effect is called no.such": ("effects: [surveys.record]", "effects: [no.such]"),
    "no fact is called weather": ("needs: [", "needs: [weather, "),
    "text thanks2 is missing": ("end: thanks", "end: thanks2"),
    "is not known here": ("end: thanks", "end: thanks\n    music: loud"),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_release_that_lacks_something_is_refused(village, tmp_path, monkeypatch, why):
    old, new = BROKEN[why]
    for path in catalogue.FOLDER.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(
            text.replace(old, new) if path.stem == "satisfaction" else text, encoding="utf-8"
        )
    monkeypatch.setattr(catalogue.Catalogue.load.__func__, "__defaults__", (tmp_path,))
    result = run("flows", "check", "--files")
    assert result.exit_code == 1
    assert why in result.stderr


STORED = {
    "is not stored: run `flask flows sync`": None,
    "no effect is called old.effect": {"flow": "old", "nodes": [{"end": "bye", "effects": ["old.effect"]}]},
    "no fact is called old_fact": {"flow": "old", "needs": ["old_fact"], "nodes": [{"end": "bye"}]},
    "can not be read by this release: old.bye: `music` is not known": {
        "flow": "old",
        "nodes": [{"end": "bye", "music": "x"}],
    },
}


@pytest.mark.parametrize("why", STORED)
def test_a_release_is_refused_for_what_an_open_conversation_needs(village, why):
    with transaction(village.sessions) as db:
        state = [{"flow": "main@1", "run": "r.1"}, {"flow": "old@1", "run": "r.2"}]
        db.add(Conversation(number=MOTHER, state=state, turn=1, channel="ussd", heard_at=village.now()))
        main = village.flows.live["main"].stored()
        db.add(FlowRevision(id="main@1", name="main", stored=main, synced_at=village.now()))
        if source := STORED[why]:
            stored = {"source": source, "texts": {}, "default_language": "fr"}
            db.add(FlowRevision(id="old@1", name="old", stored=stored, synced_at=village.now()))
    result = run("flows", "check")
    assert result.exit_code == 1
    assert "old@1 is under somebody's thumb" in result.stderr
    assert why in result.stderr
    with transaction(village.sessions) as db:
        db.get(Conversation, MOTHER).state = None
    assert "flows are sound" in good("flows", "check")


def test_conversations_that_are_pinned_go_on_after_a_sync(village):
    conversations.sync(village)
    phone = Handset(village, MOTHER)
    phone.dial()
    phone.key("1", "1")
    assert "flows are sound" in good("flows", "check")


# ---- demonstration, schema


def made(rt):
    with rt.sessions() as db:
        rows = db.execute(select(Response.id, Response.month, Response.score).order_by(Response.id)).all()
        return rows, db.scalars(select(Person.name).order_by(Person.id)).all()


def test_the_demonstration_is_that_of_the_contract_and_the_same_from_the_same_seed(rt, demo_rt, monkeypatch):
    monkeypatch.setattr(common, "build", lambda *told, **more: build(*told, **more).at(demo_rt.now()))
    said = good("demo", "load", "--yes")
    assert "18 places" in said
    assert "in this database already" in refused("demo", "load", "--yes")
    assert good("demo", "load", "--yes", "--if-empty") == ""
    with rt.sessions() as db:
        named = {
            number: people.behind(db, number)[0]
            for number in (
                "+22370000101",
                "+22370000102",
                "+22370000120",
                "+22370000201",
                "+22370000222",
                "+22370000302",
            )
        }
        months = db.scalar(select(func.count(func.distinct(Response.month))))
        benkadi = people.members(db, "Benkadi")
        served = db.scalars(select(Number.number)).all()
    assert [p.language for p in named.values()][:2] == ["fr", "bm"]
    assert [p.facility for p in named.values()] == ["CSCom Sotuba"] * 5 + ["CSCom Kadiolo Central"]
    assert [p.roles for p in named.values()] == [("mother",)] * 3 + [("treasurer",), ("member",), ("asc",)]
    assert months == 12
    assert len(benkadi) == 13
    assert {f"+223700003{n:02}" for n in range(1, 31)} <= set(served)
    results = json.loads(good("surveys", "results", "--facility", "CSCom Sotuba", "--json"))
    assert all(month["composite"]["score"] for month in results["months"])
    assert made(rt) == made(demo_rt)


def test_the_demonstration_never_loads_by_itself_where_people_are_served(rt, monkeypatch):
    served = replace(rt.settings, demo=False)
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: served))
    assert "demo load --yes" in refused("demo", "load")
    with rt.sessions() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == 0


def test_the_schema_is_brought_up(rt):
    assert good("db", "upgrade").startswith("database at 0")
    assert "nonsense" in refused("db", "downgrade", "nonsense")
