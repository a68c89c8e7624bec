"""Is a set of flows fit to go out: every text there, every screen within its channel, every name known?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from smsapp.conversations import lacking
from smsapp.flows import render
from smsapp.flows.catalogue import Catalogue, needed_texts
from smsapp.flows.nodes import Ask, End, Flow
from smsapp.flows.state import Option, Screen
from smsapp.i18n import Texts, fields
from smsapp.segments import count, fits_ussd, fold
from smsapp.words import keywords, vocabulary

PAGES = 3  # a screen of more pages than this is read by nobody
PARTS = 2  # likewise a question by SMS

# Texts in which a language names itself: that of another one would be wrong.
OF_ITS_OWN = ("language_set", "language.done")

# Scripts and people tell a refusal by these words: no other text may use them.
REFUSAL = re.compile(r"format|inconnu|invalide|incorrect|refus|erreur|unknown|invalid|error", re.IGNORECASE)


def problems(catalogue: Catalogue, texts: Texts) -> list[str]:
    """Why these flows must not go out, one sentence each."""
    found = _clashing_keywords(catalogue)
    for language in texts.languages:
        lacking_texts = [key for key in OF_ITS_OWN if not texts.catalogues[language].get(key)]
        found += [f"{language}: text {key} is missing, which says which language it is" for key in lacking_texts]
    for flow in catalogue.live.values():
        found += lacking(flow)
        found += _wrong_takers(flow)
        found += [f"{flow.name}: text {key} is missing" for key in _missing(flow, flow.default_language)]
        for language in texts.languages:
            found += _wide(flow, language, texts)
            found += _false_refusals(flow, language)
            found += [
                f"{flow.name}: a text in {language} shows {{{name}}}, which is no answer and no need of it"
                for name in sorted(_unknown_fields(flow, language))
            ]
    return found


def notes(catalogue: Catalogue, texts: Texts) -> Iterator[str]:
    """What falls back to the default language, and what no native speaker has read."""
    for language in texts.languages[1:]:
        missing = texts.missing(language)
        if missing:
            yield f"{language}: {len(missing)} texts fall back to {texts.languages[0]}: {', '.join(missing)}"
    for language, keys in texts.unreviewed.items():
        if keys:
            yield f"{language}: {len(keys)} texts wait for a native speaker's review (marked fuzzy)"


def screens(flow: Flow, language: str) -> Iterator[Screen]:
    """Every screen that a flow has by itself, as large as it gets; options from facts stand in as a sample."""
    if flow.kind == "menu":
        options = tuple(Option(str(i), e.goto, key=e.goto) for i, e in enumerate(flow.entries, start=1))
        yield Screen(flow, "title", options)
        return
    for node in flow.nodes:
        if flow.text(language, node.name) is None:
            continue
        options = ()
        if isinstance(node, Ask):
            options = tuple(Option(c.code, c.name, key=f"{node.labels}.{c.name}") for c in node.choices)
        ends = isinstance(node, End)
        yield Screen(flow, node.name, options, back="" if ends else "0", home=not ends, end=ends)


def _wrong_takers(flow: Flow) -> Iterator[str]:
    """What a flow that takes texts without a keyword needs besides: an open form is gone on with after it."""
    if flow.takes is None:
        return
    if flow.keypad_only:
        yield f"{flow.name}: takes texts and stands behind a PIN"
    for end in flow.nodes:
        if isinstance(end, End) and end.goto != "back":
            yield f"{flow.name}.{end.name}: takes texts, so it ends with `goto: back`, to the form that was open"


def _missing(flow: Flow, language: str) -> list[str]:
    return [key for key in needed_texts(flow) if not flow.texts.get(language, {}).get(key)]


def _wide(flow: Flow, language: str, texts: Texts) -> Iterator[str]:
    def say(key: str) -> str:
        return texts.say(language, key)

    for screen in screens(flow, language):
        pages = render.page_count(screen, language, say)
        if not fits_ussd(render.ussd(screen, language, say)) or pages > PAGES or (screen.end and pages > 1):
            yield f"{screen.at} in {language}: {pages} pages on USSD"
        if flow.by_sms and (parts := count(fold(render.sms(screen, language, say)))) > PARTS:
            yield f"{screen.at} in {language}: {parts} parts by SMS"


def _false_refusals(flow: Flow, language: str) -> Iterator[str]:
    for key, words in flow.texts.get(language, {}).items():
        if key.endswith(".problem"):
            if not REFUSAL.search(words):
                yield f"{flow.name}.{key} in {language} does not say that it refuses"
        elif found := REFUSAL.search(words):
            yield f"{flow.name}.{key} in {language} uses {found[0]!r}, which means a refusal"


def _clashing_keywords(catalogue: Catalogue) -> list[str]:
    flows = catalogue.live
    taken: dict[str, str] = dict.fromkeys(vocabulary().commands, "a command")
    found = []
    for flow in flows.values():
        for word in keywords({flow.name: flow}):
            if word in taken:
                found.append(f"{flow.name}: keyword {word.upper()} is already that of {taken[word]}")
            taken[word] = flow.name
    return found


def _unknown_fields(flow: Flow, language: str) -> set[str]:
    """`{names}` in texts that neither an answer nor a need of the flow can fill."""
    known = {node.name for node in flow.nodes} | set(flow.needs) | set(flow.returns)
    return {name for words in flow.texts.get(language, {}).values() for name in fields(words)} - known
