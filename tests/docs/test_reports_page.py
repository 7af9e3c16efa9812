"""docs/reports.md names every report with its columns, dimensions and parameters, and nothing else."""

import re

import pytest

import crm.reports
from crm.backoffice.reports import CommonParams, Report, all_reports, described
from tests.docs.pages import ROOT, first_cells, headings, section

assert crm.reports  # importing it completes the registry
PAGE = ROOT / "docs" / "reports.md"


@pytest.mark.parametrize("report", all_reports(), ids=lambda r: r.name)
def test_a_report_has_its_heading_columns_and_dimensions(report: Report) -> None:
    text = section(PAGE, report.name)
    own = set(described(report.params)) - set(described(CommonParams))
    assert first_cells(text) == {c.key for c in report.measures} | own
    split = re.search(r"^Split by: (.+?)\n(?:\n|\Z)", text, re.M | re.S)
    assert split
    assert re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", split[1])) == [d.key for d in report.dimensions]
    for column in report.measures:
        assert re.search(rf"^\| `{column.key}` \| {column.unit} \|", text, re.M), column.key


def test_no_report_is_described_that_is_not_there() -> None:
    known = {r.name for r in all_reports()}
    assert {text for depth, text in headings(PAGE) if depth == 2} - known == {"What all reports share"}


def test_the_common_parameters_are_described() -> None:
    assert first_cells(section(PAGE, "What all reports share")) == set(described(CommonParams))
