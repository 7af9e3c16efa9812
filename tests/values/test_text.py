"""Keys for sorting and finding Ukrainian text."""

import pytest
from hypothesis import given, settings, strategies as st

from crm.backoffice.fields.base import FieldError
from crm.backoffice.text import ALPHABET, SORT_LENGTH, fold, sort_key
from tests.values.conftest import reader
from tests.values.test_facets import field

UKRAINIAN_ALPHABET = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"


def test_the_alphabet_stands_in_its_order() -> None:
    letters = sorted(UKRAINIAN_ALPHABET, key=sort_key)
    assert "".join(letters) == UKRAINIAN_ALPHABET
    assert set(UKRAINIAN_ALPHABET) < set(ALPHABET)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Євро", "Івано"),
        ("Івано", "Їжак"),
        ("Їжак", "Київ"),
        ("гора", "ґава"),
        ("9", "а"),
        ("я", "a"),
        ("z", "ω"),
        ("Іван Б", "Іванна"),
        ("яр", "Яр"),
        ("Яр", "ярмо"),
    ],
)
def test_one_word_stands_before_another(before: str, after: str) -> None:
    assert sort_key(before).encode() < sort_key(after).encode()


def test_apostrophes_and_quotes_do_not_change_the_place() -> None:
    assert sort_key("м'ята") == sort_key("м’ята") == sort_key("мята")
    assert sort_key("«київ»") == sort_key("київ")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=500))
def test_keys_are_bounded_and_can_be_stored(text: str) -> None:
    key = sort_key(text)
    assert len(key) <= SORT_LENGTH
    assert "\x00" not in key
    key.encode()


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_text_in_any_script_is_taken_and_tricks_are_not() -> None:
    spec, who = field("text"), reader()
    assert spec.parse("  שלום 😀  ", who) == "שלום 😀"
    assert spec.parse("рядок\r\nдругий", who) == "рядок другий"
    assert spec.parse("и\u0306", who) == "й", "a letter typed in two parts is the letter"
    for trick in ("a\x00b", "a\x1bb", "invoice\u202egnp.exe", "\ud800", "x" * 256):
        with pytest.raises(FieldError):
            spec.parse(trick, who)
    assert len(field("long_text").parse("ю" * 100_000, who)) == 100_000
    with pytest.raises(FieldError):
        field("long_text").parse("ю" * 100_001, who)


def test_countries_are_read_by_code_or_name() -> None:
    spec, who = field("country"), reader()
    names = {"South Korea": "KR", "United States": "US", "Philippines": "PH", "Kenya": "KE", "Romania": "RO", "україна": "UA", "pl": "PL"}
    assert {name: spec.read(name, who) for name in names} == names
    for wrong in ("Atlantis", "ZZ", "EU", "001"):
        with pytest.raises(FieldError):
            spec.read(wrong, who)


def test_options_are_read_by_key_then_label_then_number() -> None:
    spec, who = field("picklist"), reader()
    assert spec.read("medical", who) == spec.read("Медицина", who) == spec.read("MEDICAL", who) == spec.read(1, who) == 1
    assert spec.read("7", who) == 3, "a key of digits is a key first"
    for wrong in ("customer", 7, "nothing", 99):
        with pytest.raises(FieldError):
            spec.read(wrong, who)


def test_addresses_that_are_none_are_refused() -> None:
    who = reader()
    for wrong in ("a", "a@b", "a b@c.de", "@c.de", "a@c..de", ".a@c.de", "a@c.de, b@c.de", "a@c.de\nBcc: x@y.zz"):
        with pytest.raises(FieldError):
            field("email").parse(wrong, who)
    for wrong in (
        "javascript:alert(1)",
        "ftp://a.b",
        "data:text/html,x",
        "https://a b",
        "https://user:pw@host.example",
        "http://",
        "file:///etc/passwd",
        'https://x"onclick',
    ):
        with pytest.raises(FieldError):
            field("url").parse(wrong, who)
