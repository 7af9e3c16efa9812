"""Rates of exchange: files of the National Bank, the table of rates, and which rate holds on a day. Figures worked out by hand."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select, update

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.exchange.table import Unreadable
from crm.backoffice.money import exact_sum, round_half_up
from crm.backoffice.rates import Quoted, Rates, read_rates
from crm.errors import BadRequest, Forbidden, Invalid
from crm.organization.rates import nbu
from crm.organization.rates.loading import Loaded, in_base, load
from crm.organization.rates.nbu import Quote, read
from tests.company import Company

DAY = date(2026, 11, 25)
JSON = json.dumps([
    {"r030": 840, "txt": "Долар США", "rate": 41.2345, "cc": "USD", "exchangedate": "25.11.2026"},
    {"r030": 978, "txt": "Євро", "rate": 47.8032, "cc": "EUR", "exchangedate": "25.11.2026", "special": None},
    {"r030": 360, "txt": "Рупія", "rate": 0.0026, "cc": "IDR", "exchangedate": "25.11.2026"},
], ensure_ascii=False).encode()
XML = """<?xml version="1.0" encoding="utf-8"?>
<exchange>
  <currency><r030>840</r030><txt>Долар США</txt><rate>41.2345</rate><cc>USD</cc><exchangedate>25.11.2026</exchangedate></currency>
  <currency><r030>978</r030><txt>Євро</txt><rate>47.8032</rate><cc>EUR</cc><exchangedate>25.11.2026</exchangedate></currency>
  <currency><r030>360</r030><txt>Рупія</txt><rate>0.0026</rate><cc>IDR</cc><exchangedate>25.11.2026</exchangedate></currency>
</exchange>
"""
PERIOD = json.dumps([  # exchange_site: forints by the hundred, rupees by the ten thousand
    {"exchangedate": "24.11.2026", "r030": 348, "cc": "HUF", "txt": "Форинт", "enname": "Forint", "rate": 12.4457, "units": 100, "rate_per_unit": 0.124457,
     "group": "1", "calcdate": "21.11.2026"},
    {"exchangedate": "25.11.2026", "r030": 348, "cc": "HUF", "txt": "Форинт", "enname": "Forint", "rate": 12.5, "units": 100, "rate_per_unit": 0.125,
     "group": "1", "calcdate": "24.11.2026"},
    {"exchangedate": "25.11.2026", "r030": 360, "cc": "IDR", "txt": "Рупія", "enname": "Rupiah", "rate": 26, "units": 10000, "rate_per_unit": 0.0026},
]).encode()
TABLE = (
    "Дата;Код цифровий;Код літерний;Кількість одиниць;Назва валюти;Офіційний курс гривні, грн\n"
    "25.11.2026;840;USD;1;Долар США;41,2345\n25.11.2026;348;HUF;100;Форинт;12,5\n"
)
EVERY = [Quote("USD", DAY, Decimal("41.2345")), Quote("EUR", DAY, Decimal("47.8032")), Quote("IDR", DAY, Decimal("0.0026"))]


@pytest.mark.parametrize("content", [JSON, b"\xef\xbb\xbf" + JSON, XML.encode(), XML.replace("utf-8", "windows-1251").encode("cp1251")])
def test_what_the_bank_gives_is_read_as_it_stands(content: bytes) -> None:
    assert read(content) == EVERY


def test_a_rate_for_many_units_is_that_of_one() -> None:
    found = [(q.currency, q.day.day, q.hryvnias) for q in read(PERIOD)]
    assert found == [("HUF", 24, Decimal("0.124457")), ("HUF", 25, Decimal("0.125")), ("IDR", 25, Decimal("0.0026"))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_a_table_from_the_banks_site_is_read_by_the_heads_of_its_columns(encoding: str) -> None:
    assert [(q.currency, q.hryvnias) for q in read(TABLE.encode(encoding))] == [("USD", Decimal("41.2345")), ("HUF", Decimal("0.125"))]
    assert read(b"cc,exchangedate,rate\r\nUSD,2026-11-25,41.2345\r\n") == EVERY[:1]


def entry(**values: Any) -> bytes:
    return json.dumps([{"cc": "USD", "exchangedate": "25.11.2026", "rate": 41.2, **values}]).encode()


@pytest.mark.parametrize("content", [
    b"", b"  ", b"[]", b"{}", b"[1]", b"[{}]", b"[", b"<exchange>", b"<exchange/>", b"<other><currency/></other>", b"cc,rate\nUSD,41\n", b"text", b"\x98\x00",
    "Дата;Код літерний;Офіційний курс\n25.11.2026;USD;сорок\n".encode(), JSON.decode().encode("cp1251"), JSON.decode().encode("utf-16"),
    XML.encode("cp1251"), b'<?xml version="1.0" encoding="no-such"?><exchange/>',
    b'<!DOCTYPE x [<!ENTITY a "aaaa">]><exchange><currency><cc>&a;</cc></currency></exchange>',
    b'[{"cc": "USD", "exchangedate": "25.11.2026", "rate": NaN}]', b'[{"cc": "USD", "exchangedate": "25.11.2026", "rate": Infinity}]',
    b'[{"cc": "USD", "exchangedate": "25.11.2026", "rate": 1e40}]',
    b'[{"cc": "USD", "exchangedate": "25.11.2026", "rate": 1e999999999999999999}]',
    entry(rate=0), entry(rate=-1), entry(rate="NaN"), entry(rate="1e40"), entry(rate=True), entry(rate=None), entry(rate=[]), entry(rate="1" * 60),
    entry(units=0), entry(units=-100), entry(units="many"), entry(cc="usd"), entry(cc="US"), entry(cc=840), entry(cc="USDD"), entry(cc="ЮСД"),
    entry(cc="A\x00B"),
    entry(exchangedate="31.02.2026"), entry(exchangedate="11/25/2026"), entry(exchangedate=None), entry(exchangedate="25.11.26"), b"[" * 100_000,
])
def test_a_bad_file_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert refused.value.message.id


def test_a_huge_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbu, "LARGEST", len(JSON))
    assert read(JSON) == EVERY
    with pytest.raises(Unreadable, match="too large"):
        read(JSON + b" ")


def test_the_entry_that_is_wrong_is_named() -> None:
    content = json.dumps([json.loads(entry())[0], json.loads(entry(rate=0))[0]]).encode()
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert refused.value.message.params["number"] == 2


# --- which rates a file gives -----------------------------------------------------------------------------------------


def test_with_another_base_currency_rates_are_crossed_through_the_hryvnia() -> None:
    """47.8032 / 41.2345 = 1.159301070705… and 1 / 41.2345 = 0.02425153693…, worked out by long division."""
    assert in_base(EVERY, "USD") == {
        ("EUR", DAY): Decimal("1.1593010707"), ("IDR", DAY): Decimal("0.0000630540"), ("UAH", DAY): Decimal("0.0242515369"),
    }
    assert in_base(EVERY, "UAH") == {("USD", DAY): Decimal("41.2345"), ("EUR", DAY): Decimal("47.8032"), ("IDR", DAY): Decimal("0.0026")}


@pytest.mark.parametrize(("quotes", "base"), [
    (EVERY, "PLN"),  # the base currency is not in the file
    ([*EVERY, Quote("EUR", date(2026, 11, 26), Decimal(48))], "USD"),  # nor on each of its days
    ([*EVERY, Quote("USD", DAY, Decimal("41.2346"))], "UAH"),  # two rates a day
    ([Quote("UAH", DAY, Decimal(2))], "UAH"),
    ([Quote("USD", DAY, Decimal("1e-11"))], "UAH"), ([Quote("USD", DAY, Decimal("1e8"))], "UAH"),
])
def test_a_file_that_contradicts_itself_is_refused(quotes: Sequence[Quote], base: str) -> None:
    with pytest.raises(Unreadable):
        in_base(quotes, base)


def test_the_same_rate_twice_is_once() -> None:
    assert in_base([*EVERY, *EVERY], "UAH") == in_base(EVERY, "UAH")


# --- the table --------------------------------------------------------------------------------------------------------


def bring(company: Company, quotes: Sequence[Quote] = EVERY, **options: Any) -> Loaded:
    with company.system() as session:
        done = load(session, quotes, **options)
        session.commit()
    return done


def stored(company: Company) -> dict[str, Decimal]:
    with company.system(write=False) as session:
        source = session.table("exchange_rate")
        return dict(session.execute(select(source["code"], source["rate"]).where(source.visible)).all())


def test_loading_twice_changes_nothing(company: Company) -> None:
    assert bring(company) == Loaded(3, 3, 0, 0, 0)
    before = stored(company)
    assert before == {"USD-2026-11-25": Decimal("41.2345"), "EUR-2026-11-25": Decimal("47.8032"), "IDR-2026-11-25": Decimal("0.0026")}
    assert bring(company) == Loaded(3, 0, 0, 3, 0)
    assert stored(company) == before


def test_a_newer_figure_of_the_bank_is_taken_and_what_a_person_gave_is_kept(company: Company) -> None:
    bring(company, EVERY[:1])
    company.make("exchange_rate", {"currency": "EUR", "day": DAY, "rate": Decimal(48)})
    assert bring(company, [Quote("USD", DAY, Decimal("41.5")), Quote("EUR", DAY, Decimal("47.8"))]) == Loaded(2, 0, 1, 0, 1)
    assert stored(company) == {"USD-2026-11-25": Decimal("41.5"), "EUR-2026-11-25": Decimal(48)}


def test_currencies_can_be_chosen_and_unknown_ones_are_named(company: Company) -> None:
    assert bring(company, only={"USD"}) == Loaded(1, 1, 0, 0, 0)
    assert bring(company, [*EVERY, Quote("QQQ", DAY, Decimal(1))]) == Loaded(3, 2, 0, 1, 0, ("QQQ",))
    with pytest.raises(BadRequest):
        bring(company, only={"QQQ"})


def test_a_file_that_lacks_the_base_currency_writes_nothing(company: Company) -> None:
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(CompanySettings.__table__).values(currency="USD"))
    company.catalog = load_catalog(company.engine)
    with pytest.raises(Unreadable):
        bring(company, [*EVERY, Quote("EUR", date(2026, 11, 26), Decimal(48))])
    assert stored(company) == {}
    assert bring(company) == Loaded(3, 3, 0, 0, 0)
    assert stored(company)["UAH-2026-11-25"] == Decimal("0.0242515369")


@pytest.mark.parametrize(("values", "field"), [
    ({"rate": Decimal(0)}, "rate"), ({"rate": Decimal(-1)}, "rate"), ({"rate": "NaN"}, "rate"), ({"rate": Decimal("1e40")}, "rate"), ({"rate": None}, "rate"),
    ({"rate": Decimal("1e-11")}, "rate"), ({"currency": "QQQ"}, "currency"), ({"currency": "UAH"}, "currency"), ({"currency": None}, "currency"),
    ({"day": None}, "day"), ({"currency": "USD"}, "code"),
])
def test_a_rate_that_makes_no_sense_is_refused(company: Company, values: dict[str, Any], field: str) -> None:
    company.make("exchange_rate", {"currency": "USD", "day": DAY, "rate": Decimal(41)})
    fine = {"currency": "EUR", "day": DAY, "rate": Decimal("47.8")}
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "exchange_rate", {**fine, **values})
    assert field in refused.value.fields
    company.make("exchange_rate", fine)


def test_a_rate_is_moved_by_its_day_and_one_that_is_gone_makes_room(company: Company) -> None:
    (one, other) = company.make("exchange_rate", *({"currency": "USD", "day": date(2026, 11, day), "rate": Decimal(41)} for day in (24, 25)))
    with company.system() as session, pytest.raises(Invalid):
        records.change(session, "exchange_rate", one, {"day": DAY})
    with company.system() as session:
        records.remove(session, "exchange_rate", other)
        records.change(session, "exchange_rate", one, {"day": DAY})
        session.commit()
    with company.system() as session, pytest.raises(Invalid):
        records.restore(session, "exchange_rate", other)
    assert list(stored(company)) == ["USD-2026-11-25"]


def test_everybody_reads_rates_and_only_who_may_adds_them(company: Company) -> None:
    person, keeper = company.person(company.role("blind", {"entity": "deal", "actions": ["read"]})), company.person("administrator")
    with company.session(person) as session, pytest.raises(Forbidden):
        load(session, EVERY)
    with company.session(keeper) as session:
        assert load(session, EVERY).created == 3
        session.commit()
    with company.session(person, write=False) as session:
        source = session.table("exchange_rate")
        assert len(session.execute(select(source["rate"]).where(source.visible)).all()) == 3


# --- which rate holds -------------------------------------------------------------------------------------------------


def test_the_rate_of_a_day_holds_until_the_next(company: Company) -> None:
    company.make("exchange_rate", *(
        {"currency": "USD", "day": date(2026, 11, day), "rate": Decimal(rate)} for day, rate in ((20, "41.1"), (23, "41.2"), (25, "41.3"))
    ))
    with company.system(write=False) as session:
        rates = read_rates(session, ("USD", "EUR", "UAH"))
    assert [rates.of("USD", date(2026, 11, day)) for day in (19, 20, 22, 23, 24, 25, 30)] == [
        None, Decimal("41.1"), Decimal("41.1"), Decimal("41.2"), Decimal("41.2"), Decimal("41.3"), Decimal("41.3"),
    ]
    assert rates.of("EUR", DAY) is None
    assert rates.of("UAH", date(1, 1, 1)) == 1
    assert rates.convert(Decimal("100.05"), "USD", "UAH", DAY) == Decimal("4132.065")
    assert rates.convert(Decimal("413"), "UAH", "USD", DAY) == Decimal(10)
    assert rates.convert(Decimal(1), "USD", "EUR", DAY) is None
    assert rates.convert(Decimal(7), "EUR", "EUR", DAY) == 7


def rates_of(dollar: Decimal, euro: Decimal) -> Rates:
    return Rates("UAH", {"USD": Quoted((DAY,), (dollar,)), "EUR": Quoted((DAY,), (euro,))})


RATE = st.decimals("0.0001", "99999999", places=10)
AMOUNT = st.decimals("-99999999999999", "99999999999999", places=4)


@given(AMOUNT, RATE, RATE)
def test_there_and_back_is_what_it_was(amount: Decimal, dollar: Decimal, euro: Decimal) -> None:
    rates = rates_of(dollar, euro)
    for to in ("UAH", "EUR"):
        there = rates.convert(amount, "USD", to, DAY)
        assert there is not None
        back = rates.convert(there, to, "USD", DAY)
        assert back is not None and round_half_up(back, 10) == amount


@given(st.lists(AMOUNT, max_size=30), RATE, RATE)
def test_a_sum_is_that_of_its_parts_rounded_once(amounts: list[Decimal], dollar: Decimal, euro: Decimal) -> None:
    rates = rates_of(dollar, euro)
    parts = [rates.convert(amount, "USD", "UAH", DAY) or Decimal(0) for amount in amounts]
    assert exact_sum(parts) == rates.convert(exact_sum(amounts), "USD", "UAH", DAY)
