"""Sixty days of an outbreak, from the first case to the last answer, kept as a story."""

from __future__ import annotations

from pathlib import Path

from tests.outbreak import Outbreak

STORY = Path(__file__).parent.parent / "stories" / "outbreak.txt"


def test_an_outbreak_is_told_as_its_story_has_it(live_rt, request):
    told = Outbreak(live_rt).run()
    story = "\n".join(told.lines) + "\n"
    if request.config.getoption("--update"):
        STORY.write_text(story, encoding="utf-8")
    assert told.wrong == []
    dead = next(place for place, line in enumerate(told.lines) if "(éteint) : ALERTE" in line)
    assert any("du district : Sans réponse depuis 2 h. ALERTE" in line for line in told.lines[dead:])
    assert story.splitlines() == STORY.read_text(encoding="utf-8").splitlines()
