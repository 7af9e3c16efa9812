"""Boards by months on both databases: which record stands in which column, what the columns come to, where a moved card lands."""

from datetime import date
from decimal import Decimal

import pytest

from crm.backoffice import boards, lists, months
from crm.backoffice.boards import BoardColumn
from crm.backoffice.grouped import within
from crm.backoffice.guard import DataSession
from crm.errors import BadRequest
from tests.company import Company

# stage, expected on, amount, currency, probability
DEALS = (
    ("lead", date(2025, 12, 31), "10", "UAH", "0.5"), ("lead", date(2026, 1, 1), "100", "UAH", "0.25"), ("proposal", date(2026, 1, 31), "2", "EUR", "0.5"),
    ("won", date(2026, 1, 15), "1000", "UAH", "1"), ("won", date(2026, 3, 1), "4", "EUR", "1"), ("lead", date(2026, 6, 30), "5", "UAH", "0.1"),
    ("lead", date(2026, 7, 1), "7", "UAH", "0.1"), ("lead", None, "9", "UAH", "0.1"),
)


@pytest.fixture
def sold(company: Company) -> Company:
    company.make("exchange_rate", {"currency": "EUR", "day": date(2025, 1, 1), "rate": Decimal(50)})
    company.make("deal", *(
        {"name": f"Угода {n}", "stage": company.stage(stage), "expected_on": day, "amount": Decimal(amount), "currency": currency,
         "probability": Decimal(share)}
        for n, (stage, day, amount, currency, share) in enumerate(DEALS)
    ), source="import")
    return company


def shown(session: DataSession, first: str = "2026-01", **args: str) -> list[BoardColumn]:
    query = lists.parse_query(session, "deal", args)
    by, span = boards.parse_by(session, "deal", "expected_on"), months.stretch(first, date(2026, 1, 20))
    found = months.columns(session, query, by, boards.parse_sum(session, query, "amount"), span)
    for one in found:  # a column is the list with its condition
        assert lists.count(session, within(query, one.leaf)).number == one.count
        assert months.column_of(session, by, one.key) == one.leaf
    assert sum(one.count for one in found) == lists.count(session, query).number, "each record stands in one column"
    return found


def test_each_deal_stands_in_one_month_and_the_columns_add_up_to_the_foot(sold: Company) -> None:
    with sold.session(sold.person("head")) as session:
        found = {one.key: one for one in shown(session)}
        assert {key: (one.count, one.takes) for key, one in found.items()} == {
            "lt-2026-01-01": (1, False), "2026-01": (3, True), "2026-02": (0, True), "2026-03": (1, True), "2026-04": (0, True), "2026-05": (0, True),
            "2026-06": (1, True), "gt-2026-06-30": (1, False), "none": (1, True),
        }
        january = found["2026-01"]
        assert january.sums["amount"] == {"UAH": Decimal(1100), "EUR": Decimal(2)}
        assert january.sums["amount~weighted"] == {"UAH": Decimal(25), "EUR": Decimal(1)} and january.sums["amount~won"] == {"UAH": Decimal(1000)}
        assert january.worths["amount"].amount == Decimal(1200) and january.worths["amount~weighted"].amount == Decimal(75)
        assert found["2026-03"].sums["amount~won"] == {"EUR": Decimal(4)} and "amount~weighted" not in found["2026-03"].sums
        whole = lists.totals(session, lists.parse_query(session, "deal", {"columns": "amount"}))
        for key in ("amount", "amount~weighted"):
            for currency, amount in whole[key].items():
                assert sum((one.sums.get(key, {}).get(currency, Decimal(0)) for one in found.values()), Decimal(0)) == amount
        assert [one.key for one in shown(session, "2030-01", search="Угода 3")][0] == "lt-2030-01-01"


def test_the_months_move_and_a_month_that_is_none_is_the_present_one() -> None:
    span = months.stretch("2026-11", date(2026, 1, 20))
    assert [f"{one.first:%Y-%m}" for one in span.months] == ["2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04"]
    assert (span.moved(6), span.moved(-6)) == ("2027-05", "2026-05")
    for text in ("", "x", "2026", "2026-13", "2026-00", "0000-01", "9999-01", "2026-01-01", "lt-2026-01"):
        assert months.stretch(text, date(2026, 1, 20)).months[0].first == date(2026, 1, 1), text


@pytest.mark.parametrize(("key", "now", "day"), [
    ("2026-02", date(2026, 1, 31), date(2026, 2, 28)), ("2028-02", date(2026, 1, 31), date(2028, 2, 29)), ("2026-03", date(2026, 1, 5), date(2026, 3, 5)),
    ("2026-02", None, date(2026, 2, 28)), ("2026-02-03", date(2026, 1, 5), date(2026, 2, 3)), ("none", date(2026, 1, 5), None),
])
def test_a_card_keeps_its_day_of_the_month_as_far_as_the_month_has_it(key: str, now: date | None, day: date | None) -> None:
    assert months.day_in(key, now) == day


@pytest.mark.parametrize("key", ["", "2026", "2026-13", "2026-02-30", "lt-2026-01-01", "gt-2026-01", "0000-01", "２０２６-01", "2026-01-01-01", "12"])
def test_a_card_takes_no_day_of_what_is_no_column(key: str) -> None:
    with pytest.raises(BadRequest):
        months.day_in(key, None)


def test_months_are_the_readers_own(sold: Company) -> None:
    role = sold.role("narrow", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {
        "*": "read", "expected_on": {"mode": "read", "where": {"field": "currency", "op": "eq", "value": "EUR"}}, "stage": "hidden"}})
    with sold.session(sold.person(role)) as session:
        found = {one.key: one for one in shown(session)}
        assert {key: one.count for key, one in found.items() if one.count} == {"2026-01": 1, "2026-03": 1, "none": 6}
        assert set(found["2026-03"].sums) == {"amount"}, "who does not see the stage does not learn what is won"
