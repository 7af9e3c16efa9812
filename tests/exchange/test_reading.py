"""Files as tables: what is found out about them, and the one sentence each bad one is answered with."""

import io
import json
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from crm.backoffice.exchange.formulas import neutral, original
from crm.backoffice.exchange.mapping import FileForm
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.table import Table, Unreadable
from hypothesis import given, strategies as st

PLAIN = "name,city\nРошен,Київ\nNibulon,Миколаїв\n"


def read(tmp_path: Path, content: bytes | str, name: str = "f.csv", **form: object) -> Table:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_file(path, FileForm(**form))  # type: ignore[arg-type]


def cells(table: Table) -> list[tuple[object, ...]]:
    return [row.cells for row in table.rows()]


@pytest.mark.parametrize(("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1251", "cp1251"), ("utf-16", "utf-16")])
def test_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    table = read(tmp_path, PLAIN.encode(encoding))
    assert table.encoding == found
    assert table.columns == ("name", "city")
    assert cells(table) == [("Рошен", "Київ"), ("Nibulon", "Миколаїв")]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, sign: str) -> None:
    table = read(tmp_path, PLAIN.replace(",", sign))
    assert table.delimiter == sign
    assert cells(table)[0] == ("Рошен", "Київ")


def test_western_text_is_not_taken_for_cyrillic(tmp_path: Path) -> None:
    content = "name\nAntonio Moreno Taquería\nMünchen\nCafé\nGarçon\n"
    with pytest.raises(Unreadable, match="encoding"):
        read(tmp_path, content.encode("cp1252"))
    assert cells(read(tmp_path, content.encode("cp1252"), encoding="cp1252"))[0] == ("Antonio Moreno Taquería",)


@pytest.mark.parametrize(("content", "sentence"), [
    ("", "empty"),
    ("\n\n", "empty"),
    ('name,city\n"Рошен,Київ\n', "never closed"),
    ('name,city\n"Рошен"x,Київ\n', "quotes"),
    ("name,city\nРо\0шен,Київ\n", "zero character"),
    ("name,name\na,b\n", "Two columns"),
    ("name,,city\na,b,c\n", "has no name"),
    (",".join(f"c{n}" for n in range(10_000)) + "\n", "10000 columns"),
    ("name\n" + "x" * 3_000_000 + "\n", "longer than"),
    (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old or protected"),
    (b"%PDF-1.7\n", "neither CSV"),
    ("name,city\nЛев,Київ\n".encode()[:-3] + b"\xd0\n", "encoding"),
])
def test_a_broken_file_is_refused_with_a_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        list(read(tmp_path, content).rows())
    assert sentence in refused.value.message.id % dict(refused.value.message.params)


def test_rows_of_another_width_are_problems_of_the_row(tmp_path: Path) -> None:
    rows = list(read(tmp_path, "a,b\n1,2\n1\n1,2,3\n1,2,\n\n").rows())
    assert [r.problem is not None for r in rows] == [False, True, True, False, False]
    assert rows[-1].blank


def test_workbook_cells_keep_their_values(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["name", "amount", "day", "share", "count"])
    book.active.append(["=1+1 text", 0.1, datetime(2017, 3, 1), 12.5, 7])
    book.active["A2"].data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    table = read(tmp_path, buffer.getvalue(), "f.xlsx")
    assert table.format == "xlsx"
    assert cells(table) == [("=1+1 text", Decimal("0.1"), datetime(2017, 3, 1), Decimal("12.5"), 7)]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    with pytest.raises(Unreadable, match="unpacks"):
        read(tmp_path, buffer.getvalue(), "bomb.xlsx")


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", b"PK\x05\x06" + b"\0" * 18])
def test_a_damaged_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        list(read(tmp_path, content, "f.xlsx").rows())


def test_an_entity_bomb_in_a_workbook_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["name"])
    buffer, made = io.BytesIO(), io.BytesIO()
    book.save(buffer)
    bomb = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(made, "w") as target:
        for item in source.namelist():
            target.writestr(item, bomb if item in ("xl/sharedStrings.xml", "xl/workbook.xml") else source.read(item))
    with pytest.raises(Unreadable, match="damaged"):
        list(read(tmp_path, made.getvalue(), "f.xlsx").rows())


def test_lines_of_json(tmp_path: Path) -> None:
    lines = [
        json.dumps({"name": "Рошен", "n": 3}, ensure_ascii=False),
        json.dumps({"name": None, "amount": 1.50}),
        "[1]",
        '{"name": 1, "name": 2}',
        '{"name": {"a": 1}}',
        "{",
    ]
    rows = list(read(tmp_path, "\n".join(lines), "f.jsonl").rows())
    assert rows[0].cells[:2] == ("Рошен", 3)
    assert rows[1].cells[0] is None
    assert [r.problem is not None for r in rows] == [False, False, True, True, True, True]


@given(st.text(alphabet="'=+-@\t\rab＝1 ", max_size=8))
def test_neutral_text_is_no_formula_and_comes_back(text: str) -> None:
    assert original(neutral(text)) == text
    assert not neutral(text)[:1] or neutral(text)[0] not in "=+-@\t\r＝"
