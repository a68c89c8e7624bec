"""What the words do that work at any point: STOP, START, HELP and LANGUAGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smsapp import people
from smsapp.words import Command

if TYPE_CHECKING:
    from smsapp.conversations.talk import Talk


def obey(talk: Talk, wanted: Command) -> str:
    """STOP, START, HELP or LANGUAGE: done at once, answered in words."""
    match wanted.name:
        case "stop":
            people.leave(
                talk.db,
                talk.rt.now(),
                talk.caller.number,
                wanted.argument or people.EVERYTHING,
                talk.caller.channel,
            )
            _close(talk, wanted.argument)
            return _topic_words(talk, "stopped", wanted.argument)
        case "start":
            topic, secret = wanted.argument or people.EVERYTHING, talk.rt.settings.secret_key
            people.rejoin(talk.db, talk.caller.number, topic, secret)
            return _topic_words(talk, "started", wanted.argument)
        case "language":
            return _choose_language(talk, wanted)
        case _:
            return help_words(talk)


def obey_by_sms(talk: Talk, wanted: Command) -> str:
    """The same; the open question again below what leaves it open, and the topics there are where she named none."""
    words = obey(talk, wanted)
    if wanted.name == "stop" and wanted.rest and not wanted.argument and not wanted.in_sentence:
        return talk.words("stopped.everything", typed=wanted.rest[0][:15])
    if wanted.name in {"language", "help"} and talk.takes_sms:
        talk.put_reading_away()
        return f"{words}\n{talk.sms(talk.show())}"
    return words


def _close(talk: Talk, topic: str) -> None:
    """What she left is asked no further, in no session either that still shows its question."""
    if any(topic in {"", flow.topic} for flow in talk.open_flows()):
        talk.state = None
        talk.turn += 1


def help_words(talk: Talk) -> str:
    """What this caller can send, one line a keyword: the main menu's first, then those that only a text opens."""
    live, main = talk.flows.live, talk.flows.live["main"]
    in_menu = {entry.goto: talk.true(entry.relevant) for entry in main.entries}
    offered = [name for name in {**in_menu, **live} if in_menu.get(name, True)]
    flows = [live[name] for name in offered if live[name].keywords and talk.true(live[name].offered)]
    hints = [hint for flow in flows if (hint := flow.text(talk.caller.language, "hint"))]
    settings = talk.rt.settings
    codes = ", ".join(code for code in settings.languages if code != talk.caller.language) or talk.caller.language
    return "\n".join([*hints, talk.words("help_sms", codes=codes, service_code=settings.service_code)])


def _topic_words(talk: Talk, key: str, topic: str) -> str:
    if not topic:
        return talk.words(key)
    return talk.words(f"{key}.topic", topic=talk.words(f"topic.{topic}"))


def _choose_language(talk: Talk, wanted: Command) -> str:
    if wanted.argument not in talk.rt.settings.languages:
        codes = ", ".join(talk.rt.settings.languages)
        key = "language_unknown" if wanted.rest else "language_usage"
        return talk.words(key, codes=codes, asked=" ".join(wanted.rest)[:20])
    people.choose_language(talk.db, talk.caller.number, wanted.argument)
    talk.caller.language = wanted.argument
    return talk.words("language_set")
