"""Which character is sent for one that GSM-7 lacks, and which are never seen: tables, no rules.

A letter that Unicode takes apart by itself (ê, ş, ﬁ, ½) needs no line here.
"""

from __future__ import annotations

import re
import unicodedata

# Each table reads `what is sent: the characters it is sent for`.
_BAMBARA = {"è": "ɛ", "ò": "ɔ", "ny": "ɲ", "ng": "ŋ", "E": "Ɛ", "O": "Ɔ", "Ny": "Ɲ", "Ng": "Ŋ"}

_LATIN = {
    "a": "ɑⱥ", "A": "ⱭȺ", "b": "ɓƀƃ", "B": "ƁɃƂ", "c": "ƈȼ", "C": "ƇȻ", "d": "ɗɖđð", "D": "ƊƉĐÐ",
    "e": "əǝɘɇ", "E": "ƏƎɆ", "f": "ƒ", "F": "Ƒ", "g": "ɠǥɡ", "G": "ƓǤꞬ", "gh": "ɣ", "Gh": "Ɣ", "h": "ħɦ", "H": "ĦꞪ",
    "i": "ıɩɨɪ", "I": "ƖƗꞮ", "j": "ɉȷ", "J": "Ɉ", "k": "ƙĸ", "K": "Ƙ", "l": "łƚɫ", "L": "ŁȽⱢ", "n": "ƞ", "N": "Ƞ",
    "o": "ɵ", "O": "Ɵ", "oe": "œ", "OE": "Œ", "p": "ƥ", "P": "Ƥ", "r": "ɍɽ", "R": "ɌⱤ", "sh": "ʃ", "Sh": "Ʃ",
    "SS": "ẞ", "t": "ƭŧʈⱦ", "T": "ƬŦƮȾ", "th": "þ", "Th": "Þ", "u": "ʉʊµ", "U": "ɄƱ", "v": "ʋ", "V": "Ʋ",
    "y": "ƴɏ", "Y": "ƳɎ", "z": "ƶȥ", "Z": "ƵȤ", "zh": "ʒ", "Zh": "Ʒ",
}  # fmt: skip

_SIGNS = {
    "'": "\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2032`\u00b4\ua78b\ua78c\u2039\u203aʔ",
    '"': "\u201c\u201d\u201e\u201f\u2033«»¨\u02ba\u02ee\u02dd",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043•‣◦▪●¯",
    ".": "·\u2027\u2024\u2219",
    "...": "…",
    ",": "¸",
    "/": "\u2044\u2215÷",
    ":": "\u2236",
    "x": "×",
    "<=": "≤⩽≯",
    ">=": "≥⩾≮",
    "!=": "≠",
    "->": "→",
    "<-": "←",
    "=>": "⇒",
    "+/-": "±",
    "o": "°",
    "o/oo": "‰",
    "(c)": "©",
    "(r)": "®",
    "c": "¢",
    "|": "¦",
    "~": "\u223c\u02dc",
    "^": "\u02c6",
    " ": "\t",
    "\n": "\u000b\u0085\u2028\u2029",
}

PLAIN = {written: sent for table in (_BAMBARA, _LATIN, _SIGNS) for sent, many in table.items() for written in many}


def _ranges(*ends: tuple[int, int]) -> list[int]:
    return [code for first, last in ends for code in range(first, last + 1)]


# Accents and tones written as characters of their own.
MARKS = dict.fromkeys(
    _ranges((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)), ""
)

_ZERO_WIDTH = _ranges(
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE01EF),
)  # fmt: skip
_CONTROLS = [code for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"]
_BREAKS = "\r\u000b\u000c\u0085\u2028\u2029"

# Dropped from what is sent (line ends and the form feed are characters of GSM-7, or have a line above).
UNSEEN = dict.fromkeys([code for code in _CONTROLS if chr(code) not in "\t\n\r\f\v\x85"] + _ZERO_WIDTH, "")
# Dropped from, or put right in, what arrives.
ARRIVING = (
    dict.fromkeys(_CONTROLS + _ZERO_WIDTH, "") | {ord("\n"): "\n", ord("\t"): " "} | {ord(c): "\n" for c in _BREAKS}
)

# GSM-7's own letters that Unicode does not take apart, for search keys; Senegal's ñ is Mali's ɲ.
BARE = {ord(c): bare for c, bare in {"ñ": "ny", "Ñ": "Ny", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae"}.items()}

_BLANK = "[ \u00a0\u2000-\u200a\u202f\u205f\u3000]*"
OPENING = re.compile(rf"(?<!\w)«{_BLANK}")
CLOSING = re.compile(rf"{_BLANK}»(?!\w)")
RAISED = re.compile("(?<=[0-9])[⁰¹²³⁴-⁹]+")
VULGAR = re.compile("(?<=[0-9])[¼-¾⅐-⅞]")


def is_greek(character: str) -> bool:
    return "\u0370" <= character <= "\u03ff" or "\u1f00" <= character <= "\u1fff"
