"""Flows for tests: small ones written where they are used, played on the engine with given facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import yaml

from smsapp.effects import FACTS
from smsapp.flows import engine, render
from smsapp.flows.catalogue import Catalogue
from smsapp.flows.loader import compile_flow
from smsapp.flows.nodes import Flow
from smsapp.flows.state import Moment, State, Step
from smsapp.i18n import Texts

TODAY = date(2026, 3, 10)
TEXTS = Texts.load(("fr", "bm", "en"))
LIVE = Catalogue.load(TEXTS)

PLACES = {
    "posters": [{"name": "1201", "label": "CSCom Sotuba"}, {"name": "1301", "label": "CSCom BAKON"}],
    "regions": [{"name": "1", "label": "Bamako"}, {"name": "2", "label": "Sikasso"}],
    "districts": [
        {"name": "3", "label": "Commune I", "parent": "1"},
        {"name": "4", "label": "Commune III", "parent": "1"},
        {"name": "5", "label": "Kadiolo", "parent": "2"},
    ],
    "centres": [
        {"name": "1201", "label": "CSCom Sotuba", "parent": "3"},
        {"name": "1301", "label": "CSCom BAKON", "parent": "4"},
    ],
    "languages": [{"name": code, "label": code} for code in ("fr", "bm", "en")],
    "short_code": "36223",
    "roles": "",
}
NOTHING: dict[str, Any] = dict.fromkeys(FACTS, "")  # of what no domain knows about this caller
STRANGER: dict[str, Any] = {**NOTHING, **PLACES, "facility": "", "facility_id": 0}
KNOWN: dict[str, Any] = {**NOTHING, **PLACES, "facility": "CSCom Sotuba", "facility_id": 7}


def flow(source: str, texts: str = "") -> Flow:
    """A flow from YAML; what has no text is shown by its key."""
    plain = yaml.load(source, Loader=yaml.BaseLoader)
    words = yaml.safe_load(texts) or {}
    keys = [n[k] for n in plain.get("nodes", []) for k in ("ask", "say", "end") if k in n]
    return compile_flow(plain, {"fr": {key: key for key in keys} | words}, "fr")


def _menu(name: str) -> Flow:
    return flow("{flow: main, kind: menu, entries: [{goto: " + name + "}]}", "{title: Menu}")


def moment(language: str = "fr", run: str = "run") -> Moment:
    return Moment(TODAY, "ML", language, run)


def words(language: str) -> render.Words:
    return lambda key: TEXTS.say(language, key)


class Player:
    """One conversation on the engine: remembers the last step, and every effect that was asked for."""

    def __init__(self, *flows: Flow, facts: Mapping[str, Any] = STRANGER, language: str = "fr") -> None:
        self.flows = Catalogue.of([_menu(flows[0].name), *flows]) if flows else LIVE
        self.facts, self.language = facts, language
        self.effects: list[Any] = []
        self.runs = 0

    def begin(self, name: str = "main", *coded: str) -> Step:
        return self._keep(engine.begin(self.flows, name, self.facts, self._moment(), coded))

    def say(self, *texts: str) -> Step:
        for text in texts:
            last = self._keep(engine.advance(self.flows, self.state, text, self.facts, self._moment()))
        return last

    def show(self) -> Step:
        return engine.show(self.flows, self.state, self.facts, self._moment())

    @property
    def seen(self) -> str:
        return render.ussd(self.step.screen, self.language, words(self.language))

    @property
    def at(self) -> str:
        return self.step.screen.at

    @property
    def answers(self) -> Mapping[str, Any]:
        return self.state.top.answers

    def _moment(self) -> Moment:
        self.runs += 1
        return moment(self.language, f"run{self.runs}")

    def _keep(self, step: Step) -> Step:
        """As a conversation does: the state goes through JSON, the number of pages that were shown with it.

        A menu behind effects is shown anew once they have run.
        """
        self.effects += step.effects
        if step.state is not None and step.effects and step.screen.flow.kind == "menu":
            anew = engine.show(self.flows, step.state, self.facts, self._moment())
            step = replace(anew, screen=replace(anew.screen, lead=step.screen.lead), effects=step.effects)
        self.step = step
        if step.state is not None:
            _, pages = render.ussd_page(step.screen, self.language, words(self.language))
            self.state = State.from_json(step.state.to_json())
            self.state = self.state.with_top(self.state.top.__class__(**{**vars(self.state.top), "pages": pages}))
        return step
