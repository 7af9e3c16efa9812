"""Sets of references in files: lists in JSONL, codes between semicolons elsewhere; found, made, awaited and undone as references are."""

import csv
import io
import json

import pytest

from crm.backoffice import lists
from crm.backoffice.exchange.mapping import MappingFault
from crm.backoffice.exchange.take_back import take_back
from crm.messages import render
from tests.exchange.conftest import Desk

CATEGORIES = 'code,name\nPC-A,Холод\nPC-B,Клімат\n"PC;C","Крапка; з комою"\n'


def interests(desk: Desk, code: str = "A1") -> list[str] | None:
    with desk.open()(desk.company.catalog, False) as session:
        query = lists.parse_query(session, "account", {"columns": "interests", "where": json.dumps({"field": "code", "op": "eq", "value": code})})
        (row,) = lists.stream(session, query, refs="code")
        found = row.values["interests"]
        return sorted(r.text for r in found) if found is not None else None


def sentences(problems: object) -> list[tuple[int, str, str]]:
    return [(p.row, p.column, render(p.message, "en")) for p in problems]  # type: ignore[attr-defined]


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    assert desk.load("product_category", CATEGORIES).created == 3
    return desk


def test_codes_between_semicolons_make_a_set(stocked: Desk) -> None:
    content = 'code,name,interests\nA1,Рошен,"PC-B; ""PC;C"" ;PC-B"\nA2,Nibulon,\n'
    assert stocked.load("account", content).created == 2
    assert interests(stocked) == ["PC-B", "PC;C"]
    assert interests(stocked, "A2") is None
    assert stocked.load("account", content).unchanged == 2
    report = stocked.load("account", "code,name,interests\nA1,Рошен,PC-A\n", dry_run=True)
    assert report.changes == [{"row": 2, "code": "A1", "field": "interests", "old": ["PC-B", "PC;C"], "new": ["PC-A"]}]
    assert stocked.load("account", "code,name,interests\nA1,Рошен,\n").updated == 1
    assert interests(stocked) is None


def test_jsonl_has_lists_and_takes_texts(stocked: Desk) -> None:
    lines = [
        {"code": "A1", "name": "а", "interests": ["PC-A", "PC;C"]},
        {"code": "A2", "name": "б", "interests": "PC-A; PC-B"},
        {"code": "A3", "name": "в", "interests": []},
    ]
    content = "\n".join(json.dumps(line) for line in lines)
    assert stocked.load("account", content, name="rows.jsonl").created == 3
    assert (interests(stocked), interests(stocked, "A2"), interests(stocked, "A3")) == (["PC-A", "PC;C"], ["PC-A", "PC-B"], None)
    exported = [json.loads(line) for line in stocked.export("account", "jsonl").decode().splitlines()]
    assert exported[0]["interests"] == ["PC-A", "PC;C"]
    assert exported[2]["interests"] is None


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_exporting_and_importing_again_changes_nothing(stocked: Desk, form: str) -> None:
    stocked.load("account", 'code,name,interests\nA1,а,"PC-A; ""PC;C"""\nA2,б,\nA3,в,PC-B\n')
    file = stocked.file(stocked.export("account", form), f"rows.{form}")
    report = stocked.load("account", file)
    assert (report.unchanged, report.updated, report.failed) == (3, 0, 0)


def test_csv_writes_codes_that_need_it_in_quotes(stocked: Desk) -> None:
    stocked.load("account", 'code,name,interests\nA1,а,"PC-B;""PC;C"""\n')
    (row,) = csv.DictReader(io.StringIO(stocked.export("account", "csv", "code", "interests").decode()))
    assert row == {"code": "A1", "interests": 'PC-B; "PC;C"'}


def test_an_unknown_record_fails_the_row_or_is_left_out_or_made(stocked: Desk) -> None:
    content = "code,name,wish\nA1,Рошен,Холод; Пара\n"
    mapping = "columns: {{code: code, name: name, wish: {{field: interests, by: name, missing: {0}}}}}"
    refused = stocked.load("account", content, mapping.format("fail"))
    assert sentences(refused.problems) == [(2, "wish", "Product category “Пара” is not known.")]
    assert stocked.load("account", content, mapping.format("empty")).created == 1
    assert interests(stocked) == ["PC-A"]
    dry = stocked.load("account", content, mapping.format("create"), dry_run=True)
    assert (dry.related, dry.changes) == ({"product_category": 1}, [{"row": 2, "code": "A1", "field": "interests", "old": ["PC-A"], "new": ["PC-A", "Пара"]}])
    made = stocked.load("account", content, mapping.format("create"))
    assert (made.updated, made.related) == (1, {"product_category": 1})
    assert len(interests(stocked) or ()) == 2
    assert stocked.load("account", content, mapping.format("create")).unchanged == 1


def test_values_of_a_mapping_are_of_each_part(stocked: Desk) -> None:
    mapping = "file: {empty: ['', '-']}\ncolumns: {code: code, name: name, wish: {field: interests, values: {cold: PC-A, air: PC-B}}}"
    assert stocked.load("account", "code,name,wish\nA1,Рошен,cold; air; -\n", mapping).created == 1
    assert interests(stocked) == ["PC-A", "PC-B"]


def test_sets_point_forward_inside_a_file_and_to_themselves(desk: Desk) -> None:
    content = "code,name,goes_with\nP1,Камера,P2; P3; P1\nP2,Двері,P1\nP3,Агрегат,\n"
    assert desk.load("product", content).created == 3
    found = dict(desk.rows("product", "code", "goes_with"))
    assert {code: {r.text for r in refs or ()} for code, refs in found.items()} == {"P1": {"P1", "P2", "P3"}, "P2": {"P1"}, "P3": set()}
    assert desk.load("product", content).unchanged == 3
    assert sentences(desk.load("product", "code,name,goes_with\nP4,Нова,P5\n").problems) == [(2, "goes_with", "Product “P5” is not known.")]


def test_an_import_of_sets_is_taken_back(stocked: Desk) -> None:
    stocked.load("account", "code,name,interests\nA1,Рошен,PC-A\n")
    report = stocked.load("account", "code,name,interests\nA1,Рошен,PC-B\nA2,Нова,PC-A\n")
    assert take_back(stocked.company.engine, stocked.open(), stocked.company.catalog, str(report.batch)).undone == 2
    assert interests(stocked) == ["PC-A"]


def test_a_set_matches_no_rows_and_takes_defaults(stocked: Desk) -> None:
    with pytest.raises(MappingFault, match="several values"):
        stocked.load("account", "code,name,interests\nA1,а,PC-A\n", match=("interests",))


def test_what_the_importer_does_not_see_is_unknown_and_stays_in_the_set(stocked: Desk) -> None:
    company = stocked.company
    me = company.person(
        company.role(
            "r",
            {"entity": "product_category", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
            {"entity": "account", "actions": ["read", "create", "update", "export"], "scope": "all", "fields": {"*": "edit"}},
        )
    )
    company.make("product_category", {"name": "Моя", "code": "PC-M", "owner": me})
    stocked.load("account", "code,name,interests\nA1,Рошен,PC-A\n")
    assert sentences(stocked.load("account", "code,name,interests\nA1,Рошен,PC-A\n", who=me).problems) == [
        (2, "interests", "Product category “PC-A” is not known.")
    ]
    assert stocked.load("account", "code,name,interests\nA1,Рошен,PC-M\n", who=me).updated == 1
    assert interests(stocked) == ["PC-A", "PC-M"]
    assert b"PC-A" not in stocked.export("account", "csv", "code", "interests", who=me)
    assert stocked.load("account", "code,name,interests\nA1,Рошен,PC-M\n", who=me).unchanged == 1


@pytest.mark.parametrize("cell", ['"" "" ;', "=cmd|' /C calc'!A0", "\u202egnp", "x" * 300, ";".join(str(n) for n in range(1100))])
def test_a_cell_that_is_no_list_of_codes_fails_its_row(stocked: Desk, cell: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["code", "name", "interests"], ["A1", "а", cell]])
    report = stocked.load("account", buffer.getvalue())
    assert report.created == 0
    assert [p.column for p in report.problems] == ["interests"]


def test_hostile_lists_of_json_fail_their_row_alone(stocked: Desk) -> None:
    cells = ('[["PC-A"]]', "[null]", '["PC-A"]')
    content = "".join(f'{{"code": "A{n}", "name": "а", "interests": {cell}}}\n' for n, cell in enumerate(cells, 1))
    report = stocked.load("account", content, name="rows.jsonl", partial=True)
    assert (report.created, report.failed) == (1, 2)
