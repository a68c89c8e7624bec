"""Laws of the reminders, whatever is given, closed or left out, and on whatever days the run takes place."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.vaccines.antenatal import before_birth, of_country
from smsapp.vaccines.clinic import Calendar, Held
from smsapp.vaccines.families import Reader
from smsapp.vaccines.planning import Child, plan
from smsapp.vaccines.reminding import occasions
from smsapp.vaccines.reminding.merging import Due, merged
from smsapp.vaccines.reminding.occasions import Kept
from smsapp.vaccines.reminding.steps import sort_out, steps
from smsapp.vaccines.schedule import of_country as schedule_of

MALI, CARE = schedule_of("ML"), of_country("ML")
BORN = date(2026, 1, 15)
SINCE = st.integers(0, 250)
READER = Reader(1, "Awa", "+22370000101", "fr", None, False, False)

rules = st.lists(
    st.builds(
        Held,
        service=st.just("vaccines"),
        village_id=st.sampled_from([None, None, 5]),
        weekday=st.integers(0, 6),
        nth=st.sampled_from([None, None, 1, 3]),
    ),
    max_size=3,
)
closed = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 20)), max_size=3).map(
    lambda some: [(BORN + timedelta(days=a), BORN + timedelta(days=a + n)) for a, n in some]
)
calendars = st.builds(Calendar, rules, closed)
# What happens from one run to the next: days that pass, a new calendar or none, and which doses are given.
turns = st.lists(
    st.tuples(st.integers(0, 12), st.none() | calendars, st.sets(st.integers(0, 7), max_size=4)),
    min_size=5,
    max_size=25,
)


class Life:
    """A child's file, from run to run."""

    def __init__(self, since: date, file_id: int) -> None:
        self.since = self.known = self.looked = since
        self.file_id = file_id
        self.had: set = set()
        self.given: dict = {}
        self.told: list = []
        self.not_told: list = []

    def plan(self, today):
        return plan(MALI, Child(BORN), self.given, today)

    def give(self, places, today):
        open_ones = [dose.code for dose in self.plan(today).open]
        for code in (open_ones[n] for n in places if n < len(open_ones)):
            self.given.setdefault(code, []).append(today)
            self.known = self.looked = today

    def due(self, calendar, today):
        kept = Kept(self.since, self.known, min(self.looked, today))
        every = [
            *occasions.of_child(MALI, self.plan(today), BORN, kept, (), ()),
            *occasions.how_she_is(CARE.contacts, BORN, kept, today),
        ]
        found = sort_out([s for one in every for s in steps(one, calendar, 5, self.known)], self.had, today)
        assert all(step.day < today for step in found.past)
        assert found.next_on is None or found.next_on > today
        self.looked = found.next_on or date.max
        self.not_told += [(today, step) for step in found.past]
        self.had |= {step.key for step in (*found.past, *found.now)}
        return [Due(True, self.file_id, "", 1, 5, step, READER) for step in found.now]


def run(lives, calendar, today):
    due = [one for life in lives for one in life.due(calendar, today)]
    if not due:
        return
    words = merged(due)
    assert Counter(map(id, [*words.of, *words.left])) == Counter(map(id, due))
    assert len({(one.step.names, one.facility_id) for one in words.of}) == 1
    for one in due:
        life = lives[one.file_id]
        (life.told if one in words.of else life.not_told).append((today, one.step))


@given(calendars, turns, st.lists(SINCE, min_size=1, max_size=2))
@settings(max_examples=20)
def test_each_step_once_on_its_day_and_of_nothing_that_was_given(calendar, told, begun):
    lives = [Life(BORN + timedelta(days=n), place) for place, n in enumerate(begun)]
    today = BORN + timedelta(days=max(begun))
    for passed, other, places in told:
        today += timedelta(days=passed)
        calendar = other or calendar
        lives[0].give(places, today)
        before = [len(life.told) for life in lives]
        for _ in range(2):  # a second run of the day finds nothing
            run(lives, calendar, today)
        for life, count in zip(lives, before, strict=True):
            valid = {code for code, dose in life.plan(today).doses.items() if dose.valid}
            for day, step in life.told[count:]:
                assert day == step.day == today > life.known
                assert not valid & set(step.about.doses)
                assert step.names >= max(today, step.about.day if step.about.service else today)
                assert step.about.subject == "check_in" or calendar.held(step.names, "vaccines", 5) or calendar.rules
    for life in lives:
        keys = Counter(step.key for _, step in (*life.told, *life.not_told))
        assert not keys or max(keys.values()) == 1
        assert all(day > life.since for day, _ in life.told)
    # One text a day for a number: whatever was told that day was told by the same words.
    days = {day: {step.names for life in lives for on, step in life.told if on == day} for day, _ in lives[0].told}
    assert all(len(named) == 1 for named in days.values())


@given(calendars, SINCE, st.integers(1, 40))
@settings(max_examples=30)
def test_with_a_run_a_day_every_visit_has_its_steps_on_their_days(calendar, begun, count):
    life = Life(BORN + timedelta(days=begun), 0)
    for n in range(count):
        run([life], calendar, life.since + timedelta(days=n))
    assert all(day == step.day for day, step in life.not_told)  # left for another text of that day, never missed
    by_visit: dict = {}
    for day, step in sorted([*life.told, *life.not_told], key=lambda each: each[0]):
        by_visit.setdefault((step.about.subject, step.about.due_on), []).append((step.step, day))
    for some in by_visit.values():
        assert [step for step, _ in some] == sorted(step for step, _ in some)
        [*after] = [day - timedelta(days=step) for step, day in some if step >= 0]
        assert len(set(after)) <= 1


@given(calendars, calendars, SINCE, st.integers(0, 300))
@settings(max_examples=30)
def test_a_new_calendar_repeats_no_step_and_tells_none_before_its_day(one, other, begun, passed):
    since = BORN + timedelta(days=begun)
    today = since + timedelta(days=passed)
    kept = Kept(since, since, since)
    found = occasions.of_child(MALI, plan(MALI, Child(BORN), {}, today), BORN, kept, (), ())
    first = [step for visit in found for step in steps(visit, one, 5, since)]
    had = {step.key for step in first if step.day <= today}
    after = sort_out([step for visit in found for step in steps(visit, other, 5, since)], had, today)
    assert not had & {step.key for step in (*after.past, *after.now)}
    assert all(step.day == today for step in after.now)


@given(calendars, SINCE, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 14)), min_size=1, max_size=4))
@settings(max_examples=30)
def test_a_day_that_she_promised_is_told_of_once_and_no_step_twice(calendar, begun, answers):
    since = today = BORN + timedelta(days=begun)
    visit = next(
        iter(occasions.of_child(MALI, plan(MALI, Child(BORN), {}, today), BORN, Kept(since, since, since), (), ()))
    )
    had: set = set()
    told: list = []
    chosen: dict = {}
    turns = {since + timedelta(days=sum(n for n, _ in answers[: k + 1])): ahead for k, (_, ahead) in enumerate(answers)}
    for n in range(220):
        today = since + timedelta(days=n)
        one = visit._replace(promised=max(chosen.values(), default=None))
        found = sort_out(steps(one, calendar, 5, since), had, today)
        assert all(step.day < today for step in found.past)
        had |= {step.key for step in (*found.past, *found.now)}
        told += [(today, step) for step in found.now]
        if today in turns and told:  # she can not come, and takes a later clinic day
            chosen[today] = calendar.next_day(
                max(today, *chosen.values(), visit.due_on) + timedelta(days=turns[today]), "vaccines", 5
            )
    assert max(Counter(step.key for _, step in told).values(), default=1) == 1
    assert max(Counter(day for day, _ in told).values(), default=1) == 1
    if chosen:
        last = max(chosen.values())
        assert [day for day, step in told if step.names == last == day], (last, told)
        assert not [day for day, _ in told if max(chosen) < day < last], "not before the day that she chose"


@given(st.integers(-20, 279), st.sampled_from([4, 8]), st.lists(st.integers(0, 290), max_size=8))
def test_a_pregnancy_is_told_of_no_visit_that_took_place_or_is_over(days, count, attended):
    due_on = BORN + timedelta(days=280)
    since = BORN + timedelta(days=max(0, days))
    went = [BORN + timedelta(days=n) for n in attended]
    found = occasions.before(CARE, count, due_on, Kept(since, since, since), went, ())
    every = [step for one in found for step in steps(one, Calendar(), None, since)]
    taken = {visit.closes for visit in before_birth(CARE, count, due_on) if visit.taken(went)}
    ways = [step for step in every if step.about.service]
    assert not taken & {step.about.last for step in ways}
    assert all(since < step.day <= step.about.last for step in ways)
    assert len({step.key for step in every}) == len(every)
    assert Counter(step.about.subject for step in every)["born"] == 1
