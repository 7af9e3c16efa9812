"""Every type of field answers every question that the rest of the product asks of a field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import Column, Dialect, MetaData, Table, column as sql_column, select
from sqlalchemy.dialects import postgresql, sqlite

from crm.backoffice.fields import TYPES, Ref
from crm.backoffice.fields.base import Field, FieldError
from crm.backoffice.types import FileRef
from crm.messages import Label, Message, render
from tests.values.conftest import reader

FACETS: dict[str, dict[str, Any]] = {
    "picklist": {"picklist": "industry"}, "multi_picklist": {"picklist": "industry"}, "reference": {"target": "stage"}, "many_to_many": {"target": "account"},
}
EXAMPLES: dict[str, Any] = {
    "text": "Компанія «Їжак» №1",
    "long_text": "Перший рядок\nдругий\t!",
    "rich_text": "<p>Перший <b>рядок</b></p><ul><li>другий &amp; третій</li></ul>",
    "integer": -1234567,
    "decimal": Decimal("-1234.5678"),
    "money": Decimal("1234567.8900"),
    "currency": "UAH",
    "percent": Decimal("0.125000"),
    "date": date(2026, 11, 24),
    "moment": datetime(2026, 11, 24, 13, 30, tzinfo=UTC),
    "duration": 90,
    "boolean": True,
    "picklist": 1,
    "multi_picklist": (1, 2),
    "email": "іван@пошта.укр",
    "phone": "+380441234567",
    "url": "https://example.com/a?b=%20#c",
    "tax_code": "32855961",
    "iban": "UA213223130000026007233566001",
    "country": "KR",
    "reference": 1,
    "many_to_many": (1, 2, 3),
    "file": FileRef("0" * 32, "Договір №1.pdf", 1200, "application/pdf", "0" * 64),
    "image": FileRef("1" * 32, "ґанок.png", 900, "image/png", "0" * 64, "2" * 32, 40, 30),
}
WRITTEN_NOWHERE = ("file", "image")  # no text names a file
SHOWN = {
    "uk": {
        "rich_text": "Перший рядок\n• другий & третій",
        "integer": "-1\u00a0234\u00a0567",
        "decimal": "-1\u00a0234,5678",
        "money": "1\u00a0234\u00a0567,89",
        "percent": "12,5\u00a0%",
        "date": "24.11.2026",
        "moment": "24.11.2026 15:30",
        "duration": "1\u00a0год 30\u00a0хв",
        "boolean": "так",
        "picklist": "Медицина",
        "multi_picklist": "Медицина, Роздріб",
        "phone": "044 123 4567",
        "iban": "UA21 3223 1300 0002 6007 2335 6600 1",
        "country": "Південна Корея",
        "reference": "Знайомство",
        "many_to_many": "•, •, •",
        "file": "Договір №1.pdf",
        "image": "ґанок.png",
    },
    "en": {
        "rich_text": "Перший рядок\n• другий & третій",
        "integer": "-1,234,567",
        "decimal": "-1,234.5678",
        "money": "1,234,567.89",
        "percent": "12.5%",
        "date": "24 Nov 2026",
        "moment": "24 Nov 2026, 15:30",
        "duration": "1\u00a0h 30\u00a0min",
        "boolean": "yes",
        "picklist": "Medical",
        "multi_picklist": "Medical, Retail",
        "phone": "044 123 4567",
        "iban": "UA21 3223 1300 0002 6007 2335 6600 1",
        "country": "South Korea",
        "reference": "Engaging",
        "many_to_many": "•, •, •",
        "file": "Договір №1.pdf",
        "image": "ґанок.png",
    },
}
DIALECTS: list[Dialect] = [sqlite.dialect(), postgresql.dialect()]


def field(kind: str, **facets: Any) -> Field:
    return TYPES[kind](label=Label("Поле", "Field"), **FACETS.get(kind, {}), **facets).bound("it", "it" + TYPES[kind].suffix)


def test_every_type_has_an_example() -> None:
    assert set(EXAMPLES) == set(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_stores_shows_reads_and_writes_its_value(kind: str) -> None:
    spec, value = field(kind), EXAMPLES[kind]
    assert spec.type == kind
    for language in ("uk", "en"):
        who = reader(language)
        assert spec.clean(value) == value
        assert spec.clean(None) is None
        assert spec.parse("", who) is None
        assert spec.parse(" ", who) is None
        assert spec.read(None, who) is None
        assert spec.export(None, who) is None
        assert spec.input_text(None, who) == ""
        show = spec.formatter(who)
        assert show(None) == ""
        assert show(value) == SHOWN[language].get(kind, value)
        assert isinstance(spec.export(value, who), str | int | bool)
        if kind not in WRITTEN_NOWHERE:
            assert spec.parse(spec.input_text(value, who), who) == value
            assert spec.read(spec.export(value, who) if kind != "many_to_many" else list(value), who) == value
        assert spec.unjournal(spec.journal(value)) == value
        assert spec.journal(None) is None


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"many_to_many"}))
def test_every_type_has_columns_companions_and_a_textual_mask_on_both_databases(kind: str) -> None:
    spec = field(kind)
    written = spec.stored(EXAMPLES[kind])
    assert set(written) == {spec.attribute + suffix for suffix in ("", *spec.companions)}
    assert all(value is None for value in spec.stored(None).values())
    assert spec.sort_companion() in ("", *spec.companions)
    main = Column(spec.attribute, spec.sql_type())
    columns = [main, *(Column(spec.attribute + suffix, spec.companion_type(suffix)) for suffix in spec.companions)]
    table = Table(f"t_{kind}", MetaData(), *columns)
    for dialect in DIALECTS:
        assert str(select(spec.mask(table.c[spec.attribute])).compile(dialect=dialect))
    assert spec.mask(table.c[spec.attribute]).type.python_type is str


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"many_to_many"}))
def test_every_operator_that_a_type_names_becomes_a_predicate(kind: str) -> None:
    spec, who = field(kind), reader()
    exported = spec.export(EXAMPLES[kind][:1] if spec.multiple else EXAMPLES[kind], who)
    operands: dict[str, Any] = {"in": [exported], "not_in": [exported], "between": [exported, exported], "within": "this_month", "contains": "1", "starts": "1"}
    for op in spec.operators:
        operand = spec.operand(op, operands.get(op, exported), who)
        positive = {"ne": "eq", "not_in": "in", "empty": "not_empty"}.get(op, op)
        predicate = spec.compare(lambda companion: sql_column("it" + companion, spec.sql_type()), positive, operand)
        assert str(predicate.compile(dialect=DIALECTS[0]))


HOSTILE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe",
    "😀" * 300,
    "x" * 200_000,
    "١٢٣",
    "NaN",
    "Infinity",
    "1e999",
    "-",
    "--1",
    "1..2",
    "+",
    "%",
    "0x10",
    "99999999999999999999999",
    "2026-02-30",
    "31.02.2026",
    "0000-00-00",
    "25:61",
    "2026-11-24T25:00",
    "javascript:alert(1)",
    "@",
    "a@",
    "a@b",
    "[]",
    "{}",
    "null",
    "9" * 90,
    "1_000",
    "²",
    "-0",
    "1,,000",
    ",",
    ".",
    "1e5",
    "T",
    "999999999999",
    "null@null",
    "https://",
    "http://[",
    "//",
    "today..",
    "..",
    "A..B",
]
ODD: list[Any] = [
    [],
    {},
    [1],
    {"a": 1},
    float("nan"),
    float("inf"),
    1e308,
    -1,
    0,
    2**63,
    -(2**63),
    10**400,
    True,
    False,
    object(),
    b"x",
    Decimal("NaN"),
    Decimal("1e400"),
    date.max,
    datetime.max,
    datetime.min.replace(tzinfo=UTC),
]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("language", ["uk", "en"])
def test_what_a_type_does_not_accept_is_refused_with_a_sentence_and_nothing_else(kind: str, language: str) -> None:
    spec, who = field(kind), reader(language)
    attempts = [lambda v=v: spec.parse(v, who) for v in HOSTILE]
    for v in [*HOSTILE, *ODD]:
        attempts += [lambda v=v: spec.read(v, who), lambda v=v: spec.clean(v)]
        attempts += [lambda v=v, op=op: spec.operand(op, v, who) for op in spec.operators]
    answers = [answer for attempt in attempts if (answer := refusal(attempt))]
    assert answers
    assert all(render(answer, language) for answer in answers)


def refusal(attempt: Callable[[], Any]) -> Message | None:
    """The sentence of a refusal; anything raised but a FieldError is the test's failure."""
    try:
        attempt()
    except FieldError as error:
        return error.message
    return None


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40), language=st.sampled_from(["uk", "en"]))
def test_no_text_breaks_a_type_and_what_it_takes_it_takes_again(kind: str, text: str, language: str) -> None:
    spec, who = field(kind), reader(language)
    try:
        value = spec.parse(text, who)
    except FieldError:
        return
    assert spec.parse(spec.input_text(value, who), who) == value
    assert isinstance(spec.formatter(who)(value), str)


PIECES = (
    "<p>", "</p>", "<b>", "</b>", "<ul>", "<li>", "</ul>", "<div>", "</div>", "<a href='https://a.example'>", "</a>", "<h2>", "<blockquote>", "&lt;",
    "&amp;", "<!--", "-->", "<script>", "</script>", "<svg>", "<math>", "<style>", "<table>", "<td>", "<pre>", "<br>", "<", ">", '"',
    "<img src=x onerror=alert(1)>", "<a href=javascript:x>",
)
amounts = st.decimals(min_value=Decimal("-99999999999999.9999"), max_value=Decimal("99999999999999.9999"), places=4, allow_nan=False)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "money": amounts,
    "decimal": amounts.map(lambda a: a.quantize(Decimal("0.0001"))).filter(lambda a: abs(a) < 10**14),
    "percent": st.decimals(min_value=-1000, max_value=1000, places=6, allow_nan=False),
    "date": st.dates(min_value=date(1000, 1, 1)),
    "moment": st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 29), timezones=st.just(UTC)),
    "duration": st.integers(0, 60_000_000),
    "boolean": st.booleans(),
    "picklist": st.sampled_from([1, 2, 3]),
    "multi_picklist": st.sets(st.sampled_from([1, 2, 3])).map(tuple),
    "currency": st.sampled_from(["UAH", "USD", "EUR", "JPY"]),
    "country": st.sampled_from(["UA", "PL", "KR", "US", "GB"]),
    "text": st.text(max_size=100),
    "long_text": st.text(max_size=300),
    "rich_text": st.lists(st.one_of(st.text(max_size=20), st.sampled_from(PIECES)), max_size=12).map("".join),
}


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=150, deadline=None)
@given(data=st.data(), language=st.sampled_from(["uk", "en"]), zone=st.sampled_from(["Europe/Kyiv", "America/St_Johns", "Asia/Kathmandu"]))
def test_a_value_survives_its_input_its_file_and_the_journal(kind: str, data: st.DataObject, language: str, zone: str) -> None:
    spec, who = field(kind), reader(language, zone)
    try:
        value = spec.clean(data.draw(VALUES[kind]))
    except FieldError:
        assert kind in ("text", "long_text", "rich_text")
        return
    assert spec.clean(value) == value
    assert spec.parse(spec.input_text(value, who), who) == value
    assert spec.read(spec.export(value, who), who) == value
    assert spec.unjournal(spec.journal(value)) == value


def test_a_decimal_never_comes_from_a_float() -> None:
    for kind in ("decimal", "money", "percent", "integer", "duration"):
        with pytest.raises(FieldError):
            field(kind).clean(0.1)
    assert field("money").read(0.1, reader()) == Decimal("0.1"), "a condition's JSON has floats; they mean what is written"


def test_a_field_is_bound_to_its_key_without_losing_a_facet() -> None:
    spec = field("text", required=True, searchable=True)
    assert replace(spec, key="other").required
    assert spec.bound("a", "b").attribute == "b"


def test_references_show_names_marks_and_labels() -> None:
    who = reader("en")
    account = replace(field("reference"), target="account")
    show = account.formatter(who)
    assert (show(Ref(1, "Rollins")), show(Ref(2, None)), show(3)) == ("Rollins", "•", "•")
    assert account.export(Ref(1, "A-1"), who) == "A-1"
    assert account.export(Ref(1, None), who) is None
    assert account.read("A-1", who) == "A-1", "only a session may resolve a code"
    stage = field("reference")
    assert stage.export(2, who) == "won"
    assert stage.read("maven.won", who) == 2
    assert stage.read("won", who) == "won", "two pipelines have it: who knows the pipeline chooses"
    assert stage.operand("eq", "won", who) == (2, 3)
    with pytest.raises(FieldError):
        stage.read("nonsense", who)


def test_many_references_are_a_set_in_order_written_as_a_list_of_codes() -> None:
    spec, who = field("many_to_many"), reader()
    assert spec.clean([3, 1, 3]) == (1, 3)
    assert spec.formatter(who)((Ref(1, "Перша"), Ref(2, None))) == "Перша, •"
    assert spec.export((Ref(1, "A-1"), Ref(2, "A-2")), who) == "A-1; A-2"
    assert spec.read("A-1; A-2", who) == ("A-1", "A-2")
    with pytest.raises(TypeError):
        spec.sql_type()


def test_moments_respect_the_reader_and_the_hours_that_clocks_skip_or_repeat() -> None:
    spec, who = field("moment"), reader()
    assert spec.parse("24.11.2026 15:30", who) == datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    assert spec.parse("2026-11-24", who) == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert spec.read("2026-11-24T15:30:00Z", who) == datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    with pytest.raises(FieldError, match="no such time"):
        spec.parse("2026-03-29T03:30", who)
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for moment in (autumn, autumn + timedelta(hours=1)):
        assert spec.parse(spec.input_text(moment, who), who) == moment
    assert spec.input_text(autumn, who) == "2026-10-25T03:30"


def test_dates_are_read_as_people_write_them() -> None:
    spec = field("date")
    for text in ("2026-11-04", "04.11.2026", "4.11.26", "4/11/2026", "4 листопада 2026 р.", "4 лист. 2026", "4 November 2026", "Nov 4, 2026"):
        assert spec.parse(text, reader()) == date(2026, 11, 4), text
    assert spec.parse("4/24/2026", reader("en")) == date(2026, 4, 24)
    assert spec.parse("24/4/2026", reader("en")) == date(2026, 4, 24)
    with pytest.raises(FieldError, match="two dates"):
        spec.parse("4/11/2026", reader("en"))
    assert spec.parse("1.2.84", reader()) == date(1984, 2, 1)
