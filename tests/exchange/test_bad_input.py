"""Bad files, mappings and conditions on the command line: one clear sentence in the reader's language, the promised exit code, nothing written."""

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, text

from config import Settings
from crm.application import create_app
from crm.backoffice.journal import JournalRow
from tests.factories.workbooks import bomb, huge_cell, workbook


class Desk(NamedTuple):
    """Where commands are given, and the folder of their files."""

    app: Flask
    folder: Path

    def command(self, *arguments: str) -> Result:
        return self.app.test_cli_runner().invoke(args=["data", *arguments])

    def file(self, content: bytes | str, name: str = "rows.csv") -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def written(self) -> dict[str, int]:
        """Rows by table, but for the journal's events that change no record."""
        journal = JournalRow.__table__
        with self.app.extensions["brama"].engine.connect() as connection:
            tables = [name for name in journal.metadata.tables if name not in ("journal", "outbox")]
            counts = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in tables}  # noqa: S608
            counts["journal"] = connection.execute(select(func.count()).select_from(journal).where(journal.c.version.is_not(None))).scalar_one()
        return counts

    def names(self) -> list[str]:
        with self.app.extensions["brama"].engine.connect() as connection:
            return list(connection.execute(text("SELECT name FROM account WHERE deleted_at IS NULL ORDER BY id")).scalars())


@pytest.fixture(scope="module")
def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(sqlite_template, folder / "brama.db")
    app = create_app(Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, testing=True))
    yield Desk(app, folder)
    app.extensions["brama"].engine.dispose()


# name → file, its content, what the sentence says in English and in Ukrainian
FILES: dict[str, tuple[str, Callable[[], bytes | str], str, str]] = {
    "nothing": ("a.csv", lambda: b"", "The file is empty", "Файл порожній"),
    "an open quote": ("a.csv", lambda: 'name,city\n"open,x\n', "Row 2: a quote is opened and never closed.", "Рядок 2: лапки відкрито й не закрито."),
    "a zero byte": ("a.csv", lambda: "name,city\nfirm\0,x\n", "zero characters", "нульові символи"),
    "a zero byte in JSON": ("a.jsonl", lambda: '{"name": "a\\u0000b"}\n', "zero character", "нульов"),
    "a wrong encoding": ("a.csv", lambda: "name,city\nРошен,Київ\nКернел,Полтава\n".encode("koi8-u"), "encoding of the file", "Кодування файлу невідоме"),
    "ten thousand columns": ("a.csv", lambda: ",".join(f"c{n}" for n in range(10_000)) + "\n", "has 10000 columns", "10000 стовпців"),
    "ten thousand keys": ("a.jsonl", lambda: json.dumps({f"c{n}": n for n in range(10_000)}) + "\n", "has 10000 columns", "10000 стовпців"),
    "a cell of three megabytes": ("a.csv", lambda: "name\n" + "x" * 3_000_000 + "\n", "a cell is longer than", "клітинка довша за"),
    "a cell of three megabytes in JSON": ("a.jsonl", lambda: json.dumps({"name": "x" * 3_000_000}), "cell is longer than", "довша за"),
    "a cell of three megabytes in a workbook": ("a.xlsx", huge_cell, "cell is longer than", "довша за"),
    "a zip bomb": ("a.xlsx", bomb, "The workbook unpacks to 700 MB", "Розпакована книга має 700 МБ"),
    "a damaged workbook": ("a.xlsx", lambda: workbook(["name"], ["x"])[:-300], "damaged or no XLSX file", "пошкоджена або це не XLSX"),
    "half a character in JSON": ("a.jsonl", lambda: '{"name": "a\\ud800"}\n', "half a character", "половина символу"),
    "half a character in a key": ("a.jsonl", lambda: '{"\\ud800": "a"}\n', "half a character", "половина символу"),
    "broken JSON": ("a.jsonl", lambda: '{"name": "x"\n', "Row 1: The row is no JSON object.", "Рядок 1: "),
    "an unknown column": ("a.csv", lambda: "name,colour\nА,red\n", "“colour” is no field of “Company”", "«colour» не є полем сутності «Компанія»"),
    "an unknown reference": ("a.csv", lambda: "name,parent\nА,NOBODY\n", "“parent”: Company “NOBODY” is not known.", "Компанія «NOBODY»: такого запису немає."),
    "an unknown option": ("a.csv", lambda: "name,industry\nА,alchemy\n", "has no value “alchemy”", "немає значення «alchemy»"),
    "two rows with one key": ("a.csv", lambda: "code,name\nA1,А\nA1,Б\n", "Several rows have the key “A1”: 2, 3.", "Кілька рядків мають ключ «A1»: 2, 3."),
    "a row too long": ("a.csv", lambda: "name,city\nА,Київ,x\n", "more cells than the first row has columns", "більше клітинок, ніж стовпців"),
    "text turned round": ("a.csv", lambda: "name\nабв \u202egpj.exe\n", "marks that turn the direction of writing", "Рядок 2, «name»"),
    "no number": ("a.csv", lambda: "name,employees\nА,багато\n", "Row 2, “employees”", "Рядок 2, «employees»"),
}
# name → mapping, what the sentence says in English and in Ukrainian
MAPPINGS = {
    "a typo in a section": ("column: {a: name}\n", "“column” is not known. Did you mean “columns”?", "Можливо, ви мали на увазі «columns»?"),
    "a typo in a setting": ("columns: {a: {field: name, bye: x}}\n", "“bye” is not known. Did you mean “by”?", "Можливо, ви мали на увазі «by»?"),
    "a typo in a field": ("columns: {a: naem, city: city}\n", "Did you mean “name”?", "Можливо, ви мали на увазі «name»?"),
    "a column left over": ("columns: {a: name}\n", "“city” is neither mapped nor ignored", "«city» не зіставлено й не пропущено"),
    "another entity": ("entity: deal\n", "The mapping is for “deal”", "Зіставлення для «deal»"),
    "half a character in a column": ('columns: {"\\uD800": name}\n', "half a character", "половина символу"),
    "half a character in a value": ('columns: {a: {field: name, values: {x: "\\uD800"}}}\n', "half a character", "половина символу"),
    "half a character in a default": ('columns: {a: name}\ndefaults: {city: "\\uD800"}\n', "half a character", "половина символу"),
    "half a character as delimiter": ('file: {delimiter: "\\uD800"}\n', "half a character", "половина символу"),
    "a zero in a column": ('columns: {"\\0": name}\n', "zero character", "нульовий символ"),
    "no YAML": ("columns: [\n", "no valid YAML (line 2)", "не є правильним YAML (рядок 2)"),
}
DEEP = json.dumps({"field": "name", "op": "eq", "value": "x"})
for _ in range(200):
    DEEP = f'{{"not": {DEEP}}}'
# name → arguments of the export, what the sentence says in English and in Ukrainian
EXPORTS = {
    "a condition 200 levels deep": (("--where", DEEP), "nested too deeply", "вкладено надто глибоко"),
    "a condition without an end": (("--where", '{"not":' * 100_000), "too large", "надто велика"),
    "no JSON": (("--where", "{"), "not valid JSON", "не є правильним JSON"),
    "an unknown field in a condition": (("--where", '{"field": "nope", "op": "eq", "value": 1}'), "“nope”", "«nope»"),
    "an unknown column": (("--fields", "nope"), "“nope”", "«nope»"),
    "half a character in a condition": (("--where", '{"field": "\\ud800", "op": "eq", "value": 1}'), "half a character", "половина символу"),
    "an unknown sort": (("--sort", "nope"), "“nope”", "«nope»"),
}
STRANGE = {"emoji": "Ромашка 🌼👩‍🌾", "right to left": "שלום, ABC", "a long word": "Я" * 255, "a tab": "а\tб"}


def refused(desk: Desk, language: str, sentence: str, *arguments: str) -> None:
    before = desk.written()
    done = desk.command(*arguments, "--lang", language)
    assert done.exit_code == 1, (done.exit_code, done.stderr)
    assert sentence in done.stderr, done.stderr
    assert not done.exception or isinstance(done.exception, SystemExit)
    if language == "uk":
        said = re.sub(r"[«“/][^»”\n]*", "", done.stderr)  # but for names and paths
        assert set(re.findall("[A-Za-z]{2,}", said)) <= {"UTF", "Windows", "CSV", "XLSX", "JSON", "YAML"}, done.stderr
    assert desk.written() == before


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_answered_with_a_sentence(desk: Desk, case: str, language: str) -> None:
    name, content, english, ukrainian = FILES[case]
    refused(desk, language, english if language == "en" else ukrainian, "import", "account", desk.file(content(), name))


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("case", MAPPINGS)
def test_a_bad_mapping_is_answered_with_a_sentence(desk: Desk, case: str, language: str) -> None:
    mapping, english, ukrainian = MAPPINGS[case]
    file, path = desk.file("a,city\nx,y\n"), desk.file(mapping, "m.yaml")
    refused(desk, language, english if language == "en" else ukrainian, "import", "account", file, "--mapping", path)


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("case", EXPORTS)
def test_a_bad_question_is_answered_with_a_sentence(desk: Desk, case: str, language: str) -> None:
    arguments, english, ukrainian = EXPORTS[case]
    refused(desk, language, english if language == "en" else ukrainian, "export", "account", *arguments)


def test_an_unknown_entity_and_a_missing_file_are_refused(desk: Desk) -> None:
    refused(desk, "en", "“accounts”", "import", "accounts", desk.file("name\nx\n"))
    refused(desk, "uk", "Файлу «nope.csv» немає.", "import", "account", str(desk.folder / "nope.csv"))


def test_good_rows_are_written_when_asked_and_the_exit_code_says_that_some_failed(desk: Desk) -> None:
    done = desk.command("import", "account", desk.file("name,industry\nДобра,\nЗла,alchemy\n"), "--partial")
    assert done.exit_code == 3
    said = json.loads(done.stdout)
    assert (said["created"], said["failed"]) == (1, 1)
    assert "alchemy" in Path(said["error_file"]).read_text("utf-8-sig")
    assert desk.names()[-1] == "Добра"


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE)
def test_strange_text_is_text_and_comes_back(desk: Desk, name: str) -> None:
    done = desk.command("import", "account", desk.file(json.dumps({"name": name}) + "\n", "a.jsonl"))
    assert done.exit_code == 0, done.stderr
    kept = desk.names()[-1]
    assert kept.split() == name.split()
    lines = desk.command("export", "account", "--format", "jsonl", "--fields", "name").stdout.splitlines()
    assert kept in [json.loads(line)["name"] for line in lines]


FORMULAS = ("=cmd()", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "=HYPERLINK(\"http://evil.example\")")


def test_a_cell_that_looks_like_a_formula_is_text_in_and_out(desk: Desk) -> None:
    book = load_workbook(io.BytesIO(workbook(["name"])))
    for text_cell in FORMULAS:
        book.active.append([text_cell])  # type: ignore[union-attr]
        book.active.cell(book.active.max_row, 1).data_type = "s"  # type: ignore[union-attr]
    book.save(desk.folder / "f.xlsx")
    assert desk.command("import", "account", str(desk.folder / "f.xlsx")).exit_code == 0
    assert tuple(desk.names()[-len(FORMULAS):]) == FORMULAS
    cells = [line.split(",", 1)[1] for line in desk.command("export", "account", "--fields", "code,name").stdout.splitlines()[1:]]
    assert not any(cell.strip('"').startswith(("=", "+", "-", "@")) for cell in cells)
    made = load_workbook(io.BytesIO(desk.command("export", "account", "--format", "xlsx", "--fields", "name").stdout_bytes))
    kinds = {cell.value: cell.data_type for row in made.active.iter_rows(min_row=2) for cell in row}  # type: ignore[union-attr]
    assert {kinds[one] for one in FORMULAS} == {"s"}
    again = desk.folder / "again.csv"
    again.write_bytes(desk.command("export", "account").stdout_bytes)
    said: Any = json.loads(desk.command("import", "account", str(again)).stdout)
    assert said["unchanged"] == said["rows"]


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("entity", ["stage", "deal"])
@pytest.mark.parametrize("share", ["-0.01", "1.01", "500"])
def test_a_probability_beyond_a_hundred_percent_is_a_fault_of_its_row(desk: Desk, entity: str, share: str, language: str) -> None:
    code = json.loads(desk.command("export", "stage", "--format", "jsonl").stdout.splitlines()[0])["code"] if entity == "stage" else "D-900"
    sentence = {"en": "A probability lies between 0 and 100 %.", "uk": "Ймовірність має бути від 0 до 100 %."}[language]
    refused(desk, language, sentence, "import", entity, desk.file(f"code,probability\n{code},{share}\n"))
