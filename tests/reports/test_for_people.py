"""Every report in a person's own session, split by each of its dimensions: what only the system may ask would be refused there."""

import json

import pytest

import crm.reports
from crm.backoffice.reports import run
from crm.backoffice.reports.registry import Report, all_reports
from crm.errors import UnknownName
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


@pytest.mark.parametrize("report", [r for r in all_reports() if r.shape is None], ids=lambda r: r.name)
def test_a_hidden_field_in_a_condition_is_refused_even_where_there_is_nothing(company: Company, report: Report) -> None:
    key = "updated_at"
    asked = {"pipeline": "sales"} if "pipeline" in report.params.__annotations__ else {}
    own = {"entity": report.entity, "actions": ["read"], "scope": "all", "fields": {"*": "read", key: "hidden"}}
    others = [{"entity": kind, "actions": ["read"], "scope": "all", "fields": {"*": "read"}} for kind in company.catalog.entities if kind != report.entity]
    company.role("blind", own, *others)
    with company.session(company.person("blind"), write=False) as session:
        for name in (key, "no_such_field"):
            with pytest.raises(UnknownName):
                run(report, session, {**asked, "where": json.dumps({"field": name, "op": "not_empty"})})
