"""Groups of a list: heads, rows and totals are of one piece, on both databases, in the reader's zone and through his rights."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from crm.backoffice import grouped, lists, periods
from crm.backoffice.guard import DataSession
from crm.errors import BadRequest, UnknownName
from tests.company import Company
from tests.statements import statements

KYIV = ZoneInfo("Europe/Kyiv")
NUMBERS = Random(7)
WAYS = ("stage", "owner", "account", "sales_channel", "expected_on", "expected_on:week", "expected_on:quarter", "closed_on:year", "created_at:week", "currency")


def query_of(session: DataSession, entity: str, **args: str) -> lists.ListQuery:
    return lists.parse_query(session, entity, args)


def grouped_by(session: DataSession, query: lists.ListQuery, way: str) -> grouped.Groups:
    asked = grouped.parse_group(session, query.entity, way)
    assert asked is not None
    return grouped.groups(session, query, *asked)


@pytest.fixture
def sold(company: Company) -> Company:
    """Deals of two currencies, of several people and companies, some without what they are grouped by."""
    people = [company.person("seller") for _ in range(3)]
    accounts = company.make("account", *({"name": f"Клієнт {n}"} for n in range(4)))
    channels = [None, *(o.id for o in company.catalog.picklists["sales_channel"].options)]
    company.make("deal", *(
        {
            "name": f"Угода {n}", "owner": NUMBERS.choice(people), "account": NUMBERS.choice(accounts), "sales_channel": NUMBERS.choice(channels),
            "amount": NUMBERS.choice([None, Decimal(n), Decimal("0.01") * n]), "currency": NUMBERS.choice(["UAH", "EUR"]),
            "expected_on": NUMBERS.choice([None, date(2025, 12, 29) + timedelta(days=NUMBERS.randrange(80))]),
        } for n in range(60)
    ))
    return company


@pytest.mark.parametrize("way", WAYS)
def test_heads_rows_and_totals_are_of_one_piece(sold: Company, way: str) -> None:
    with sold.session(sold.person("head")) as session:
        query = query_of(session, "deal", columns="name,amount", search="угода", size="200")
        found = grouped_by(session, query, way)
        totals: Counter[tuple[str, str | None]] = Counter()
        seen: set[int] = set()
        for group in found.groups:
            inside = grouped.within(query, group.leaf)
            ids = lists.ids(session, inside, 1000)
            assert len(ids) == group.count == lists.count(session, inside).number
            assert seen.isdisjoint(ids)
            seen.update(ids)
            assert {k: v for k, v in lists.totals(session, inside).items() if v} == group.sums
            for key, by_currency in group.sums.items():
                for currency, amount in by_currency.items():
                    totals[key, currency] += amount  # type: ignore[assignment]
        assert found.others == 0 and len(seen) == lists.count(session, query).number == 60
        whole = lists.totals(session, query)
        assert set(whole) == {"amount", "amount~weighted"}
        assert {(key, currency): amount for key, values in whole.items() for currency, amount in values.items()} == dict(totals)


def test_periods_are_worked_out_by_hand(company: Company) -> None:
    """New year in Kyiv is two hours before that of UTC; a week begins on Monday."""
    moments = {"2025-12-31T21:59:59+00:00": ("2025-12", "2025-12-29"), "2025-12-31T22:00:00+00:00": ("2026-01", "2025-12-29"),
               "2026-01-04T21:59:00+00:00": ("2026-01", "2025-12-29"), "2026-01-04T22:00:00+00:00": ("2026-01", "2026-01-05")}
    company.make("interaction", *({
        "subject": text, "direction": company.option("direction", "internal"), "medium": company.option("interaction_medium", "call"),
        "planned_start": datetime.fromisoformat(text), "planned_minutes": 10,
    } for text in moments))
    with company.session(company.person("head")) as session:
        for n, step in enumerate(("month", "week")):
            found = grouped_by(session, query_of(session, "interaction"), f"planned_start:{step}")
            told = {group.value.first.isoformat()[: 7 if step == "month" else 10]: group.count for group in found.groups}
            assert told == Counter(places[n] for places in moments.values())


@given(st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)), max_size=40), st.sampled_from(["month", "week", "quarter", "year"]))
def test_spans_cover_every_moment_once(moments: list[datetime], step: str) -> None:
    """Whatever the moments, the periods found from their months in UTC hold each of them once: that is what the buckets rest on."""
    spans: dict[date, periods.Period] = {}
    for month in {(at.year, at.month) for at in moments}:
        spans |= {span.first: span for span in grouped.touching(periods.month(date(*month, 1)), step)}
    for at in moments:
        local = at.replace(tzinfo=UTC).astimezone(KYIV).date()
        assert sum(local in span for span in spans.values()) == 1


def test_however_many_groups_there_are_the_queries_are_as_many(sold: Company) -> None:
    head, sent = sold.person("head"), []
    for _ in range(2):
        with sold.session(head, write=False) as session:
            query = query_of(session, "deal", columns="name,amount")
            sent.append([_sent(sold, lambda q=query, s=session, w=way: grouped_by(s, q, w)) for way in ("account", "expected_on:week")])  # type: ignore[misc]
        more = sold.make("account", *({"name": f"Ще {n}"} for n in range(40)))
        sold.make("deal", *({"name": f"Д{n}", "account": account, "amount": Decimal(1), "currency": "UAH"} for n, account in enumerate(more)))
    assert sent == [[4, 5], [4, 5]]  # two of them because the amounts are in two currencies


def _sent(company: Company, act: Callable[[], Any]) -> int:
    with statements(company.engine) as sent:
        act()
    return len(sent)


def test_beyond_a_bound_the_largest_groups_stand_and_the_rest_is_counted(sold: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "MOST", 2)
    with sold.session(sold.person("head")) as session:
        query = query_of(session, "deal", columns="name,amount")
        whole = Counter(row.values["account"].id for row in lists.page(session, query_of(session, "deal", columns="account", size="200")).rows)
        found = grouped_by(session, query, "account")
        assert sorted((g.count for g in found.groups), reverse=True) == sorted(whole.values(), reverse=True)[:2]
        assert found.others == 60 - sum(g.count for g in found.groups)
        by_days = grouped_by(session, query, "expected_on:week")
        assert len(by_days.groups) <= 2 and by_days.others + sum(g.count for g in by_days.groups) == 60


def test_what_is_hidden_masked_or_unknown_is_refused_alike(sold: Company) -> None:
    role = sold.role("narrow", {
        "entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "sales_channel": "hidden", "account": "masked", "amount": "hidden"},
    })
    with sold.session(sold.person(role)) as session:
        for key in ("sales_channel", "account", "nonsense", "sales_channel:week"):
            with pytest.raises(UnknownName) as refused:
                grouped.parse_group(session, "deal", key)
            assert str(refused.value.message) == f"There is no field or relation named “{key.partition(':')[0]}”."
        for key in ("probability", "stage:week", "expected_on:moon"):
            with pytest.raises(BadRequest):
                grouped.parse_group(session, "deal", key)
        assert all(group.sums == {} for group in grouped_by(session, query_of(session, "deal"), "stage").groups)


def test_a_reader_groups_his_own_records_and_fields_that_show_on_some_only(sold: Company) -> None:
    role = sold.role("some", {
        "entity": "deal", "actions": ["read"], "scope": "all",
        "fields": {"*": "read", "account": {"mode": "read", "where": {"field": "currency", "op": "eq", "value": "EUR"}}},
    })
    with sold.session(sold.person(role)) as session:
        found = grouped_by(session, query_of(session, "deal"), "account")
        shown = lists.page(session, query_of(session, "deal", columns="account,currency", size="200")).rows
        assert {g.value: g.count for g in found.groups} == Counter(None if r.values["account"] is None else r.values["account"].id for r in shown)
        assert next(g.count for g in found.groups if g.value is None) == sum(r.values["currency"] == "UAH" for r in shown)
