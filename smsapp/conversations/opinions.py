"""What stands beside a survey's keyword and is no answer: `AVIS l'accueil était mauvais` is read by a person."""

from __future__ import annotations

from collections.abc import Sequence

from smsapp.conversations.talk import Reply, Talk
from smsapp.flows import coded
from smsapp.flows.nodes import Flow


def besides(talk: Talk, flow: Flow, words: Sequence[str], reply: Reply) -> tuple[Reply, bool]:
    """The survey's question though its coded words do not fit, and whether a person has to read them.

    A sentence names no place: what is known of her does. After a poster's number it is said besides.
    """
    if not (flow.anonymous and words and reply.has_problem):
        return reply, False
    coded_first = 1 if words[0].isdecimal() else 0
    more = " ".join(words[coded_first:])
    is_sentence = coded.is_sentence(more)
    if more and (coded_first or is_sentence):
        talk.state = None
        reply = talk.begin(flow.name, words[:coded_first])
    if not is_sentence:
        return reply, False
    return Reply(words=f"{talk.words('kept.besides')}\n{talk.sms(reply)}"), True
