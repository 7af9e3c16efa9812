"""Every figure of every report of the demo company opens its records, and these come to the figure: counts are as many, sums add up. What a new report
counts is asked here from its first day."""

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Column, Drill, run
from crm.backoffice.reports.registry import Report, all_reports
from tests.company import Company

assert crm.reports
REPORTS = [one for one in all_reports() if one.shape is None]
# What is no sum of the records behind it: a mean, a quotient, a difference of two, a bound of the futures, what stood in a night that has passed.
NO_SUM = {
    "channels": {"avg_amount", "cost_per_deal", "cost_per_customer"}, "forecast": {"p10", "p50", "p90"}, "forecast_accuracy": {"forecast", "error"},
    "forecast_changes": {"grew", "shrank", "won", "lost", "moved_in", "moved_out", "reopened"}, "funnel_summary": {"average_won", "velocity"},
}
# Figures behind which stand no records, as docs/reports.md says: what compares two kinds of records, or would take too long to find.
BEHIND_NOTHING = {
    "quality_accounts": {"bad_phones", "duplicates"}, "quality_contacts": {"bad_phones", "duplicates"}, "forecast_accuracy": {"months"},
    "forecast_judgements": {"computed", "difference", "share"}, "funnel_changes": {"amount", "deals"},
    "judgement_accuracy": {"actual", "error", "bias", "mape"},
}
MORE = {("manager_scorecard", "response_of")}  # of more than 200 that were answered, all inbound ones
LACKING = "completeness"  # opens what is not complete, which may be nothing


@pytest.fixture(scope="module")
def demo(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    file = tmp_path_factory.mktemp("cells") / "brama.db"
    shutil.copy(demo_folder / "brama.db", file)
    made = Company(make_engine(f"sqlite:///{file}"))
    made.catalog = load_catalog(made.engine)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.name)
def test_every_figure_is_what_its_records_come_to(demo: Company, report: Report) -> None:
    asked = {"pipeline": "sales"} if "pipeline" in report.params.__annotations__ else {}
    by = "owner" if any(one.key == "owner" for one in report.dimensions) else ""
    opened: set[str] = set()
    with demo.system(write=False) as session:
        table = run(report, session, {**asked, "by": by})[1]
        for row in (*table.rows[:1], None):
            for column in table.measures:
                figure, drill = (row or table.totals).get(column.key), table.drill(row, column.key)
                if figure is None:
                    continue
                if drill is None:
                    assert column.key in BEHIND_NOTHING.get(report.name, ()), column.key
                    continue
                opened.add(column.key)
                if row is None and column.unit not in ("count", "money"):
                    continue  # of these it is only asked that there are records, which is asked of a row already
                agrees(session, report.name, column, figure, drill)
    assert opened, "there is something to open"


def agrees(session: DataSession, report: str, column: Column, figure: Any, drill: Drill) -> None:
    query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})
    number = lists.count(session, query).number
    if column.unit == "count" and (report, column.key) not in MORE:
        assert number == figure, column.key
    elif column.unit == "money" and column.key not in NO_SUM.get(report, ()):
        sums = [sum(one.values(), Decimal(0)) for one in lists.totals(session, query).values() if isinstance(one, dict)]
        assert figure in sums or (figure == 0 and number == 0), (column.key, figure, sums)
    elif figure and column.key != LACKING:
        assert number, column.key
