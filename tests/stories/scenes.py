"""What has happened before a story begins: a centre of its own, its workers, a mother, and what she was asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance import recording, reporters, reports
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Report
from smsapp.surveillance.tables import Reporter
from smsapp.vaccines import registering
from smsapp.vaccines.families import File, reads
from smsapp.vaccines.promises import Contact, Reminder
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.tables import Child, Pregnancy
from tests.village import enrol

MOTHER, SECOND, THIRD = "+22370009801", "+22370009802", "+22370009803"
ASC, MIDWIFE, ASC_2, HEAD = "+22370009811", "+22370009812", "+22370009813", "+22370009814"
SIX_WEEKS = ["OPV1", "PENTA1", "PCV1", "ROTA1"]
NOBODY_DID = {"by": None, "channel": "console"}

PLACES = text("""
    WITH centre AS (
        INSERT INTO places (kind, name, parent_id) SELECT 'facility', 'CSCom Kalabambougou', id FROM places
        WHERE name = 'Commune I' RETURNING id
    ), village AS (
        INSERT INTO places (kind, name, parent_id) SELECT 'village', 'Sébénikoro', id FROM centre RETURNING id
    )
    SELECT centre.id, village.id, setval('care_numbers', 5000) FROM centre, village
""")


class Scene:
    """One centre with one village; codes begin with 5001."""

    def __init__(self, rt: Runtime, db: Session, language: str) -> None:
        self.rt, self.db, self.language, self.today = rt, db, language, rt.local_now().date()
        self.centre, self.village, _ = db.execute(PLACES).one()
        asc = (ASC, "Moussa Keita", "asc", [self.village])
        *_, self.mother = self.persons(asc, (MIDWIFE, "Mariam Diarra", "midwife"), (MOTHER, "Awa Diallo", "mother"))

    def persons(self, *told: tuple[str, str, str] | tuple[str, str, str, list[int]]) -> list[int]:
        """Number, name and role of each, and of a worker her villages."""
        of_all = {"language": self.language, "facility_id": self.centre}
        columns = ("number", "name", "role", "posts")
        return enrol(self.db, self.rt.now(), [of_all | dict(zip(columns, one, strict=False)) for one in told])

    def child(self, days: int, name: str, sex: str, mother: int = 0) -> Child:
        told = {"sex": sex, "name": name, "village_id": self.village}
        born = Born(self.today - timedelta(days=days), self.centre, mother or self.mother, **told)
        return registering.child(self.db, self.rt, born, key=f"scene:{name}", **NOBODY_DID)

    def pregnancy(self, weeks: int, mother: int = 0) -> Pregnancy:
        last_period = self.today - timedelta(weeks=weeks)
        told = Expected(mother or self.mother, self.centre, last_period=last_period, village_id=self.village)
        made = registering.pregnancy(self.db, self.rt, told, key=f"scene:{weeks}", **NOBODY_DID)
        made.registered_on = self.today - timedelta(weeks=20)
        return made

    def asked(self, subject: str, key: str, *files: File, day: date, doses: list[str] | None = None) -> None:
        words = self.rt.texts.say(
            self.language, f"care.remind.{key}", centre="CSCom Kalabambougou", day=f"{day:%d/%m}", village="", name=""
        )
        sent = outbox.post(self.db, self.rt, MOTHER, words, kind="reminder", key="scene:asked")
        for file in files:
            whose = {"child_id" if isinstance(file, Child) else "pregnancy_id": file.id}
            told = {"subject": subject, "due_on": day, "step": 0, "day": day, "doses": doses or []}
            how = {"person_id": reads(file), "number": MOTHER, "planned_for": self.today, "message_id": sent.id}
            self.db.add(Reminder(**whose, **told, **how, facility_id=self.centre))

    def place(self, kind: str, name: str, above: int) -> int:
        place = Place(kind=kind, name=name, parent_id=above)
        self.db.add(place)
        self.db.flush()
        return place.id


def visit(scene: Scene) -> None:
    """One text about two children."""
    day = scene.today + timedelta(days=2)
    children = scene.child(49, "Fanta", "F"), scene.child(45, "Ali", "M")
    scene.asked("vaccines", "visit.centre", *children, day=day, doses=SIX_WEEKS)


def birth(scene: Scene) -> None:
    scene.asked("born", "born", scene.pregnancy(41), day=scene.today - timedelta(days=7))


def check_in(scene: Scene) -> None:
    scene.asked("check_in", "check_in", scene.child(100, "Fanta", "F"), day=scene.today)


def child(scene: Scene) -> None:
    scene.child(49, "Fanta", "F")
    scene.pregnancy(21)


def elder(scene: Scene) -> None:
    """A child of hers who is more than a year old."""
    scene.child(400, "Fanta", "F")


def cases(scene: Scene) -> None:
    """A head, and a second worker who has two villages; the first one's code is 4821. Numbers begin with 50001."""
    scene.db.execute(text("SELECT setval('case_numbers', 50000)"))
    further = scene.place("village", "Sikoroni", scene.centre)
    scene.persons((HEAD, "Docteur Sangaré", "dtc"), (ASC_2, "Sira Koné", "asc", [scene.village, further]))
    [asc] = people.behind(scene.db, ASC)
    scene.db.add(Reporter(person_id=asc.id, code="4821"))


def alerts(scene: Scene) -> None:
    """Measles since three hours and cholera since now, of the two workers: alerts 9002 and 9004."""
    cases(scene)
    scene.db.execute(text("SELECT setval('case_numbers', 9000)"))
    diseases, before = of_country(scene.rt.settings.country), scene.rt.now() - timedelta(hours=3)
    earlier = replace(scene.rt, now=lambda: before)
    for rt, phone, words in ((earlier, ASC, "CAS ROUGEOLE F 3"), (scene.rt, ASC_2, "CAS CHOLERA M 20")):
        said = reports.parse(words, diseases, "fr", scene.today)
        assert isinstance(said, Report)
        who = reporters.of_number(scene.db, phone)
        recording.record(scene.db, rt, said, who, phone=phone, channel="sms", village_id=scene.village)


def silent(scene: Scene) -> None:
    """The workers have been there since January, and nobody has reported."""
    cases(scene)
    scene.db.execute(
        update(Person).where(Person.facility_id == scene.centre).values(created_at=scene.rt.now() - timedelta(days=64))
    )


def families(scene: Scene) -> None:
    """Three families: one never met, one met three weeks ago, one last week."""
    scene.child(49, "Fanta", "F")
    for number, name, days in ((SECOND, "Kadia Traoré", 21), (THIRD, "Nana Touré", 7)):
        [mother] = scene.persons((number, name, "mother"))
        scene.child(days + 60, name, "F", mother)
        told = {"facility_id": scene.centre, "village_id": scene.village, "visited": True, "well": True}
        [asc] = people.behind(scene.db, ASC)
        on = scene.today - timedelta(days=days)
        scene.db.add(Contact(mother_id=mother, on=on, worker_id=asc.id, key=f"scene:{number}", **told))


def shared(scene: Scene) -> None:
    """One text to two families that share a phone."""
    now = scene.rt.now()
    nana = Person(name="Nana Touré", language=scene.language, facility_id=scene.centre, created_at=now)
    scene.db.add(nana)
    scene.db.flush()
    scene.db.add(Number(number=MOTHER, person_id=nana.id, main=False, since=now))
    scene.db.flush()
    children = scene.child(49, "Fanta", "F"), scene.child(45, "Ali", "M", nana.id)
    scene.asked("vaccines", "visit.centre", *children, day=scene.today + timedelta(days=2), doses=SIX_WEEKS)


SCENES: dict[str, Callable[[Scene], None]] = {
    "visit": visit,
    "birth": birth,
    "check_in": check_in,
    "child": child,
    "elder": elder,
    "families": families,
    "cases": cases,
    "alerts": alerts,
    "silent": silent,
    "shared": shared,
}


SPEAK = text("""
    WITH phones AS (
        INSERT INTO phones (number, language) SELECT unnest(CAST(:numbers AS text[])), :language
        ON CONFLICT (number) DO UPDATE SET language = excluded.language
    ), alone AS (
        SELECT min(person_id) AS id FROM person_numbers WHERE number = ANY (CAST(:numbers AS text[]))
        GROUP BY number HAVING count(*) = 1
    )
    UPDATE persons SET language = :language FROM alone WHERE persons.id = alone.id
""")


def speak(rt: Runtime, numbers: Collection[str], language: str) -> None:
    """As if each phone had chosen its language (`people.choose_language`): all of a story in one statement."""
    with transaction(rt.sessions) as db:
        db.execute(SPEAK, {"numbers": sorted(numbers), "language": language})


def play(name: str, rt: Runtime, language: str | None, lasts: timedelta) -> None:
    """In the days that a story `lasts` nobody else of the demonstration is reminded."""
    with transaction(rt.sessions) as db:
        for table in (Child, Pregnancy) if lasts.days else ():
            db.execute(update(table).where(table.look_on <= rt.local_now().date() + lasts).values(look_on=None))
        SCENES[name](Scene(rt, db, language or rt.settings.language))
