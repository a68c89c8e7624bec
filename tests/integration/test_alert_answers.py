"""Alerts answered from phones by text: V, F and ?, in any case, from whoever it is the duty of, in one part."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp.segments import count
from smsapp.surveillance.tables import Alert, CaseReport
from tests import outposts
from tests.handset import Handset, web
from tests.outposts import ASC, ASC_2, FAR_HEAD, FAR_OFFICER, HEAD, KOUROUBA, OFFICER, STRANGER
from tests.village import settle

NUMBER = 1002  # of the alert; 1001 is its report


CLIENTS = {}  # the service's web side, made once a test


@pytest.fixture
def posts(rt):
    CLIENTS.clear()
    settle(rt)
    outposts.settle(rt)
    outposts.report(rt, "CAS ROUGEOLE F 3")
    handset(rt).arrived()
    return rt


def say(rt, text, phone=HEAD):
    [answer] = handset(rt, phone).say(text)
    return answer


def handset(rt, phone=HEAD):
    if "web" not in CLIENTS:
        CLIENTS["web"] = web(rt)
    return Handset(rt, phone, CLIENTS["web"])


def alert(db, number=NUMBER):
    db.expire_all()
    return db.scalars(select(Alert).where(Alert.number == number)).one()


def test_it_is_real_however_it_is_written(posts, db):
    written = ["V 1002", "v1002", " V  1002.", "vrai 1002", "V: 1002", "V alerte 1002", "VRAI1002"]
    for text in [*written, "V n° 1002", "V-1002", "true 1002"]:
        assert say(posts, text) == (
            "Alerte 1002 Rougeole, Kourouba : vraie, c'est noté. Premier signe quel jour ? Ex. 10/03"
        )
        assert reopened(db) == "verified"


def test_it_is_not_real_however_it_is_written(posts, db):
    for text in ("F 1002", "f1002", "faux 1002", "F, 1002", "FALSE 1002", "fausse 1002"):
        assert say(posts, text) == (
            "Alerte 1002 Rougeole, Kourouba : fausse, c'est noté. Pourquoi ? Envoyez la raison."
        )
        assert reopened(db) == "false"


def test_a_reason_is_kept_and_asked_no_more(posts, db):
    for text in ("F 1002 c'est une varicelle", "f1002, c'est une varicelle"):
        assert say(posts, text) == "Alerte 1002 Rougeole, Kourouba : fausse, c'est noté."
        assert alert(db).reason == "c'est une varicelle"
        reopened(db)


def test_more_of_an_alert_changes_nothing(posts, db):
    for text in ("?1002", "? 1002", "1002 ?", "1002?", "plus 1002", "MORE 1002"):
        assert say(posts, text) == (
            "Alerte 1002 Rougeole, Kourouba, depuis le 10/03 : 1 cas. F 3 ans Kourouba 10/03 "
            "(Moussa +223 70 00 03 01). Prévenus : le responsable du centre. "
            "Sans réponse depuis 0 min. V 1002 = vrai, F 1002 = faux"
        )
        assert alert(db).state == "open"


def test_the_first_sign_comes_with_it(posts, db):
    for text in ("v 1002 08/03", "V 1002 8/3/2026", "V1002 08-03-2026", "V 1002, le 8/3"):
        assert say(posts, text) == (
            "Alerte 1002 Rougeole, Kourouba : vraie, c'est noté. "
            "Ensuite : évaluer le risque avant le 12/03 10:00, au *384*223#."
        )
        assert alert(db).emerged_on == date(2026, 3, 8)
        reopened(db)


def test_the_first_sign_comes_after_it(posts, db):
    say(posts, "V 1002")
    assert say(posts, "V 1002 08/03").startswith("Alerte 1002 : c'est ajouté. Ensuite : évaluer")
    assert alert(db).emerged_on == date(2026, 3, 8)
    assert say(posts, "V 1002").startswith(
        "Alerte 1002 : déjà notée vraie le 10/03 10:00 par le responsable du centre."
    )


def reopened(db):
    """As if nobody had answered; the state that it had."""
    row = alert(db)
    state, row.state = row.state, "open"
    row.reason = row.emerged_on = row.answered_at = row.answered_by = None
    db.commit()
    return state


BAD = [
    ("V", "Format : V 1002 = vrai, F 1002 et la raison = faux, ?1002 = détails. Ex. V 1002"),
    ("f", "Format : V 1002"),
    ("V abc", "Format : V 1002"),
    ("faux", "Format : V 1002"),
    ("V 1 002", "Format : V 1002"),
    ("V 1002 1003", "Format : V 1002"),
    ("V 1002 F 1003", "Format : une alerte par message (F 1003 n'est pas noté). Ex. V 1002"),
    ("?", "Format : V 1002"),
    ("F 9999", "Numéro 9999 inconnu. Il est dans le message de l'alerte. Ex. V 1004"),
    ("V 12", "Numéro 12 inconnu."),
    ("V 9999999999999", "Format : V 1002"),
    ("V ²", "Format : V 1002"),
    ("V 1002 ١٢/٠٣", "Date"),
    ("F " + "9" * 300, "Format : V 1002"),
    ("V 1002 12/03", "Date 12/03 invalide : jour du premier signe, passé. Ex. V 1002 10/03"),
    ("V 1002 32/13", "Date 32/13 invalide : jour du premier signe, passé. Ex. V 1002 10/03"),
    ("V 1002 12/03/2024", "Date 12/03/2024 invalide : jour du premier signe, passé. Ex. V 1002 10/03"),
]


def test_what_can_not_be_is_answered_with_an_example_and_written_nowhere(posts, db):
    for text, why in BAD:
        assert say(posts, text).startswith(why), text
        assert alert(db).state == "open"


def test_alerts_of_others_are_no_matter_of_hers(posts, db):
    for phone in (FAR_OFFICER, FAR_HEAD):
        words = say(posts, "V 1002", phone)
        assert "1002" in words
        assert {"Refus", "invalid"} & set(words.replace(":", " ").split())
        assert "Rougeole" not in say(posts, "?1002", phone)
    for phone in (ASC, STRANGER):
        assert say(posts, "V 1002", phone).startswith("Refus : seuls les responsables")
    assert alert(db).state == "open"


def test_who_comes_second_is_told_what_was_answered_when_and_by_whom(posts, db, clock):
    say(posts, "F 1002 non", OFFICER)
    clock.move(minutes=5)
    assert say(posts, "V 1002") == (
        "Refus : l'alerte 1002 est notée fausse depuis le 10/03 10:00 par le district. "
        "Seul un niveau au-dessus peut changer cela."
    )
    assert alert(db).state == "false"


def test_the_level_above_overrules_and_all_hear_of_it(posts, db):
    say(posts, "F 1002 non")
    assert say(posts, "V 1002", OFFICER) == (
        "Refus : le responsable du centre a noté l'alerte 1002 fausse le 10/03 10:00. "
        "Pour changer cela, renvoyez. Ex. V 1002"
    )
    assert alert(db).state == "false"
    words = say(posts, "V 1002", OFFICER)
    assert words.startswith(
        "Alerte 1002 Rougeole, Kourouba : vraie, c'est noté. Cela remplace l'avis d'avant (le responsable du centre)."
    )
    assert alert(db).state == "verified"


def test_the_number_of_the_report_leads_to_its_alert(posts, db):
    assert say(posts, "V 1001").startswith("Alerte 1002 Rougeole")
    assert alert(db).state == "verified"


def test_what_is_over_says_so(posts, db):
    row = alert(db)
    row.state, row.outcome, row.closed_at = "closed", "closed", posts.now()
    db.commit()
    assert say(posts, "V 1002") == "Refus : l'alerte 1002 est fermée depuis le 10/03 10:00."
    assert say(posts, "?1002").endswith("responsable du centre. Vraie. Fermée : terminée sans confirmation.")
    row.outcome = "discarded"
    db.commit()
    assert say(posts, "?1002").endswith("responsable du centre. Fermée : finalement aucun cas.")


def test_details_hold_two_parts_however_many_reports_there_are(posts, db):
    for age in range(4, 18):
        outposts.report(posts, f"CAS ROUGEOLE M {age}", village_id=KOUROUBA)
    handset(posts).arrived()
    words = say(posts, "?1002")
    assert count(words) == 2
    assert "15 cas. M 17 ans Kourouba 10/03 (Moussa +223 70 00 03 01); M 16 ans" in words
    assert " autres. Prévenus" in words
    assert words.endswith("V 1002 = vrai, F 1002 = faux")


def test_every_answer_is_one_part(posts, db):
    phone = handset(posts)
    for language in ("bm", "en"):
        phone.say(f"LANGUE {language}")
        for text in (
            "V 1002",
            "V 1002",
            "V 1002 08/03",
            "F 1002",
            "F 1002 non",
            "V 1002 12/03",
            "V",
            "F 77",
            "V 1002 F 9",
        ):
            [words] = phone.say(text)
            assert count(words) == 1, words
        reopened(db)


def test_sentences_and_answers_to_what_is_open_are_left_alone(posts, db):
    assert "AVIS" in say(posts, "faux numéro madame, ce n'est pas moi", "+22370000105")
    say(posts, "V pour vous et toute la famille aussi")
    assert alert(db).state == "open"
    assert db.scalars(select(CaseReport.standing)).all() == ["counted"]
    asked = handset(posts).say("CAS ROUGEOLE")[-1]
    assert "age" in asked.lower() or "âge" in asked
    assert "inconnu" not in say(posts, "F 3")


def test_help_tells_of_it_where_it_may_be_sent(posts):
    hint = "V 1004 = alerte vraie"
    assert [hint in say(posts, "AIDE", phone) for phone in (HEAD, OFFICER, ASC)] == [True, True, False]


def test_a_worker_asks_what_became_of_her_own_report(posts, db):
    own = say(posts, "?1001", ASC)
    assert own == "Rapport 1001, Rougeole : les responsables sont prévenus, on attend leur réponse."
    assert "Refus" in say(posts, "?1001", ASC_2)
    assert "Refus" in say(posts, "V 1001", ASC)
    say(posts, "V 1002")
    answer = handset(posts, ASC).say("?1001")[-1]
    assert answer == "Rapport 1001, Rougeole : c'est vrai, on s'en occupe."


def test_the_day_that_is_asked_is_heard_alone(posts, db):
    for typed, day in (("08/03", 8), ("hier", 9), ("le 8/3/2026", 8), ("aujourd'hui", 10)):
        assert say(posts, "V 1002").endswith("Premier signe quel jour ? Ex. 10/03")
        assert say(posts, typed).startswith("Alerte 1002 : c'est ajouté. Ensuite : évaluer le risque"), typed
        assert alert(db).emerged_on == date(2026, 3, day)
        reopened(db)


def test_a_day_that_can_not_be_is_asked_again(posts, db):
    say(posts, "V 1002")
    again = "\nPremier signe quel jour ? Ex. 10/03"
    for typed in ("35/11", "12", "merci", "12/03"):
        assert say(posts, typed) == f"Date {typed.upper()} invalide : un jour passé, en chiffres.{again}"
    assert alert(db).emerged_on is None
    assert say(posts, "09/03").startswith("Alerte 1002 : c'est ajouté.")


def test_the_reason_that_is_asked_is_heard_alone(posts, db):
    assert say(posts, "F 1002").endswith("Pourquoi ? Envoyez la raison.")
    assert say(posts, "autre maladie") == "Alerte 1002 : c'est ajouté."
    assert (alert(db).state, alert(db).reason) == ("false", "autre maladie")
    assert say(posts, "autre maladie").startswith("Merci, l'équipe")  # nothing is open any more


def test_anything_else_leaves_the_question(posts, db):
    for other in ("V 1002 08/03", "CAS PALU F 3", "?1002", "00"):
        say(posts, "F 1002")
        said = say(posts, other)
        assert "Pourquoi" not in said, said
        assert "c'est ajouté" not in say(posts, "autre maladie")
        assert alert(db).reason is None
        reopened(db)
    say(posts, "F 1002")
    assert handset(posts).dial()[0].startswith("Votre sant")
