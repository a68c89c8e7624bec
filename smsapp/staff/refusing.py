"""Why something about an account is refused: one sentence in English, which the console says in French, too."""

from __future__ import annotations


class Refused(Exception):
    """`sentence` is a text of the console's catalogue with `%(names)s`, filled by `values`; `about` names a field."""

    def __init__(self, sentence: str, *, about: str = "", **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.about = about
        self.sentence = sentence
        self.values = values
