"""How well probabilities foretold: a few promises worked out by hand, many beside scikit-learn."""

from datetime import date, datetime, timedelta, UTC
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
START = datetime(2026, 3, 1, 9, tzinfo=UTC)

# owner, stage now, day of March it closed on, probabilities at the entries into lead, qualified, proposal
DEALS: tuple[tuple[str, str, int | None, tuple[str | None, ...]], ...] = (
    ("anna", "won", 5, ("0.1", "0.35", "0.9")),
    ("anna", "lost", 6, ("0.1", "0.3")),
    ("anna", "lost", 7, ("0.19",)),
    ("bohdan", "won", 8, ("1",)),  # certainty stands in the last band
    ("bohdan", "lost", 40, (None, "0.9")),  # the first promised nothing; closed in April
    ("bohdan", "proposal", None, ("0.1", "0.2", "0.3")),  # open: nobody knows yet
)


def fill(company: Company, deals: Any = DEALS) -> dict[str, int]:
    people = dict(zip(("anna", "bohdan"), company.make("user", {"name": "Anna", "code": "anna"}, {"name": "Bohdan", "code": "bohdan"}), strict=True))
    made = company.make("deal", *(
        {"name": f"Deal {n}", "owner": people[owner], "stage": company.stage(stage), "closed_on": date(2026, 3, 1) + timedelta(days=day - 1) if day else None}
        for n, (owner, stage, day, _) in enumerate(deals)
    ), source="import")
    stages = ("lead", "qualified", "proposal")
    company.make("stage_history", *(
        {"deal": deal, "stage": company.stage(stages[n]), "entered_at": START + timedelta(days=n), "probability": Decimal(p) if p else None}
        for deal, row in zip(made, deals, strict=True) for n, p in enumerate(row[3])
    ), *(
        {"deal": deal, "stage": company.stage(row[1]), "entered_at": START + timedelta(days=9), "probability": Decimal(row[1] == "won")}
        for deal, row in zip(made, deals, strict=True) if row[1] in ("won", "lost")
    ), source="import")
    return people


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        found = run(find("calibration"), session, asked)[1]
        assert check_cells(session, found) == 2 * (len(found.rows) + 1)
    return found


def test_promises_stand_in_tenths_of_probability(company: Company) -> None:
    fill(company)
    found = table(company)
    rows = [(r["band"], r["promises"], r["foretold"], r["won"], r["came"]) for r in found.rows]
    assert rows == [
        ("0.1..0.2", 3, pytest.approx(0.13), 1, pytest.approx(1 / 3)),
        ("0.3..0.4", 2, pytest.approx(0.325), 1, 0.5),
        ("0.9..1", 3, pytest.approx(2.8 / 3), 2, pytest.approx(2 / 3)),
    ]
    # 0.1 and 0.35 and 0.9 and 1 came true, 0.1, 0.3, 0.19 and 0.9 did not
    squares = 0.9**2 + 0.65**2 + 0.1**2 + 0 + 0.1**2 + 0.3**2 + 0.19**2 + 0.9**2
    assert found.totals["promises"] == 8 and found.totals["brier"] == pytest.approx(squares / 8, abs=1e-12)
    assert found.totals["bias"] == pytest.approx(3.84 / 8 - 4 / 8)
    assert all(r["low"] is None and r["high"] is None for r in found.rows)


def test_a_period_looks_at_the_closing_and_rows_are_split(company: Company) -> None:
    people = fill(company)
    found = table(company, by="owner", period="2026-03")
    assert [(r["owner_id"], r["band"], r["promises"]) for r in found.rows] == [
        (people["anna"], "0.1..0.2", 3), (people["anna"], "0.3..0.4", 2), (people["anna"], "0.9..1", 1), (people["bohdan"], "0.9..1", 1),
    ]
    by_stage = table(company, by="stage")
    assert sum(r["promises"] for r in by_stage.rows) == 8
    assert {r["stage_id"] for r in by_stage.rows} == {company.stage(s) for s in ("lead", "qualified", "proposal")}


def test_of_nothing_there_is_no_score(company: Company) -> None:
    assert table(company, by="manager").rows == []
    found = table(company)
    assert found.rows == [] and found.totals["brier"] is None and found.totals["promises"] == 0


def test_who_does_not_see_probabilities_learns_nothing_of_them(company: Company) -> None:
    fill(company)
    company.role(
        "blind", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "stage_history", "actions": ["read"], "scope": "all", "fields": {"*": "read", "probability": "hidden"}},
    )
    with company.session(company.person("blind"), write=False) as session, pytest.raises(Forbidden):
        run(find("calibration"), session, {})


def test_many_promises_are_scored_and_bounded(company: Company) -> None:
    fill(company, [("anna", "won" if n % 5 < 2 else "lost", 5, (f"0.{30 + n % 7}",)) for n in range(50)])
    (row,) = table(company).rows
    assert (row["promises"], row["won"], row["came"]) == (50, 20, 0.4)
    assert row["low"] == pytest.approx(0.2761, abs=5e-5) and row["high"] == pytest.approx(0.5382, abs=5e-5)  # Wilson of 20 of 50
    assert row["brier"] == pytest.approx(sum(((30 + n % 7) / 100 - (n % 5 < 2)) ** 2 for n in range(50)) / 50)
