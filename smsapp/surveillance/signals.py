"""Signals: what rules raise from cases, once for each rule and place and episode.

An episode is a run of days on which the rule was met in a place, none of them more than the rule's `silence` apart. It
has one key from its first day on. Reports that come late can move that first day, or join two episodes into one; who
gives the signals that are `known` already gets them back with the key under which they were raised.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from smsapp.surveillance.cases import Case, Population
from smsapp.surveillance.clusters import Cluster, clusters
from smsapp.surveillance.hits import hits
from smsapp.surveillance.met import Days, Hit
from smsapp.surveillance.rules import KM, Rule

Populations = Mapping[int, Sequence[Population]]
Since = date | Mapping[int, date]  # the first day on which anybody reported; or by place


@dataclass(frozen=True)
class Signal:
    """A rule that was met: first on `day`, and for the last time so far on `last`.

    `place` is that of the rule's area, in a cluster by kilometres the village of its first case. `numbers` are those of
    the first day: what it rests on. `cases` are the reports that belong to it, later ones too.
    """

    key: str
    rule: str
    disease: str
    level: str
    area: str
    place: int | None
    day: date
    last: date
    numbers: Mapping[str, Any]
    cases: tuple[int, ...]


def raised(
    rule: Rule,
    cases: Iterable[Case],
    populations: Populations,
    today: date,
    known: Iterable[Signal] = (),
    since: Since | None = None,
    news: int | None = None,
) -> list[Signal]:
    """The signals of this rule whose episode is not over today.

    `since` is the first day on which anybody reported, or that by place; without it, that of the first case there is.
    `news` is a case of which something is known only now, such as a laboratory's result: its episode is told however
    old it is.
    """
    found = _episodes(rule, cases, populations, today, since)
    earlier = [signal for signal in known if signal.rule == rule.key]
    fresh = [one for one in found if (today - one.last).days <= rule.silence or news in one.cases]
    return [_known(rule, signal, earlier) for signal in fresh]


def replay(
    rule: Rule,
    cases: Iterable[Case],
    populations: Populations,
    first: date,
    last: date,
    since: Since | None = None,
) -> list[Signal]:
    """What this rule would have raised from the first to the last day.

    Clusters by kilometres are seen as they are at the end: two that grew together count once, with the first one's day.
    """
    return [signal for signal in _episodes(rule, cases, populations, last, since) if signal.day >= first]


def _known(rule: Rule, signal: Signal, earlier: Iterable[Signal]) -> Signal:
    """The signal with the key under which its episode was raised before, if it was."""
    same = [one for one in earlier if _same(rule, signal, one)]
    return replace(signal, key=min(same, key=lambda one: (one.day, one.key)).key) if same else signal


def _same(rule: Rule, a: Signal, b: Signal) -> bool:
    if a.area != b.area:  # the rule was changed meanwhile: a district is no village
        return False
    apart = max(a.day - b.last, b.day - a.last)
    return not set(a.cases).isdisjoint(b.cases) or (a.place == b.place and apart.days <= rule.silence)


def _episodes(
    rule: Rule, cases: Iterable[Case], populations: Populations, last: date, since: Since | None
) -> list[Signal]:
    """Every episode up to a day, by the day on which it began."""
    seen = [case for case in cases if case.day <= last]
    begin = since or min((case.day for case in seen), default=last)
    counted = [case for case in seen if case.disease == rule.disease and case.facts.issuperset(rule.only)]
    found = _near(rule, counted) if rule.within == KM else _placed(rule, counted, populations, last, begin)
    return sorted(found, key=lambda signal: (signal.day, signal.place or 0, signal.key))


def _placed(rule: Rule, cases: Iterable[Case], populations: Populations, last: date, since: Since) -> Iterator[Signal]:
    """Episodes in villages, facilities or districts."""
    places: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        if (place := case.place(rule.within)) is not None:
            places[place].append(case)
    for place, own in places.items():
        days, first = Days(own), since.get(place, last) if isinstance(since, Mapping) else since
        for episode in _parted(rule, list(hits(rule, days, populations.get(place, ()), first, last))):
            begun, ended = episode[0], episode[-1].day
            ids = days.ids(begun.since, ended + timedelta(days=rule.silence))
            yield _signal(rule, place, begun.day, ended, begun.numbers, ids)


def _parted(rule: Rule, met: Sequence[Hit]) -> list[list[Hit]]:
    """The days on which a rule was met, a list for each episode."""
    episodes = [[hit] for hit in met[:1]]
    for before, hit in pairwise(met):
        if (hit.day - before.day).days <= rule.silence:
            episodes[-1].append(hit)
        else:
            episodes.append([hit])
    return episodes


def _near(rule: Rule, cases: Iterable[Case]) -> Iterator[Signal]:
    """Episodes of clusters by kilometres: clusters that are large enough, and those that follow them closely."""
    large = [one for one in clusters(cases, rule.km, rule.days) if one.count >= rule.cases]
    together = (case for one in large for case in one.cases)
    for episode in clusters(together, rule.km, max(rule.days, rule.silence + 1)):
        first = _first(rule, episode)
        numbers = {"cases": first.count, "days": rule.days, "km": rule.km, "threshold": rule.cases}
        place = next((case.village for case in first.cases if case.village is not None), None)
        yield _signal(rule, place, first.last, episode.last, numbers, tuple(case.id for case in episode.cases))


def _first(rule: Rule, episode: Cluster) -> Cluster:
    """The first cluster of an episode that was large enough, as it was on the day on which it became so."""
    days = sorted({case.day for case in episode.cases})

    def large(day: date) -> list[Cluster]:
        seen = clusters((case for case in episode.cases if case.day <= day), rule.km, rule.days)
        return [one for one in seen if one.count >= rule.cases]

    # What is large enough stays so as cases come to it.
    return large(days[bisect_left(days, True, key=lambda day: bool(large(day)))])[0]


def _signal(
    rule: Rule, place: int | None, day: date, last: date, numbers: Mapping[str, Any], ids: tuple[int, ...]
) -> Signal:
    where = f"case-{ids[0]}" if place is None else place
    key = f"{rule.key}/{where}/{day.isoformat()}"
    return Signal(key, rule.key, rule.disease, rule.level, rule.within, place, day, last, numbers, ids)
