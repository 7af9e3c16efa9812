"""The list as a file: what is seen, in three formats, under rights and with a row in the journal."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.journal import JournalRow
from tests.kit_forms.house import Browser, House


@pytest.fixture
def firms(house: House) -> list[int]:
    return [
        house.make("account", name="Їжак", city="Київ", revenue=Decimal("1234567.50"), phone="+380441112233", owner=house.people["Sofiia"]),
        house.make("account", name="=HYPERLINK(1)", city="Львів", revenue=Decimal(200), owner=house.people["Olena"]),
        house.make("account", name="Аркан", city="Київ", owner=house.people["Olena"]),
    ]


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def address(**parts: str) -> str:
    return f"/account/export?{urlencode(parts)}"


def test_a_csv_holds_the_columns_asked_for_of_what_the_filter_shows(house: House, firms: list[int], browser: Callable[..., Browser]) -> None:
    where = json.dumps({"field": "city", "op": "eq", "value": "Київ"})
    answer = browser("Olena").get(address(format="csv", columns="name,revenue", where=where, sort="-name"))
    assert answer.status_code == 200
    assert rows(answer.data) == [{"name": "Їжак", "revenue": "1234567.50"}, {"name": "Аркан", "revenue": ""}]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="account-')


def test_numbers_of_a_workbook_are_numbers_and_formulas_are_text(house: House, firms: list[int], browser: Callable[..., Browser]) -> None:
    answer = browser("Olena").get(address(format="xlsx", columns="name,revenue", sort="name"))
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    found = {str(row[0].value): (row[0].data_type, row[1].value, row[1].data_type) for row in sheet.iter_rows(min_row=2)}
    assert found["Їжак"] == ("s", 1234567.5, "n")
    assert found["=HYPERLINK(1)"] == ("s", 200, "n")


def test_without_columns_a_file_holds_every_field_the_reader_may_export(house: House, firms: list[int], browser: Callable[..., Browser]) -> None:
    lines = [json.loads(line) for line in browser("Olena").get(address(format="jsonl")).data.splitlines()]
    assert {line["name"] for line in lines} == {"Їжак", "=HYPERLINK(1)", "Аркан"}
    assert {"code", "revenue", "phone", "owner", "created_at"} <= set(lines[0])


def test_a_seller_gets_his_own_records_and_a_row_stands_in_the_journal(house: House, firms: list[int], browser: Callable[..., Browser]) -> None:
    seller = browser("Sofiia")
    assert [row["name"] for row in rows(seller.get(address(format="csv", columns="name")).data)] == ["Їжак"]
    with house.system(write=False) as session:
        query = select(JournalRow.actor_id, JournalRow.entity, JournalRow.changes).where(JournalRow.action == "export")
        assert [tuple(row) for row in session.execute(query)] == [(house.people["Sofiia"], "account", {"fields": ["name"], "format": "csv"})]


def test_who_may_not_export_is_refused_and_not_offered_it(house: House, firms: list[int], browser: Callable[..., Browser]) -> None:
    blind = browser("Bohdan")
    assert blind.get(address(format="csv")).status_code == 403
    assert "/account/export" not in blind.get("/account/").get_data(as_text=True)
    assert "/account/export?format=xlsx" in browser("Olena").get("/account/").get_data(as_text=True)


@pytest.mark.parametrize("parts", [{"format": "pdf"}, {"columns": "no_such"}, {"where": "{"}, {"sort": "no_such"}])
def test_a_wrong_address_is_refused_before_anything_is_sent(house: House, browser: Callable[..., Browser], parts: dict[str, str]) -> None:
    assert browser("Olena").get(address(**{"format": "csv", **parts})).status_code == 400


def test_a_stream_is_cut_when_its_reader_loses_the_right(
    house: House, firms: list[int], browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crm.backoffice.exchange.export.BLOCK", 1)
    monkeypatch.setattr("crm.admin_views.kit.exporting.ASKED_EVERY", -1.0)
    owner = browser("Olena")
    answer = owner.client.get(address(format="csv", columns="name"), buffered=False)
    pieces = iter(answer.response)
    assert b"name" in next(pieces)
    with house.system() as session:
        records.change(session, "user", house.people["Olena"], {"active": False})
        session.commit()
    with pytest.raises(Exception, match="right"):
        list(pieces)
    answer.close()
