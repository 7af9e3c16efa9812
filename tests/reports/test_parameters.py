"""Parameters, order and files of a report."""

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from crm.backoffice import records
from crm.backoffice.reports import find, given
from crm.backoffice.reports.output import as_csv, as_json, as_xlsx, description
from crm.messages import Label
from tests.company import Company
from tests.reports.deals import fill, win_rate


def test_the_understood_parameters_are_told_back(company: Company) -> None:
    ids = fill(company)
    with company.system(write=False) as session:
        params, _ = win_rate(session, period="2024-Q1", by="owner, month", owner="anna", territory="N", sort="-won", time_zone="Europe/Kyiv", department="")
    assert given(params) == {
        "period": "2024-01-01..2024-03-31", "currency": "UAH", "rate": "historic", "time_zone": "Europe/Kyiv", "owner": ids["anna"],
            "territory": [ids["north"], ids["village"]],
        "by": ["owner", "month"], "sort": "-won",
    }
    assert params.time_zone == ZoneInfo("Europe/Kyiv")


def test_rows_are_sorted_as_asked_and_what_is_undefined_stands_last(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        assert [r["owner"] for r in win_rate(session, by="owner", sort="median_days")[1].rows] == ["Bohdan", "Anna", None]
        assert [r["owner"] for r in win_rate(session, by="owner", sort="-median_days")[1].rows] == ["Anna", "Bohdan", None]
        assert [r["owner"] for r in win_rate(session, by="owner", sort="owner")[1].rows] == ["Anna", "Bohdan", None]


def test_json_has_the_form_of_the_contract(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        params, table = win_rate(session, by="owner")
    answer = json.loads(json.dumps(as_json(find("win_rate"), params, table, "en")))
    assert {"name", "params", "currency", "generated_at", "columns", "rows", "totals"} <= answer.keys()
    assert answer["columns"][1] == {"key": "won", "label": "Won", "unit": "count"}
    assert answer["totals"]["amount"] == "720.10"
    assert answer["rows"][0]["amount"] == "600.10"
    assert answer["rows"][-1]["median_days"] is None
    assert answer["rows"][0]["win_rate"] == 0.75


def test_files_hold_the_same_figures_and_no_formulas(company: Company) -> None:
    ids = fill(company)
    with company.system() as session:
        records.change(session, "user", ids["anna"], {"name": "=1+1"})
        session.commit()
    with company.system(write=False) as session:
        _, table = win_rate(session, by="owner")
    lines = list(csv.DictReader(StringIO(as_csv(table, "uk"))))
    assert lines[0] == {"owner": "'=1+1", "won": "3", "lost": "1", "win_rate": "0.75", "avg_days": str(70 / 3), "median_days": "29.0", "amount": "600.10"}
    named = replace(table, columns=(replace(table.columns[0], label=Label("=1+1", "=1+1")), *table.columns[1:]))
    assert as_csv(named, "uk", "label").startswith("'=1+1,"), "a field is called as an administrator likes"
    sheet = load_workbook(BytesIO(as_xlsx(find("win_rate"), table, "uk"))).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][:3] == ["Відповідальний", "Виграно", "Програно"]
    assert cells[1][:4] == ["=1+1", 3, 1, 0.75]
    assert sheet.cell(2, 1).data_type == "s"
    assert cells[-1][:4] == ["Разом", 5, 3, 0.625]


def test_a_workbook_holds_numbers_dates_and_money_in_their_forms_and_says_what_it_is(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session, by="month")
    told = [("Питання", "=HYPERLINK(1)\x07"), ("Період", "2026")]
    book = load_workbook(BytesIO(as_xlsx(find("win_rate"), table, "uk", about=told)))
    sheet, about = book.worksheets
    heads = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.endswith(str(len(table.rows) + 1))
    (money,) = [head for head in heads if str(head).endswith(", UAH")]
    row = sheet[2]
    months = [cell for cell in sheet["A"][1:-1] if cell.value is not None]
    assert all(cell.is_date and cell.number_format == "mm.yyyy" for cell in months) and len(months) == len(table.rows) - 1
    assert row[heads[money] - 1].number_format == "#,##0.00" and isinstance(row[heads["Виграно"] - 1].value, int)
    assert [[cell.value for cell in line] for line in about] == [["Питання", "=HYPERLINK(1)"], ["Період", "2026"]]
    assert {cell.data_type for line in about for cell in line} == {"s"}


def test_the_description_names_every_parameter_and_dimension() -> None:
    told = description(find("win_rate"), "en")
    assert [p["key"] for p in told["params"]] == ["period", "currency", "rate", "time_zone", "owner", "department", "territory", "where", "by", "sort"]
    assert [d["key"] for d in told["by"]] == ["owner", "manager", "territory", "product", "account", "month"]
    assert all(c["help"] for c in told["columns"])
