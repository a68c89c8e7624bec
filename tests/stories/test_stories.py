"""Golden conversations, replayed through the real webhooks on real rows. `pytest --update` rewrites what is seen."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from smsapp import conversations, simulate
from smsapp.phones import may_send_to
from smsapp.segments import fits_ussd
from smsapp.vaccines import reminding
from tests.handset import STRANGER, Handset, web
from tests.stories import scenes

FOLDER = Path(__file__).parent
STORIES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
STEPS = {"dial", "key", "sms", "drop", "wait", "phone"}  # the last: somebody else takes hers up


@pytest.mark.parametrize("name", STORIES)
def test_story(name, demo_rt, clock, request):
    path = FOLDER / f"{name}.yaml"
    written = path.read_text(encoding="utf-8")
    story = yaml.load(written, yaml.CSafeLoader)
    number, language = story.get("number", STRANGER), story.get("language")
    numbers = [number, *(step["phone"] for step in story["steps"] if "phone" in step)]
    if "scene" in story:
        lasts = sum((_span(step["wait"]) for step in story["steps"] if "wait" in step), timedelta())
        scenes.play(story["scene"], demo_rt, language, lasts)
    assert all(may_send_to(each, {demo_rt.settings.country}) for each in numbers)
    if language:
        scenes.speak(demo_rt, set(numbers), language)
    told = tell(demo_rt, clock, number, story["steps"], reminded="scene" in story)
    if request.config.getoption("--update"):
        head = re.match("(?:#.*\n)*(?:scene: .*\n)?", written)[0]
        path.write_text(head + simulate.story(number, language, told), encoding="utf-8")
        return
    assert told == story["steps"]


def tell(rt, clock, number, steps, reminded=False) -> list[dict[str, Any]]:
    """The steps as they were written, with what was truly seen; `reminded`, after days the reminders run."""
    client = web(rt)
    phone = Handset(rt, number, client)
    told, talking, marks = [], False, {}
    for step in steps:
        [kind] = STEPS & set(step)
        done = {kind: step[kind]}
        if kind == "dial" or kind == "key":
            assert kind == "dial" or talking, "nobody types where no session is open"
            screen, end = phone.dial(step[kind]) if kind == "dial" else phone.key(step[kind])
            assert fits_ussd(screen)
            done["see"], talking = screen, not end
            if end:
                done["end"] = True
        elif kind == "drop":
            talking = False
        else:
            if kind == "phone":
                phone, talking = Handset(rt, step["phone"], client), False
            if kind == "wait":
                clock.at += _span(step["wait"])
                conversations.nudge(rt)
                conversations.tidy(rt)
                if reminded and step["wait"].endswith("days"):
                    reminding.remind(rt)
            if kind == "sms":
                phone.text(step["sms"])
                conversations.hear_waiting(rt)
            if came := _read(phone, marks):
                done["see"] = "\n".join(came)
        told.append(done)
    return told


def _read(phone: Handset, marks: dict[str, int]) -> list[str]:
    """What came to this phone since it was read last, whoever spoke meanwhile."""
    phone.arrived()
    [gateway] = phone.rt.gateways.values()
    new, marks[phone.number] = gateway.sent[marks.get(phone.number, 0) :], len(gateway.sent)
    return [words for number, words in new if number == phone.number]


def _span(words: str) -> timedelta:
    count, unit = re.fullmatch(r"(\d+) (minutes|hours|days)", words).groups()
    return timedelta(**{unit: int(count)})
