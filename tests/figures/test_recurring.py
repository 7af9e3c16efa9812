"""Deals that come again: their days, what they make of a forecast, and who does not see it; worked out by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice import records
from crm.backoffice.periods import Period
from crm.backoffice.reports import find, run
from crm.errors import Invalid, UnknownName
from crm.sales.forecast.recurring import again
from tests.company import Company
from tests.figures.test_forecast_months import month, name
from tests.reports.deals import check_cells

assert crm.reports


@pytest.mark.parametrize(("closed", "every", "until", "days", "expected"), [
    (date(2026, 1, 31), 1, None, (date(2026, 1, 1), date(2026, 4, 30)), [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]),  # never the closing itself
    (date(2023, 12, 31), 2, None, (date(2024, 2, 1), date(2024, 2, 29)), [date(2024, 2, 29)]),
    (date(2026, 1, 15), 3, date(2026, 7, 15), (date(2026, 1, 1), date(2026, 12, 31)), [date(2026, 4, 15), date(2026, 7, 15)]),  # the last day counts
    (date(2026, 1, 15), 3, date(2026, 7, 14), (date(2026, 1, 1), date(2026, 12, 31)), [date(2026, 4, 15)]),
    (date(2020, 5, 5), 12, None, (date(2026, 5, 6), date(2027, 5, 4)), []),
    (date(2020, 5, 5), 12, None, (date(2026, 5, 5), date(2027, 5, 5)), [date(2026, 5, 5), date(2027, 5, 5)]),
    (date(2026, 3, 31), 1, None, (date(2026, 4, 30), date(2026, 4, 30)), [date(2026, 4, 30)]),
    (date(2026, 9, 1), 1, None, (date(2026, 1, 1), date(2026, 9, 30)), []),
])
def test_the_days_on_which_it_comes_again(closed: date, every: int, until: date | None, days: tuple[date, date], expected: list[date]) -> None:
    assert list(again(closed, every, until, Period(*days))) == expected


# owner, stage, amount, currency, closed, every, until
DEALS: tuple[tuple[Any, ...], ...] = (
    ("anna", "won", "100", "UAH", month(-5), 1, None), ("anna", "won", "40", "UAH", month(-2), 3, None),  # the latter in the next month, and three after it
    ("bohdan", "won", "7", "UAH", month(-1), 1, month(1)), ("bohdan", "won", "3000", "UAH", month(-1), None, None),
    ("bohdan", "lost", "5", "UAH", month(-1), 1, None), ("bohdan", "lead", "9", "UAH", None, 1, None),
)


def fill(company: Company) -> dict[str, int]:
    people = dict(zip(("anna", "bohdan"), company.make("user", {"name": "Anna", "code": "anna"}, {"name": "Bohdan", "code": "bohdan"}), strict=True))
    company.make("deal", *({
        "name": f"Deal {n}", "owner": people[owner], "stage": company.stage(stage), "amount": Decimal(amount), "currency": currency, "closed_on": closed,
        "opened_on": month(-6), "recurs_every": every, "recurs_until": until,
    } for n, (owner, stage, amount, currency, closed, every, until) in enumerate(DEALS)), source="import")
    return people


def test_a_base_stands_beside_what_is_new(company: Company) -> None:
    people = fill(company)
    with company.system(write=False) as session:
        months = run(find("forecast_months"), session, {})[1]
        assert [row["recurring"] for row in months.rows] == [107, 147, 100, 100, 140, 100] and months.totals["recurring"] == 694
        assert [row["closed"] for row in months.rows] == [0] * 6
        one = replace(months, columns=tuple(column for column in months.columns if column.key in ("month", "recurring")))
        assert check_cells(session, replace(one, totals={"recurring": None})) == 6  # the deals of a month, each once
        asked = {"period": f"{month(1)}..{month(2) - timedelta(days=1)}"}
        alone = run(find("forecast"), session, {**asked, "by": "owner"})[1]
        assert {row["owner_id"]: row["recurring"] for row in alone.rows} == {people["anna"]: 140, people["bohdan"]: 7}
        assert [alone.totals[key] for key in ("p10", "p50", "p90")] == [147, 147, 147]  # what is contracted is in every future
        assert run(find("forecast"), session, {})[1].totals["recurring"] is None
        split = run(find("forecast_months"), session, {"by": "owner", "period": name(1)})[1]
        assert [(row["owner_id"], row["recurring"]) for row in split.rows] == [(people["anna"], 140), (people["bohdan"], 7)]
    company.role("blind", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "recurs_until": "hidden"}})
    with company.session(company.person("blind"), write=False) as session:
        hidden = run(find("forecast"), session, asked)[1]
        assert "recurring" not in hidden.totals and hidden.totals["p50"] == 0
        with pytest.raises(UnknownName):
            run(find("forecast"), session, {**asked, "sort": "-recurring"})


def test_nonsense_of_what_recurs_is_refused(company: Company) -> None:
    closed = {"stage": company.stage("won"), "opened_on": date(2025, 1, 1), "closed_on": date(2025, 5, 5), "recurs_every": 1}
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        *(({"recurs_every": months}, "recurs_every") for months in (0, -1, 121)), ({"recurs_until": date(2031, 1, 1)}, "recurs_every"),
        ({**closed, "recurs_until": date(2025, 5, 4)}, "recurs_until"),
    )
    with company.system() as session:
        for values, field in refused:
            with pytest.raises(Invalid) as wrong:
                records.create(session, "deal", {"name": "Again", "stage": company.stage("lead"), **values})
            assert set(wrong.value.fields) == {field}, values
        records.create(session, "deal", {"name": "Again", **closed, "recurs_until": date(2025, 5, 5)})
