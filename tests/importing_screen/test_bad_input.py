"""Bad files and bad mappings at the import screen: one clear sentence, nothing written, nothing kept of what could not be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.admin_views.imports import trying
from crm.backoffice.exchange import uploads
from tests.factories.workbooks import bomb, workbook
from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import House


def kept(house: House) -> tuple[int, int]:
    """How many files lie in the house, and how many uploads are remembered."""
    folder: Path = house.app.extensions["brama"].settings.files
    with house.engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(uploads.TABLE)) or 0
    return sum(1 for path in folder.rglob("*") if path.is_file()), rows


UNREADABLE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "nothing": ("a.csv", lambda: b"", "empty"),
    "a broken quote": ("a.csv", lambda: b'name,city\n"open,x\n', "never closed"),
    "a zero byte": ("a.csv", lambda: b"name,city\nfirm\0,x\n", "zero character"),
    "a picture": ("a.csv", lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 100, "neither CSV nor XLSX"),
    "an old workbook": ("a.xls", lambda: b"\xd0\xcf\x11\xe0" + b"x" * 100, "old or protected form"),
    "no known encoding": ("a.csv", lambda: "name,city\nРошен,Київ\nКернел,Полтава\n".encode("koi8-u"), "encoding of the file is not known"),
    "ten thousand columns": ("a.csv", lambda: ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n", "10000 columns"),
    "a cell of three megabytes": ("a.csv", lambda: b"name\n" + b"x" * 3_000_000 + b"\n", "longer than"),
    "two columns of one name": ("a.csv", lambda: b"name,name\na,b\n", "named “name”"),
    "a column without name": ("a.csv", lambda: b"name,,city\na,b,c\n", "has no name"),
    "a zip bomb": ("a.xlsx", bomb, "unpacks to"),
    "a damaged workbook": ("a.xlsx", lambda: workbook(["name"], ["x"])[:-300], "damaged"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence_and_not_kept(house: House, desk: Callable[..., Desk], case: str) -> None:
    name, make, sentence = UNREADABLE[case]
    text = "columns: {name: name}"
    at = desk("Olena").bring(make(), name, mapping=text)
    assert at.status == 422
    assert sentence in at.fault()
    assert text in at.page  # what was typed stays
    assert kept(house) == (0, 0)
    assert "Traceback" not in at.page


def test_a_sentence_is_said_in_ukrainian_too(house: House, desk: Callable[..., Desk]) -> None:
    english, ukrainian = (desk("Olena", language=language).bring(b"name,name\na,b\n").fault() for language in ("en", "uk"))
    assert english == "Two columns are named “name”."
    assert ukrainian != english


def test_a_file_beyond_the_limit_is_answered_413_with_the_limit(house: House, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.app.config, "MAX_CONTENT_LENGTH", 200_000)
    at = desk("Olena").bring(b"name\n" + b"x" * 300_000)
    assert at.status == 413
    assert "at most 64 MB" in at.fault()
    assert kept(house) == (0, 0)


def test_no_file_is_asked_for(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring(b"", "")
    assert (at.status, at.fault()) == (422, "Choose a file.")


MAPPINGS = {
    "columns:\n  name: nam": "Column “name”: “nam” is not known. Did you mean “name”?",
    "colums:\n  name: name": "“colums” is not known. Did you mean “columns”?",
    "columns: [": "no valid YAML",
    "columns:\n  name: name\n  name: city": "twice",
    'columns: {"\\uD800": name}': "half a character",
    'columns: {name: {field: name, values: {"\\uD800": x}}}': "half a character",
    "entity: deal\ncolumns: {name: name}": "The mapping is for “deal”",
    "columns: {name: {field: name, missing: perhaps}}": "“missing” is one of",
}


@pytest.mark.parametrize("text", MAPPINGS)
def test_a_mapping_with_a_fault_is_told_and_the_file_and_the_text_stay(house: House, desk: Callable[..., Desk], text: str) -> None:
    at = desk("Olena").bring("name,city\nРошен,Київ\n", mapping=text)
    assert at.status == 422
    assert MAPPINGS[text] in at.fault()
    assert at.values()["yaml"].strip() == text.strip()
    assert kept(house) == (1, 1)
    assert house.count("account") == 0
    assert [at.browser.get(path).status_code for path in ("/", "/account/")] == [200, 200]  # the session is whole


def test_columns_that_only_one_side_knows_are_told(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("name,city\nРошен,Київ\n", mapping="columns: {name: name, owner: owner}")
    assert "no columns “owner”" in at.page
    assert "says nothing of the columns “city”" in at.page
    assert (at.target("name"), at.target("city"), at.numbers()) == ("name", "", (1, 0, 0, 0))


def test_one_field_for_two_columns_is_refused_and_the_form_stays_as_it_was(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("name,city\nРошен,Київ\n")
    values = at.values()
    values[f"to-{at.number('city')}"] = "name"
    answer = at.browser.client.post(at.url, data=values, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#import-fault")
    assert "Two columns fill “name”." in answer.get_data(as_text=True)
    assert at.look().target("city") == "city"
    assert at.send(name__to="", city__to="").fault() == "Choose a field for at least one column."


def test_rows_with_one_key_and_unknown_references_are_reasons_of_their_rows(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("code,name,owner\nA1,Рошен,nobody\nA2,Нібулон,\nA2,Кернел,\n")
    assert at.numbers() == (0, 0, 0, 3)
    assert at.reasons() == ["User “nobody” is not known.", "Several rows have the key “A2”: 3, 4."]


@pytest.mark.parametrize("name", ["=cmd()|'/c calc'!A1", "<script>alert(1)</script>", "Ґава 🐦 עברית", "+380 44"])
def test_strange_text_is_text(house: House, desk: Callable[..., Desk], work: Callable[[], int], name: str) -> None:
    at = desk("Olena").bring(workbook(["name", "city"], [name, "Київ"]) if name.startswith("+") else f'name,city\n"{name}",Київ\n', "a.csv")
    assert (at.fault(), at.numbers()) == ("", (1, 0, 0, 0))
    assert "<script>alert" not in at.page
    at.run()
    work()
    with house.system(write=False) as session:
        accounts = session.table("account")
        assert session.execute(select(accounts["name"]).where(accounts.visible)).scalars().all() == [name]


def test_a_forged_target_way_or_date_form_is_refused(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("name,owner\nРошен,Olena\n")
    forged: list[dict[str, Any]] = [
        {"name__to": "created_at"}, {"name__to": "password_hash"}, {"owner__by": "password_hash"}, {"owner__missing": "drop"}, {"match": ["revenuf"]},
    ]
    for change in forged:
        assert at.send(**change).status == 422, change
        assert at.fault()
        at.look()
    assert at.target("name") == "name"


def test_a_forgotten_file_is_gone_and_its_page_says_so(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("name\nРошен\n")
    url = at.url
    at.browser.post(f"{url}forget", {})
    assert kept(house) == (0, 1)
    answer = at.browser.get(url)
    assert answer.status_code == 404
    assert "kept no longer" in answer.get_data(as_text=True)


def test_a_large_file_waits_for_the_worker_instead_of_the_reader(house: House, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "AT_ONCE", 3)
    at = desk("Olena").bring("name\nа\nб\nв\nг\n")
    assert "Waiting for its turn" in at.page
    assert 'role="progressbar"' in at.browser.get(f"{at.url}state").get_data(as_text=True)
