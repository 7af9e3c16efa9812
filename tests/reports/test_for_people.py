"""Every report in a person's own session, split by each of its dimensions: what only the system may ask would be refused there."""

import pytest

import crm.reports
from crm.backoffice.reports import run
from crm.backoffice.reports.registry import Report, all_reports
from tests.company import Company
from tests.reports.deals import fill

assert crm.reports


@pytest.mark.parametrize("report", [r for r in all_reports() if r.shape is None], ids=lambda r: r.name)
def test_a_report_answers_whoever_may_read(company: Company, report: Report) -> None:
    fill(company)
    asked = {"pipeline": "sales"} if "pipeline" in report.params.__annotations__ else {}
    with company.session(company.person("head"), write=False) as session:
        for by in ("", *(dimension.key for dimension in report.dimensions)):
            _, table = run(report, session, {**asked, "by": by})
            for row in (*table.rows, None):
                for column in table.measures:
                    table.drill(row, column.key)
