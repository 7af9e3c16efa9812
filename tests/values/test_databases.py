"""Both databases keep, add, order, find and mask alike."""

import random
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, func, insert, select, text as raw_sql

from crm.backoffice.fields.base import Field
from crm.backoffice.types import FileRef, MoneyType, ScaledDecimal, UtcMoment, product
from tests.values.conftest import reader
from tests.values.test_facets import field

MILLION = 1_000_000


def rows(database: Engine, statement: Any) -> list[Any]:
    with database.connect() as connection:
        return list(connection.scalars(statement))


def found(database: Engine, table: Table, spec: Field, op: str, value: Any) -> list[Any]:
    predicate = spec.compare(lambda companion: table.c[spec.attribute + companion], op, spec.operand(op, value, reader()))
    return rows(database, select(table.c[spec.attribute]).where(predicate).order_by(table.c.id))


@pytest.mark.parametrize("kind", [MoneyType(), ScaledDecimal(6), ScaledDecimal(0)], ids=repr)
def test_the_sum_of_a_million_random_numbers_is_exact(database: Engine, kind: ScaledDecimal) -> None:
    random.seed(7)
    top = 10 ** (11 if kind.scale == 4 else 12)
    numbers = [Decimal(random.randint(-top, top)).scaleb(-kind.scale) for _ in range(MILLION if kind.scale == 4 else MILLION // 10)]
    table = Table(f"sums_{kind.scale}", MetaData(), Column("amount", kind))
    with database.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        scaled = [int(n.scaleb(kind.scale)) for n in numbers] if database.dialect.name == "sqlite" else numbers
        cursor = connection.connection.cursor()
        if database.dialect.name == "sqlite":
            cursor.executemany(f"insert into {table.name} values (?)", [(n,) for n in scaled])
        else:
            with cursor.copy(f"copy {table.name} from stdin") as copy:
                for number in scaled:
                    copy.write_row((number,))
        total = connection.scalar(select(func.sum(table.c.amount)))
        largest = connection.scalar(select(func.max(table.c.amount)))
        positive = connection.scalar(select(func.sum(table.c.amount)).where(table.c.amount > Decimal("0.5")))
        table.drop(connection)
    assert isinstance(total, Decimal)
    assert (total, largest, positive) == (sum(numbers), max(numbers), sum(n for n in numbers if n > Decimal("0.5")))


def test_what_was_written_is_what_is_read(database: Engine, make_table: Any) -> None:
    for kind, values in {
        "money": [Decimal("0.0001"), Decimal("-99999999999999.9999"), Decimal("99999999999999.9999"), None],
        "percent": [Decimal("0.000001"), Decimal("-1"), Decimal("0.333333")],
        "integer": [2**63 - 1, -(2**63) + 1, 0],
        "date": [date(1000, 1, 1), date(9999, 12, 31)],
        "moment": [datetime(1000, 1, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)],
        "boolean": [True, False, None],
        "text": ["😀 עברית", "'; drop table x; --", "%_/\\"],
    }.items():
        table = make_table(field(kind), values)
        got = rows(database, select(table.c["it"]).order_by(table.c.id))
        assert got == values
        assert [type(v) for v in got] == [type(v) for v in values]


def test_moments_are_ordered_by_time_and_naive_ones_are_refused(database: Engine, make_table: Any) -> None:
    moments = [
        datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 21, 59, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
    ]
    spec = field("moment")
    table = make_table(spec, moments)
    assert rows(database, select(table.c["it"]).order_by(table.c["it"])) == sorted(moments)
    assert found(database, table, spec, "within", "1999") == [moments[2]], (
        "the year of Kyiv ended two hours before that of UTC; this moment is before both ends"
    )
    with pytest.raises(ValueError, match="without a time zone"):
        UtcMoment().process_bind_param(datetime(2026, 1, 1), database.dialect)


def test_a_bare_date_means_the_whole_day_in_the_readers_zone(database: Engine, make_table: Any) -> None:
    first, last, after = (
        datetime(2026, 11, 23, 22, tzinfo=UTC),
        datetime(2026, 11, 24, 21, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 11, 24, 22, tzinfo=UTC),
    )
    spec = field("moment")
    table = make_table(spec, [first, last, after])
    for op, value, expected in (
        ("eq", "2026-11-24", [first, last]),
        ("le", "2026-11-24", [first, last]),
        ("lt", "2026-11-24", []),
        ("gt", "2026-11-24", [after]),
        ("ge", "2026-11-24", [first, last, after]),
        ("between", ["2026-11-24", "2026-11-24"], [first, last]),
        ("within", "today", [first, last]),
        ("in", ["2026-11-25"], [after]),
        ("within", "last_1_days", [first, last]),
    ):
        assert found(database, table, spec, op, value) == expected, (op, value)


UKRAINIAN = [
    "12 стільців",
    "абрикос",
    "Авангард",
    "гора",
    "ґава",
    "дім",
    "Євро",
    "жук",
    "Захід",
    "Івано",
    "Івано-Франківськ",
    "Їжак",
    "йод",
    "Київ",
    "«Київстар»",
    "ліс",
    "мʼята",
    "мята",
    "щука",
    "юрта",
    "яр",
    "Éclair",
    "Zoo",
    "Ωmega",
]


def test_both_databases_sort_by_the_ukrainian_alphabet(database: Engine, make_table: Any) -> None:
    spec = field("text")
    shuffled = UKRAINIAN[:]
    random.Random(3).shuffle(shuffled)
    table = make_table(spec, shuffled)
    ordered = rows(database, select(table.c["it"]).order_by(table.c["it__sort"], table.c.id))
    tied = {"мʼята", "мята"}
    assert [w for w in ordered if w not in tied] == [w for w in UKRAINIAN if w not in tied]
    assert {ordered[UKRAINIAN.index("мʼята")], ordered[UKRAINIAN.index("мята")]} == tied


def test_text_is_found_whatever_its_case_apostrophe_or_g(database: Engine, make_table: Any) -> None:
    spec = field("text")
    table = make_table(spec, ["ТОВ «Київ»", "Ґава", "М’ята", "100% сік", "a_b", "Straße"])
    for piece, expected in {
        "київ": ["ТОВ «Київ»"],
        "КИЇВ": ["ТОВ «Київ»"],
        "гава": ["Ґава"],
        "м'ята": ["М’ята"],
        "мята": ["М’ята"],
        "%": ["100% сік"],
        "_": ["a_b"],
        "strasse": ["Straße"],
        "": [],
    }.items():
        assert found(database, table, spec, "contains", piece) == expected, piece
    assert found(database, table, spec, "starts", "тов") == ["ТОВ «Київ»"]
    assert found(database, table, spec, "eq", "Ґава") == ["Ґава"]
    assert found(database, table, spec, "eq", "ґава") == []


def test_phones_are_kept_found_and_marked(database: Engine, make_table: Any) -> None:
    spec = field("phone")
    written = ["(044) 123-45-67", "+1 650 253 0000", "050 111 22 33 дод. 12", "немає", "+380 12", "044 123-45-67, 050 111-22-33"]
    table = make_table(spec, written)
    kept = rows(database, select(table.c["it"]).order_by(table.c.id))
    assert kept == ["+380441234567", "+16502530000", "+380501112233;ext=12", "немає", "+380 12", "044 123-45-67, 050 111-22-33"]
    show = spec.formatter(reader())
    assert [show(v) for v in kept] == [
        "044 123 4567",
        "+1 650-253-0000",
        "050 111 2233 x12",
        "⚠\u00a0немає",
        "⚠\u00a0+380 12",
        "⚠\u00a0044 123-45-67, 050 111-22-33",
    ]
    for piece, expected in {"044 123": [kept[0], kept[5]], "(650) 253": [kept[1]], "Марія": [], "2233": [kept[2], kept[5]]}.items():
        assert found(database, table, spec, "contains", piece) == expected, piece
    assert found(database, table, spec, "starts", "050") == [kept[2]]
    assert found(database, table, spec, "eq", "0441234567") == [kept[0]]


def test_emails_and_addresses_are_found_in_any_case(database: Engine, make_table: Any) -> None:
    spec = field("email")
    table = make_table(spec, ["Ivan.Petrenko@Example.COM", "o'brien@example.org"])
    assert (
        found(database, table, spec, "contains", "PETRENKO") == found(database, table, spec, "eq", "IVAN.petrenko@example.com") == ["ivan.petrenko@example.com"]
    )
    spec = field("url")
    table = make_table(spec, ["Example.com/Шлях", "HTTP://Other.example:8080"])
    assert rows(database, select(table.c["it"]).order_by(table.c.id)) == ["https://example.com/Шлях", "http://other.example:8080"]
    assert found(database, table, spec, "contains", "ШЛЯХ") == ["https://example.com/Шлях"]


MASKED = {
    "text": (["Їжак", "a", None], ["Ї•••", "a•••", None]),
    "email": (["ivan.p@mail.example.ua", None], ["i•••@•••.ua", None]),
    "phone": (["0441234567", "12", None], ["••• 67", "•••", None]),
    "money": ([Decimal("5"), None], ["•••", None]),
    "integer": ([5, None], ["•••", None]),
    "duration": ([90, None], ["•••", None]),
    "date": ([date(2026, 1, 1), None], ["•••", None]),
    "country": (["UA", None], ["•••", None]),
    "tax_code": (["32855961", None], ["•••", None]),
    "iban": (["UA213223130000026007233566001", None], ["UA••• 6001", None]),
    "file": ([FileRef("0" * 32, "секрет.pdf", 1, "application/pdf", "0" * 64), None], ["•••", None]),
    "rich_text": (["<p>секрет</p>", None], ["•••", None]),
    "url": (["https://secret.example", None], ["•••", None]),
}


@pytest.mark.parametrize("kind", MASKED)
def test_masks_are_computed_by_the_database_and_tell_little(database: Engine, make_table: Any, kind: str) -> None:
    values, expected = MASKED[kind]
    spec = field(kind)
    table = make_table(spec, values)
    assert rows(database, select(spec.mask(table.c["it"])).order_by(table.c.id)) == expected


def test_products_are_rounded_alike_and_a_plain_product_is_refused(database: Engine) -> None:
    random.seed(11)
    pairs = [(Decimal(random.randint(-(10**17), 10**17)).scaleb(-4), Decimal(random.randint(-2_000_000, 2_000_000)).scaleb(-6)) for _ in range(500)]
    pairs += [
        (Decimal("0.0001"), Decimal("0.5")),
        (Decimal("-0.0001"), Decimal("0.5")),
        (Decimal("99999999999999.9999"), Decimal("1")),
        (Decimal("-3"), Decimal("-0.333333")),
    ]
    table = Table("products", MetaData(), Column("id", Integer, primary_key=True), Column("amount", MoneyType()), Column("share", ScaledDecimal(6)))
    with database.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"amount": a, "share": s} for a, s in pairs])
        got = list(connection.scalars(select(product(table.c.amount, table.c.share)).order_by(table.c.id)))
        connection.execute(raw_sql("drop table products"))
    assert got == [(a * s).quantize(Decimal("0.0001"), ROUND_HALF_UP) for a, s in pairs]
    with pytest.raises(TypeError, match="product"):
        _ = table.c.amount * table.c.share
    with pytest.raises(TypeError, match="whole numbers"):
        _ = table.c.amount * Decimal("0.5")


def test_an_option_whose_number_is_a_part_of_another_is_not_taken_for_it(database: Engine, make_table: Any) -> None:
    spec = field("multi_picklist")
    sets = [(1,), (11,), (2, 13), (1, 21), (3, 11, 12), None]
    table = make_table(spec, sets)
    assert rows(database, select(table.c["it"]).order_by(table.c.id)) == sets

    def holding(op: str, *numbers: int) -> list[Any]:
        return rows(database, select(table.c["it"]).where(spec.compare(lambda companion: table.c["it" + companion], op, numbers)).order_by(table.c.id))

    assert holding("eq", 1) == [(1,), (1, 21)]
    assert holding("eq", 2) == [(2, 13)]
    assert holding("in", 3, 21) == [(1, 21), (3, 11, 12)]
    assert holding("contains", 12, 3) == [(3, 11, 12)]
    assert holding("contains", 1, 2) == []
    assert holding("in") == []
    assert rows(database, select(spec.mask(table.c["it"])).order_by(table.c.id)) == ["•••"] * 5 + [None]
