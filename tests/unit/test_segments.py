"""What a text costs, how it folds, how it is matched."""

import pytest

from smsapp.segments import (
    BASIC,
    EXTENSION,
    clean,
    count,
    describe,
    encoding,
    fits_ussd,
    fold,
    search_key,
    septets,
    shorten,
    split,
)


def test_the_alphabet_is_gsm_03_38():
    assert len(BASIC) == 127  # 128 codes, one of them the escape
    assert len(EXTENSION) == 10
    assert BASIC.isdisjoint(EXTENSION)
    for outside in "`\t\x1bçêâîôûëïœÀÈÔÊÁ’“”«»…\u00a0ɛɔɲŋ":
        assert encoding(outside) == "UCS-2"
    for inside in "éèùìòàöüäñÇÉÅåÆæßØøΔΩ€[]{}\\^~|\n\r\f":
        assert encoding(inside) == "GSM-7"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 320, 3),  # two full texts make three parts, not two
        ("€" * 80, 1),
        ("a" * 159 + "€", 2),
        ("a" * 158 + "€", 1),
        # 306 septets, but the first part ends before the escape that would be cut
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        ("€" * 153, 3),  # 76 in a part: one septet of each part stays empty
        ("€" * 152, 2),
        ("ç" + "a" * 69, 1),
        ("ç" + "a" * 70, 2),
        ("ç" + "a" * 133, 2),
        ("ç" + "a" * 134, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ç" * 66 + "😀" + "ç" * 66, 3),  # 134 units, but the pair does not fit the first part
        ("ç" * 65 + "😀" + "ç" * 67, 2),
        ("😀" * 67, 3),  # 33 in a part
        ("ç€" * 35, 1),  # in UCS-2 nothing is escaped
    ],
)
def test_parts(text, parts):
    assert count(text) == parts
    assert len(split(text)) == parts
    assert "".join(split(text)) == text


def test_septets_count_escapes_twice():
    assert septets("a€[") == 5
    assert septets("") == 0


def test_ussd_room():
    assert fits_ussd("a" * 182)
    assert not fits_ussd("a" * 183)
    assert not fits_ussd("€" * 92)
    assert fits_ussd("ɛ" * 80)
    assert not fits_ussd("ɛ" * 81)
    assert not fits_ussd("😀" * 41)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ɛɔɲŋ", "èònyng"),
        ("Ɛɔ Ɔɔ Ɲɛ Ŋa", "Eò Oò Nyè Nga"),
        ("ɛ\u0301 ɔ\u0300 è\u0300 Ɛ\u0301 a\u030c ɛ\u030c\u0301", "è ò è E a è"),
        ("á ǎ í ó ú ǹ ḿ", "a a i o u n m"),
        ("e\u0300 E\u0301 a\u0300 u\u0308", "è É à ü"),  # composed first: what GSM-7 has stays
        ("àéèùìòñÇÉäöüÄÖÜßåøæ", "àéèùìòñÇÉäöüÄÖÜßåøæ"),
        ("reçu maïs août être Noël ÿ", "recu mais aout etre Noel y"),
        ("À È Ê Ë Î Ï Ô Ù Û Ÿ Á", "A E E E I I O U U Y A"),
        ("œuf Œuvre", "oeuf OEuvre"),
        ("l’enfant d‘un kʼa `x´", "l'enfant d'un k'a 'x'"),
        ("« Bonjour »", '"Bonjour"'),
        ("«\u00a0oui\u202f», «non»", '"oui", "non"'),
        ("“a” „b‟", '"a" "b"'),
        ("a – b — c ‑ d −5 • e", "a - b - c - d -5 - e"),
        ("attendez…", "attendez..."),
        ("20\u202f000\u00a0F\u2009!\tx", "20 000 F ! x"),
        ("a\u200bb\u200dc\ufeffd\u2060e\u00adf\u200e", "abcdef"),
        ("½ 2½ m² 10² 1ᵉʳ n° 39°C", "1/2 2 1/2 m2 10^2 1er no 39oC"),
        ("≤5 ≥5 ≠ ± × ÷", "<=5 >=5 != +/- x /"),
        ("ɓ ɗ ƴ Ɓ ṭ ḍ ł Ł đ ı ẞ ə ɣ", "b d y B t d l L d i SS e gh"),
        ("ầ ế ǟ ﬁ Ａ１ №", "a e ä fi A1 No"),
        ("a\u2028b\u0085c", "a\nb\nc"),
        ("a\x00b\x07", "ab"),
        ("100 € [x]", "100 € [x]"),
        ("Привет مرحبا ߒߞߏ 你好 ά Ώ 😀", "Привет مرحبا ߒߞߏ 你好 ά Ώ 😀"),
        ("\ud83d\ude00 \ud800", "😀 \ufffd"),
        ("", ""),
    ],
)
def test_fold(text, sent):
    assert fold(text) == sent
    assert fold(sent) == sent


def test_fold_brings_a_bambara_text_to_one_part():
    text = "Aw ni ce. Den min bolo mana ci, o ye den lakanalen ye. Boloci ka kan ka kɛ dɔgɔtɔrɔso la, i ɲɛ ka ŋaniya."
    assert (encoding(text), count(text)) == ("UCS-2", 2)
    assert (encoding(fold(text)), count(fold(text))) == ("GSM-7", 1)


@pytest.mark.parametrize(
    "spellings",
    [
        ("dɔgɔtɔrɔso", "dògòtòròso", "dogotoroso", "DƆGƆTƆRƆSO", "dɔ́gɔ̀tɔrɔso"),
        ("ɲɛ", "nyè", "nye", "ñe", "ÑE", "Ɲɛ"),
        ("ŋaniya", "nganiya", "Ŋaniya"),
        ("ARRÊT", "arret", "Arrêt", "arre\u0302t"),
        ("Février", "fevrier", "  FÉVRIER "),
        ("cœur", "COEUR"),
        ("aujourd’hui", "aujourd'hui", "AUJOURD`HUI"),
        ("ça va", "Ça\u00a0 va"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_share_a_search_key(spellings):
    assert len({search_key(s) for s in spellings}) == 1


def test_search_keys_keep_words_apart():
    assert search_key("ɲɛ") != search_key("ne")
    assert search_key("ŋa") != search_key("na")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  AVIS \n", "AVIS"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("12\t03", "12 03"),
        ("a\x00b\x1b\x7f", "ab"),
        ("\u202e1\u202c\u200b\ufeff", "1"),
        ("e\u0301", "é"),
        ("x\ud800y", "x\ufffdy"),
        ("\ud83d\ude00", "😀"),
        ("ɛ ߁ ١", "ɛ ߁ ١"),
        ("", ""),
    ],
)
def test_clean(text, kept):
    assert clean(text) == kept


def test_shorten():
    assert shorten("a" * 500) == "a" * 160
    assert shorten("a" * 500, parts=2) == "a" * 306
    assert shorten("a" * 159 + "€") == "a" * 159
    assert shorten("ç" * 69 + "😀") == "ç" * 69
    assert shorten("ç" * 69 + "ɛ\u0301x") == "ç" * 69
    assert shorten("court") == "court"
    assert shorten("court", parts=0) == ""


def test_describe():
    assert describe([{"text": "Ɔwɔ", "fold": True}, {"text": "Ɔwɔ", "fold": False}, {"text": ""}]) == [
        {"encoding": "GSM-7", "segments": 1, "text": "Owò"},
        {"encoding": "UCS-2", "segments": 1, "text": "Ɔwɔ"},
        {"encoding": "GSM-7", "segments": 1, "text": ""},
    ]


@pytest.mark.parametrize(
    "wrong", [None, {}, "x", 3, [1], [{}], [{"text": 1}], [{"text": "a", "fold": "yes"}], [{"text": "a", "fold": None}]]
)
def test_describe_refuses_with_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        describe(wrong)
