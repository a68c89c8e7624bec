"""What people type, and the answer that it is."""

from datetime import date

import pytest

from smsapp.flows.answers import BadAnswer, Option, read

WEDNESDAY = date(2025, 3, 12)
YES_NO = [Option("1", "yes", "Oui"), Option("2", "no", "Non"), Option("0", "unknown", "Je ne sais pas")]
BAMBARA = [Option("1", "yes", "Ɔwɔ"), Option("2", "no", "Ayi")]
SIGNS = [
    Option("1", "fever", "Fièvre"),
    Option("2", "cough", "Toux"),
    Option("3", "diarrhoea", "Diarrhée"),
    Option("4", "bloody", "Diarrhée avec sang"),
]
CARDS = [Option("7", "7", "7. Oumou"), Option("8", "8", "8. Hawa")]
CENTRES = [Option("ML-07", "sotuba", "CSCom Sotuba"), Option("ML-12", "bakon", "CSCom BAKON")]


def answer(type, text, options=(), today=WEDNESDAY, language="fr"):
    return read(type, text, options=options, today=today, country="ML", language=language)


def refused(type, text, options=(), today=WEDNESDAY):
    with pytest.raises(BadAnswer) as why:
        answer(type, text, options, today)
    return why.value.reason


@pytest.mark.parametrize(
    ("typed", "options", "name"),
    [
        ("1", YES_NO, "yes"),
        (" 2 ", YES_NO, "no"),
        ("0", YES_NO, "unknown"),
        ("1.", YES_NO, "yes"),
        ("2)", YES_NO, "no"),
        ("١", YES_NO, "yes"),
        ("߂", YES_NO, "no"),
        ("１", YES_NO, "yes"),
        ("\u200f1\u202c", YES_NO, "yes"),
        ("oui", YES_NO, "yes"),
        ("OUI!", YES_NO, "yes"),
        ("n", YES_NO, "no"),
        ("je", YES_NO, "unknown"),
        ("1. Oui", YES_NO, "yes"),
        ("1 oui", YES_NO, "yes"),
        ("yes", YES_NO, "yes"),  # the name of the choice in the form
        ("owo", BAMBARA, "yes"),
        ("Òwò", BAMBARA, "yes"),
        ("ɔwɔ", BAMBARA, "yes"),
        ("diarrhee", SIGNS, "diarrhoea"),  # a whole label before the beginning of another
        ("diarrhée a", SIGNS, "bloody"),
        ("ml-07", CENTRES, "sotuba"),
        ("cscom bakon", CENTRES, "bakon"),
        ("7. 7. oumou", CARDS, "7"),
        ("7. Oumou", CARDS, "7"),
    ],
)
def test_choices(typed, options, name):
    assert answer("choice", typed, options) == name


@pytest.mark.parametrize("typed", ["", " ", "3", "01", "²", "①", "½", "1 non", "x", "10", "-", "1\ud800x", "dia" * 90])
def test_no_choice(typed):
    assert refused("choice", typed, YES_NO) == "choice"


@pytest.mark.parametrize("typed", ["77", "7 7", "7.7", "07", "777", "78"])
def test_digits_are_a_card_or_none(typed):
    assert refused("choice", typed, CARDS) == "choice"


def test_the_beginning_of_two_labels_is_none():
    assert refused("choice", "diar", SIGNS) == "choice"
    assert refused("choice", "cscom", CENTRES) == "choice"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("1 3", ["fever", "diarrhoea"]),
        ("1,3", ["fever", "diarrhoea"]),
        ("1*3", ["fever", "diarrhoea"]),
        ("1. 3.", ["fever", "diarrhoea"]),
        ("13", ["fever", "diarrhoea"]),
        ("31", ["fever", "diarrhoea"]),
        ("3 et 1", ["fever", "diarrhoea"]),
        ("2 ni 4", ["cough", "bloody"]),
        ("1 1 1", ["fever"]),
        ("fièvre, toux", ["fever", "cough"]),
        ("FIEVRE et TOUX", ["fever", "cough"]),
        ("toux fievre", ["fever", "cough"]),
        ("diarrhée avec sang", ["bloody"]),
        ("٤٢", ["cough", "bloody"]),
    ],
)
def test_several_choices(typed, names):
    assert answer("several", typed, SIGNS) == names


@pytest.mark.parametrize("typed", ["", ",", "1-3", "15", "1 9", "1,rhume", "tous"])
def test_several_choices_are_all_known(typed):
    assert refused("several", typed, SIGNS) == "several"


def test_digits_are_taken_apart_only_where_every_code_is_one_digit():
    many = [Option(str(n), f"n{n}", f"Option {n}") for n in range(1, 14)]
    assert answer("several", "13", many) == ["n13"]
    assert refused("several", "132", many) == "several"
    assert answer("several", "1 3", many) == ["n1", "n3"]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1500", 1500),
        ("1 500", 1500),
        ("1\u202f500", 1500),
        ("1500 F", 1500),
        ("1500fcfa", 1500),
        ("1 500 F CFA", 1500),
        ("1500 francs.", 1500),
        ("0", 0),
        ("007", 7),
        ("5.", 5),
        ("١٥٠٠", 1500),
        ("１５００", 1500),
        ("߁߅", 15),
        ("\u200e12\u200b", 12),
        ("999999999", 999999999),
        ("123 456 789", 123456789),
    ],
)
def test_integers(typed, value):
    assert answer("integer", typed) == value


NO_NUMBERS = [
    "",
    "-5",
    "+5",
    "1_0",
    "1e3",
    "nan",
    "inf",
    "²",
    "①",
    "Ⅳ",
    "1٥",
    "1 50",
    "1 500 5",
    "1O",
    "cinq",
    "1234567890",
]


@pytest.mark.parametrize("typed", [*NO_NUMBERS, "1.500", "1,500", "1.5", "½", "1²", "0x1f", "9" * 5000])
def test_no_integers(typed):
    assert refused("integer", typed) == "integer"


@pytest.mark.parametrize(
    ("typed", "value"), [("2,5", 2.5), ("2.5", 2.5), ("2", 2.0), ("0,05", 0.05), ("1 500,25 F", 1500.25), ("٢,٥", 2.5)]
)
def test_decimals(typed, value):
    assert answer("decimal", typed) == value


@pytest.mark.parametrize("typed", [*NO_NUMBERS, "2,", ",5", "1,2,3", "2.5.1", "1.1234567"])
def test_no_decimals(typed):
    assert refused("decimal", typed) == "decimal"


@pytest.mark.parametrize(
    "typed",
    [
        "12/03/2025",
        "12/3/25",
        "12-3-25",
        "12 3 25",
        "12.03.2025",
        "12*3*25",
        "12 / 03 / 2025",
        "12032025",
        "120325",
        "2025-03-12",
        "2025/3/12",
        "20250312",
        "12/03",
        "12 3",
        "12 mars",
        "12 mars 2025",
        "le 12 mars 25",
        "mercredi 12 mars",
        "12 MARS.",
        "12mars2025",
        "12-mars-2025",
        "March 12, 2025",
        "12th of March",
        "12 mar",
        "12 marisi",
        "aujourd'hui",
        "aujourd’hui",
        "Aujourdhui",
        "today",
        "bi",
        "ce matin",
        "١٢/٠٣/٢٠٢٥",
        "１２／０３／２０２５",
        "\u200e12/03/2025",
        "12/03/2025 !",
    ],
)
def test_ways_to_type_one_day(typed):
    assert answer("date", typed) == "2025-03-12"


@pytest.mark.parametrize("typed", ["٢0/11/2024", "10/0٣/2025", "12 03 ٢025"])
def test_a_day_in_digits_of_two_scripts_is_none(typed):
    assert refused("date", typed) == "date"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("hier", "2025-03-11"),
        ("Hier soir", "2025-03-11"),
        ("kunun", "2025-03-11"),
        ("yesterday", "2025-03-11"),
        ("avant-hier", "2025-03-10"),
        ("avant hier", "2025-03-10"),
        ("demain", "2025-03-13"),
        ("sini", "2025-03-13"),
        ("après-demain", "2025-03-14"),
        ("il y a 3 jours", "2025-03-09"),
        ("2 weeks ago", "2025-02-26"),
        ("1er mars", "2025-03-01"),
        ("1 er mars", "2025-03-01"),
        ("5 jan.", "2025-01-05"),
        ("5 fév.", "2025-02-05"),
        ("5 Févr 24", "2024-02-05"),
        ("3 aout", "2024-08-03"),
        ("3 août", "2024-08-03"),
        ("24 décembre", "2024-12-24"),
        ("24 DEC", "2024-12-24"),
        ("6 mɛ", "2024-05-06"),
        ("6 zuwèn", "2024-06-06"),
        ("29/02/2024", "2024-02-29"),
        ("12/03/85", "1985-03-12"),
        ("12/03/26", "2026-03-12"),  # at most a year ahead
        ("12/03/27", "1927-03-12"),
    ],
)
def test_other_days(typed, day):
    assert answer("date", typed) == day


@pytest.mark.parametrize(
    ("today", "typed", "day"),
    [
        (date(2025, 1, 5), "12 décembre", "2024-12-12"),
        (date(2025, 12, 20), "3 janvier", "2026-01-03"),
        (date(2025, 3, 12), "11/04", "2025-04-11"),  # thirty days ahead
        (date(2025, 3, 12), "12/04", "2024-04-12"),  # thirty-one
        (date(2025, 3, 12), "29 février", "2024-02-29"),
        (date(2027, 3, 12), "29/2", "2024-02-29"),
        (date(2024, 2, 10), "29/2", "2024-02-29"),
        (date(1903, 5, 1), "29/2", None),  # 1900 was no leap year, and 1896 is too long ago
    ],
)
def test_a_date_without_a_year_is_the_nearest(today, typed, day):
    if day is None:
        assert refused("date", typed, today=today) == "date"
    else:
        assert answer("date", typed, today=today) == day


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12",
        "2025",
        "1203",
        "mars",
        "mars 2025",
        "29/02/2025",
        "31/04",
        "32/01/2025",
        "0/1/2025",
        "12/13/2025",
        "03/25/2025",  # month first: not guessed
        "1/2/3",
        "12/03/025",
        "12/03/1899",
        "12/03/2101",
        "12/03 70",  # a day, and the beginning of a number
        "12:03:2025",
        "12/03/2025 2",
        "12 mars avril",
        "1²/3/2025",
        "o1/02/2025",
        "lundi",
        "bientôt",
        "il y a 3 ans",
        "99999999",
        "1" * 9,
    ],
)
def test_no_dates(typed):
    assert refused("date", typed) == "date"


def test_texts_are_kept_as_written():
    assert answer("text", "  Ɲɛ tɛ\u0301 « bien »\u200b\r\n👍 ") == "Ɲɛ tɛ\u0301 « bien »\n👍"
    assert answer("text", "x" * 1000) == "x" * 1000
    assert refused("text", "x" * 1001) == "text"
    assert refused("text", " \u200b\x00\n") == "text"


def test_numbers():
    assert answer("number", "70 12 34 56") == "+22370123456"
    with pytest.raises(BadAnswer) as why:
        answer("number", "36123")
    assert (why.value.reason, why.value.detail) == ("number", "short code")


def test_pins():
    assert answer("pin", " 0123 ") == "0123"
    assert answer("pin", "١٢٣٤") == "1234"
    for typed in ("123", "1234567", "12a4", "1 234", "12.34", "12²4", "12٣٤", "", "1234\n5678"):
        assert refused("pin", typed) == "pin"
