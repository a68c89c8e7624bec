"""XLSForm's expressions: what they come to, and which are refused."""

import math
from datetime import date
from decimal import Decimal

import pytest

from smsapp.flows import patterns, xpath
from smsapp.flows.expressions import compile
from smsapp.flows.tokens import BadExpression

TODAY = date(2025, 3, 12)
ANSWERS = {
    "age": 25,
    "weight": 3.5,
    "sex": "f",
    "zero": 0,
    "none": None,
    "typed": "5",
    "signs": ["fever", "cough"],
    "words": "fever cough",
    "born": "2025-01-01",
    "agreed": True,
    "locked": False,
    "balance": Decimal("12.50"),
    "huge": 10**400,
    "today's": 1,
    "group.size": 12,
}


def value(source, dot=None):
    return compile(source).value(ANSWERS, dot=dot, today=TODAY)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("-2 + 5", 3),
        ("- - 3", 3),
        ("7 div 2", 3.5),
        ("7 mod 3", 1),
        ("-7 mod 3", -1),
        (".5 + 1.", 1.5),
        ("1 div 0", math.inf),
        ("-1 div 0", -math.inf),
        ("'5' + 1", 6),
        ("${age}-5", 20),
        ("${ age } * 2", 50),
        ("${weight} * 2", 7),
        ("${balance} * 2", 25),
        ("${group.size} + 1", 13),
        ("true() + true()", 2),
        ("'a'", "a"),
        ('"it\'s"', "it's"),
        ("''", ""),
        ("${sex}", "f"),
        ("${none}", ""),
        ("${missing}", ""),
        ("${signs}", "fever cough"),
    ],
)
def test_values(source, result):
    assert value(source) == result


@pytest.mark.parametrize(
    "source", ["0 div 0", "'a' + 1", "'' + 1", "1 mod 0", "(1 div 0) mod 2", "${huge}", "number('1e3')", "number('+5')"]
)
def test_not_a_number(source):
    assert math.isnan(value(source))


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("${age} = 25", True),
        ("${age} = '25'", True),
        ("${typed} = 5", True),
        ("${typed} = '5.0'", False),  # two texts are compared as texts
        ("${sex} = 'f'", True),
        ("${sex} != 'm'", True),
        ("${none} = ''", True),
        ("${missing} = ''", True),
        ("${missing} != ''", False),
        ("${missing} > 5", False),
        ("${missing} <= 5", False),  # not a number compares with nothing
        ("${zero} = 0", True),
        ("${zero} != ''", True),
        ("0 div 0 = 0 div 0", False),
        ("0 div 0 != 0 div 0", True),
        ("'10' > '9'", True),  # an order is always between numbers
        ("'b' > 'a'", False),
        ("${agreed}", True),
        ("${agreed} = true()", True),
        ("${locked} = false()", True),
        ("not(${locked})", True),
        ("'false'", True),  # a text is true unless it is empty
        ("''", False),
        ("0", False),
        ("0 div 0", False),
        ("-1", True),
        ("1 = 1 and 2 = 2", True),
        ("1 = 2 or 2 = 2", True),
        ("1 = 1 or 1 = 1 and 1 = 2", True),  # and binds closer
        ("(1 = 1 or 1 = 1) and 1 = 2", False),
        ("1 < 2 = true()", True),
        ("2 + 3 >= 5", True),
        ("${born} < today()", True),
        ("${born} <= '2025-01-01'", True),
        ("${born} > '2025-01-02'", False),
        ("'2025-02-30' < '2025-03-01'", False),  # no date
        ("today() = '2025-03-12'", True),
        ("today() != ''", True),
        ("today() - ${born} > 60", True),
        ("now() = today()", True),
    ],
)
def test_truth(source, holds):
    assert compile(source).true(ANSWERS, today=TODAY) is holds


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("today() - 7", date(2025, 3, 5)),
        ("'2025-03-12' + 28", date(2025, 4, 9)),
        ("28 + ${born}", date(2025, 1, 29)),
        ("today() - ${born}", 70),
        ("${born} - today()", -70),
        ("int((today() - ${born}) div 7)", 10),
        ("date('2025-03-01')", date(2025, 3, 1)),
        ("date(${missing})", ""),
        ("date(0)", date(1970, 1, 1)),
        ("number(date('1970-01-02'))", 1),
        ("max('2025-01-01', today())", TODAY),
        ("min(${born}, today())", date(2025, 1, 1)),
        ("format-date(${born}, '%e/%n/%y %d-%m-%Y %q')", "1/1/25 01-01-2025 %q"),
        ("format-date('never', '%Y')", ""),
        ("concat('né le ', date('2025-03-01'))", "né le 2025-03-01"),
    ],
)
def test_dates(source, result):
    assert value(source) == result


def test_dates_beyond_the_calendar_are_not_a_number():
    assert math.isnan(value("today() + 99999999999"))
    assert math.isnan(value("today() - (1 div 0)"))
    assert math.isnan(value("today() + 'x'"))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("selected(${signs}, 'cough')", True),
        ("selected(${words}, 'cough')", True),
        ("selected(${signs}, 'cou')", False),
        ("selected(${missing}, '')", False),
        ("count-selected(${signs})", 2),
        ("count-selected(${missing})", 0),
        ("selected-at(${signs}, 1)", "cough"),
        ("selected-at(${signs}, 7)", ""),
        ("string-length('ɛɔ')", 2),
        ("if(${age} > 18, 'adult', 'child')", "adult"),
        ("if(false(), 1, 2)", 2),
        ("coalesce(${missing}, ${none}, 'x')", "x"),
        ("coalesce(${zero}, 5)", 0),
        ("coalesce('', '')", ""),
        ("int(2.9)", 2),
        ("int(-2.9)", -2),
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(3.14159, 2)", 3.14),
        ("round(1234, -2)", 1200),
        ("abs(-3)", 3),
        ("min(3, 1, 2)", 1),
        ("max(3, '7', 2)", 7),
        ("number('  12.5 ')", 12.5),
        ("string(5)", "5"),
        ("string(0.1)", "0.1"),
        ("string(0.0000001)", "0.0000001"),
        ("string(1 div 0)", "Infinity"),
        ("string(0 div 0)", "NaN"),
        ("string(true())", "true"),
        ("boolean('')", False),
        ("concat('a', 1, 1.50, true(), ${missing})", "a11.5true"),
        ("contains('abc', 'b')", True),
        ("starts-with('abc', 'ab')", True),
        ("ends-with('abc', 'bc')", True),
        ("substr('abcdef', 1, 3)", "bc"),
        ("substr('abcdef', -2)", "ef"),
        ("substr('abc', 0 div 0)", ""),
        ("regex('2025', '[0-9]{4}')", True),
        ("regex('20255', '[0-9]{4}')", False),  # the whole text
        ("regex('5\n', '[0-9]')", False),
    ],
)
def test_functions(source, result):
    assert value(source) == result


def test_the_dot_is_the_answer_being_given():
    assert compile(". > 0 and . <= 50000").true({}, dot=200)
    assert not compile(". > 0 and . <= 50000").true({}, dot=70000)
    assert compile("regex(., '[A-Z]{2}[0-9]+')").true({}, dot="AB12")
    assert compile("selected(., 'x') and count-selected(.) <= 2").true({}, dot=["x", "y"])
    assert compile("once(5)").value({}) == 5
    assert compile("once(5)").value({}, dot=3) == 3


def test_only_the_branch_that_counts_is_evaluated():
    assert compile("if(true(), 1, today())").value({}) == 1
    assert compile("false() and today()").value({}) is False
    with pytest.raises(ValueError, match="today"):
        compile("today()").value({})


def test_an_expression_names_what_it_reads():
    assert compile("${a} > 1 and if(${b_2} = '', ${a}, 'c') != .").names == {"a", "b_2"}
    assert compile("1").names == frozenset()
    assert compile("${a}") == compile("${a}")
    assert compile("${a}") != compile("${b}")


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("", 1, "the end"),
        ("   ", 1, "the end"),
        ("1 +", 4, "the end"),
        ("(1", 3, "`)` was expected"),
        ("1)", 2, "`)`"),
        ("1 2", 3, "`2`"),
        ("${a", 1, "${name}"),
        ("$a", 1, "${name}"),
        ("${été}", 1, "${name}"),
        ("'abc", 1, "never closed"),
        ("${a} = “x”", 8, "straight quote"),
        ("a = 1", 1, "${a}"),
        ("1 = today", 5, "today()"),
        ("../a", 3, "`/`"),
        (".. ", 2, "`.`"),
        ("a/b", 2, "`/`"),
        ("1 & 2", 3, "`&`"),
        ("jr:choice-name(1)", 3, "`:`"),
        ("${a} = pulldata('x')", 8, "pulldata() is not known"),
        ("__import__('os')", 1, "not known"),
        ("selected(${a})", 1, "takes 2 arguments, not 1"),
        ("not()", 1, "takes 1 argument, not 0"),
        ("today(1)", 1, "takes no arguments"),
        ("substr('a')", 1, "2 or 3"),
        ("concat()", 1, "at least 1"),
        ("if(1, 2)", 1, "takes 3 arguments"),
        ("min(1,)", 7, "a value was expected"),
        ("regex(., ${a})", 10, "in quotes"),
        ("regex(., concat('a', 'b'))", 10, "in quotes"),
        ("regex(., '(')", 10, "not right"),
        ("regex(., '(a+)+b')", 10, "too long"),
        ("regex(., '(a|a)*b')", 10, "too long"),
        ("regex(., '.*.*.*.*')", 10, "too long"),
        ("regex(., '(a?){40}')", 10, "too long"),
        ("regex(., '(a)\\1')", 10, "back or ahead"),
        ("regex(., '(?=a)a')", 10, "back or ahead"),
        ("regex(., '[[a]')", 10, "not right"),
        ("regex(., '" + "a" * 201 + "')", 10, "longer than 200"),
        ("(" * 26 + "1" + ")" * 26, 26, "brackets inside"),
    ],
)
def test_what_is_refused_and_where(source, place, words):
    with pytest.raises(BadExpression) as why:
        compile(source)
    assert str(why.value).startswith(f"at character {place}: ")
    assert words in str(why.value)
    assert "\n" not in str(why.value)


def test_named_limits():
    with pytest.raises(BadExpression, match="longer than 2000"):
        compile("1" * 2001)
    assert value("1" + "+1" * 999) == 1000  # a long chain is no depth
    assert value("-" * 1999 + "1") == -1
    assert value("(" * 25 + "1" + ")" * 25) == 1
    assert value(" or ".join(["0"] * 300)) is False


@pytest.mark.parametrize(
    "source", ["[a-z]+ [a-z]+ [a-z]+x", "(a|a){20}b", "a?" * 22 + "b", "([0-9]{2} ?){4}", "(ab|cd)"]
)
def test_patterns_that_pass_end_soon_on_the_worst_text(source):
    pattern = patterns.compile_pattern(source)
    assert not patterns.matches(pattern, "a" * patterns.LONGEST_INPUT)


def test_a_text_beyond_the_limit_does_not_match():
    pattern = patterns.compile_pattern(".*")
    assert patterns.matches(pattern, "a" * patterns.LONGEST_INPUT)
    assert not patterns.matches(pattern, "a" * (patterns.LONGEST_INPUT + 1))


def test_calculations_are_kept_as_json():
    assert xpath.as_json(5.0) == 5
    assert isinstance(xpath.as_json(5.0), int)
    assert xpath.as_json(2.5) == 2.5
    assert xpath.as_json(math.nan) == ""
    assert xpath.as_json(date(2025, 3, 12)) == "2025-03-12"
    assert xpath.as_json(True) is True
