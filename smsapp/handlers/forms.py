"""A callback's body as a form: decoded whatever its encoding, refused where it contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Request

from smsapp.gateways.base import Form, Unusable
from smsapp.segments import clean

MAX_BODY = 64 * 1024
MAX_FIELDS = 200
PLAIN = re.compile(rb"[A-Za-z0-9_.-]*")  # nothing to decode


def body_of(request: Request) -> bytes:
    """The raw bytes, one more than allowed at most: a cut body must never pass for a whole one."""
    request.max_content_length = None
    return request.stream.read(MAX_BODY + 1)


def read(body: bytes, content_type: str, known: Collection[str] = ()) -> Form:
    """One cleaned value a field; `known` names are those of the gateway's own fields.

    Werkzeug would drop the whole form for a single byte of Latin-1.
    """
    if len(body) > MAX_BODY:
        raise Unusable("body too large")
    if content_type.partition(";")[0].strip().lower() in {"application/json", "multipart/form-data"}:
        raise Unusable("not a form")
    pairs = body.split(b"&")
    if len(pairs) > MAX_FIELDS:
        raise Unusable("too many fields")
    form: dict[str, str] = {}
    for pair in pairs:
        key, _, value = pair.partition(b"=")
        if not key:
            continue
        name, decoded = _decoded(key), _decoded(value)
        if form.setdefault(name, decoded) != decoded:
            # Any other name is part of what somebody typed, cut off by an & that was not escaped.
            raise Unusable(f"{f'field {name}' if name in known else 'a field'} comes twice")
    if body.strip() and not form:
        raise Unusable("no form in the body")
    return {name: clean(value) if name == "text" else value.strip("\r\n\t\0") for name, value in form.items()}


def whatever(body: bytes, known: Collection[str]) -> Form:
    """Of a body that can not be used the known fields that say one thing: enough to tell whose phone it was."""
    pairs = body.split(b"&")[: -1 if len(body) > MAX_BODY else None]  # the last one may be cut
    said: dict[str, set[str]] = {}
    for pair in pairs:
        key, _, value = pair.partition(b"=")
        if (name := _decoded(key)) in known:
            said.setdefault(name, set()).add(_decoded(value))
    return {name: values.pop() for name, values in said.items() if len(values) == 1}


def without(body: bytes, hidden: Collection[str], known: Collection[str]) -> bytes:
    """A body as it may be kept: of these fields the length alone, whatever kind of body it is.

    What stands behind one of them is part of it, until another known field begins.
    """
    kept: list[bytes] = []
    hiding = False
    for piece in body.split(b"&"):
        key, sign, value = piece.partition(b"=")
        name = _decoded(key).strip()
        if name in known:
            hiding = name in hidden
            kept.append(key + sign + (_length(value) if hiding else value))
        elif hiding:
            kept.append(_length(piece))
        else:
            kept.append(_cut(piece, hidden))
    return b"&".join(kept)


def _cut(piece: bytes, hidden: Collection[str]) -> bytes:
    """What is no form has its fields somewhere inside: all from the first of these names on goes."""
    found = re.search(b"|".join(name.encode() for name in hidden), piece, re.IGNORECASE)
    return piece[: found.end()] + _length(piece[found.end() :]) if found else piece


def _length(raw: bytes) -> bytes:
    return b"[%d]" % len(raw) if raw else b""


def _decoded(raw: bytes) -> str:
    if PLAIN.fullmatch(raw):
        return raw.decode("ascii")
    octets = unquote_to_bytes(raw.replace(b"+", b" "))
    for encoding, errors in (("utf-8", "strict"), ("utf-8", "surrogatepass"), ("cp1252", "replace")):
        try:
            text = octets.decode(encoding, errors).replace("\0", "")
            # Two halves of a character make one again, half a character is none: no database takes it.
            return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        except UnicodeDecodeError:
            continue
    raise AssertionError("cp1252 with replacement decodes anything")
