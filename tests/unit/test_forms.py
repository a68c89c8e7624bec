"""A callback's body as a form, whatever its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.gateways.base import Unusable
from smsapp.handlers.forms import MAX_BODY, MAX_FIELDS, read

FORM = "application/x-www-form-urlencoded"

GOOD = {
    b"a=1&b=2": {"a": "1", "b": "2"},
    b"": {},
    b"a=": {"a": ""},
    b"a": {"a": ""},
    b"=x&a=1": {"a": "1"},
    b"a=1&a=1": {"a": "1"},
    b"a=%2B223+70&b=+223": {"a": "+223 70", "b": " 223"},
    b"text=%C3%A9t%C3%A9": {"text": "été"},
    b"text=%E9t%E9": {"text": "été"},  # Latin-1
    b"text=\xe9t\xe9": {"text": "été"},
    b"text=\xc3\xa9": {"text": "é"},
    b"text=%ZZ%": {"text": "%ZZ%"},
    b"text=a%00b": {"text": "ab"},
    b"id=a%00b": {"id": "ab"},
    b"text=%ED%A0%BD%ED%B8%80": {"text": "\U0001f600"},  # two halves, as some gateways send them
    b"text=%ED%A0%BD!": {"text": "\ufffd!"},
    b"id=%ED%A0%BD": {"id": "\ufffd"},
    b"text=%E2%80%AE%D9%A3": {"text": "٣"},
    b"text=++1*2++": {"text": "1*2"},
    b"text=a%0D%0Ab": {"text": "a\nb"},
    b"text=e%CC%81": {"text": "é"},
}


@pytest.mark.parametrize("body", GOOD)
def test_fields_are_read_and_cleaned(body):
    assert read(body, FORM) == GOOD[body]
    assert read(body, FORM + "; charset=latin-1") == GOOD[body]
    assert read(body, "") == GOOD[body]


BAD = {
    "field from comes twice": b"from=%2B1&from=%2B2",
    "field text comes twice": b"text=1&a=2&text=2",
    "body too large": b"a=" + b"x" * MAX_BODY,
    "too many fields": b"&".join(b"a%d=1" % n for n in range(MAX_FIELDS + 1)),
    "no form in the body": b"=&=",
}


@pytest.mark.parametrize("why", BAD)
def test_what_contradicts_itself_or_is_too_much_is_refused(why):
    with pytest.raises(Unusable, match=why):
        read(BAD[why], FORM, {"from", "text"})


def test_a_piece_of_an_answer_is_not_named_as_a_field():
    with pytest.raises(Unusable, match=r"^a field comes twice$"):
        read(b"text=a&Kadiatou%2070000101=1&Kadiatou%2070000101=2", FORM, {"from", "text"})


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "multipart/form-data; boundary=x"]
)
def test_another_kind_of_body_is_refused(kind):
    with pytest.raises(Unusable, match="not a form"):
        read(b'{"from": "+223"}', kind)


@given(st.binary(max_size=400) | st.text(st.sampled_from("a=&%0123EDAF+*\u00e9"), max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused_and_can_be_stored(body):
    try:
        form = read(body, FORM)
    except Unusable:
        return
    for name, value in form.items():
        for text in (name, value):
            assert "\0" not in text
            text.encode()
