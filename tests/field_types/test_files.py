"""Files and pictures of records: sent by form and cell, fetched by whoever sees the field, kept through refusals, undo and exports."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from crm.backoffice import files, records
from crm.errors import Invalid
from tests.exchange.conftest import Desk
from tests.factories.pictures import PDF, bomb, picture
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


def sent(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def fetch(someone: Browser, path: str) -> TestResponse:
    """The answer read to its end, and its file closed."""
    return someone.get(path, buffered=True)


def with_paper(house: House, someone: Browser, **values: object) -> int:
    answer = someone.submit("/sample/new/", {"name": "Договір", "paper": sent(PDF, "Договір №1.pdf"), **values})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:800]
    return int(answer.headers["Location"].strip("/").split("/")[1])


def test_a_form_takes_a_file_and_the_card_leads_to_it(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    assert 'enctype="multipart/form-data"' in someone.get("/sample/new/").get_data(as_text=True)
    number = with_paper(house, someone)
    assert f'href="/sample/{number}/file/paper"' in someone.get(f"/sample/{number}/").get_data(as_text=True)
    answer = fetch(someone, f"/sample/{number}/file/paper")
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert someone.submit(f"/sample/{number}/edit/").status_code == 303
    assert house.stored("sample", number)["row_version"] == 1, "an untouched form changes nothing"
    assert someone.submit(f"/sample/{number}/edit/", {"paper": ["remove", sent(b"", "")]}).status_code == 303
    assert house.stored("sample", number)["paper"] is None
    assert fetch(someone, f"/sample/{number}/file/paper").status_code == 404


def test_a_picture_is_shown_small_in_the_list_and_whole_behind_it(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone, photo=sent(picture(800, 600, "JPEG"), "дача.jpg"))
    page = someone.get("/sample/?columns=name,photo,paper").get_data(as_text=True)
    assert f'<img src="/sample/{number}/file/photo?size=small" alt="дача.jpg" width="96" height="72"' in page
    small, whole = (fetch(someone, f"/sample/{number}/file/photo{size}") for size in ("?size=small", ""))
    assert Image.open(io.BytesIO(small.data)).size == (320, 240)
    assert Image.open(io.BytesIO(whole.data)).size == (800, 600)
    assert whole.headers["Content-Disposition"].startswith("inline")
    assert whole.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(("key", "data", "why"), [
    ("paper", b"<svg onload=alert(1)>", "SVG"), ("paper", b"MZ\0\0", "not accepted"), ("paper", PDF * 4_000, "too large"), ("photo", PDF, "not a picture"),
    ("photo", bomb(30_000, 30_000), "30000 × 30000"), ("photo", bomb(100, 100), "damaged"),
], ids=["svg", "program", "large", "pdf", "bomb", "broken"])
def test_what_is_not_accepted_is_refused_at_its_field_and_leaves_nothing(
    house: House, browser: SignIn, tmp_path: Path, key: str, data: bytes, why: str,
) -> None:
    answer = browser("Olena").submit("/sample/new/", {"name": "а", key: sent(data, "x.pdf")})
    assert answer.status_code == 422
    assert why in answer.get_data(as_text=True)
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []


def test_a_file_need_not_be_sent_again_when_another_field_was_wrong(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    refused = someone.submit("/sample/new/", {"name": "а", "lasts": "довго", "paper": sent(PDF, "п.pdf")})
    assert refused.status_code == 422
    word = re.search(r'name="paper" value="([^"]+)"', refused.get_data(as_text=True))
    assert word
    answer = someone.submit("/sample/new/", {"name": "а", "lasts": "5", "paper": word[1]})
    assert answer.status_code == 303
    assert fetch(someone, answer.headers["Location"] + "file/paper").data == PDF
    stranger = browser("Roma")
    assert stranger.submit("/sample/new/", {"name": "б", "paper": word[1]}).status_code == 422, "what another sent is his alone"
    assert someone.submit("/sample/new/", {"name": "б", "photo": word[1]}).status_code == 422, "nor does it fit a field with other limits"
    for made_up in ("x", word[1] + "x", '{"key": "' + "0" * 32 + '"}'):
        assert someone.submit("/sample/new/", {"name": "б", "paper": made_up}).status_code == 422


def test_a_cell_takes_a_file_and_undo_brings_back_the_one_before(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone)
    assert 'type="file"' in someone.get(f"/sample/{number}/cell/paper").get_data(as_text=True)
    data = {"value": sent(b"another text", "нова.txt"), "row_version": "1", "csrf_token": someone.token}
    saved = someone.client.post(f"/sample/{number}/cell/paper", data=data, headers={"Accept": "application/json"})
    assert saved.status_code == 200, saved.get_data(as_text=True)[:300]
    assert "нова.txt" in saved.get_json()["value"]
    journal = someone.get(f"/sample/{number}/journal").get_data(as_text=True)
    assert "Договір №1.pdf" in journal
    assert "нова.txt" in journal
    undo = re.search(r"/undo/[0-9a-f]{32}", saved.headers["HX-Trigger"])
    assert undo
    assert someone.post(undo[0], {}).status_code == 200
    assert fetch(someone, f"/sample/{number}/file/paper").data == PDF


def test_no_door_takes_a_file_by_its_key_or_description(house: House, browser: SignIn, desk: Desk) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone)
    ref = house.stored("sample", number)["paper"]
    other = house.make("sample", name="б")
    pasted = {"columns": ["paper"], "rows": [{"id": other, "values": [ref.key]}]}
    assert someone.client.post("/sample/paste", json=pasted, headers={"X-CSRFToken": someone.token}).status_code == 422
    assert someone.post("/sample/bulk", {"ids": str(other), "field": "paper", "value": ref.key, "step": "apply"}).status_code == 403
    with house.system() as session, pytest.raises(Invalid, match="chosen here"):
        records.change(session, "sample", other, {"paper": {"key": ref.key}})
    exported = desk.export("sample", "jsonl", "code", "paper")
    assert ref.key.encode() not in exported
    assert '"paper": "Договір №1.pdf"'.encode() in exported
    again = desk.load("sample", desk.export("sample", "csv"))
    assert (again.unchanged, again.failed) == (2, 0)
    for path in (f"/sample/{number}/", f"/sample/{number}/edit/", f"/sample/{number}/journal", "/sample/?columns=name,paper"):
        assert ref.key not in someone.get(path).get_data(as_text=True), path


def test_a_file_is_found_by_its_name_and_only_where_it_shows(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone)
    assert "Договір" in someone.get("/sample/?search=договір").get_data(as_text=True)
    assert someone.get('/sample/?where={"field":"paper","op":"contains","value":"№1"}').status_code == 200
    assert someone.get('/sample/?where={"field":"paper","op":"eq","value":"x"}').status_code == 400
    masked = browser("Masha")
    page = masked.get("/sample/?columns=name,paper").get_data(as_text=True)
    assert "Договір №1.pdf" not in page
    assert "/file/paper" not in page
    assert masked.get(f"/sample/{number}/file/paper").status_code == 404
    assert masked.get(f"/sample/{number}/file/cost").status_code == 400


def test_a_file_answers_like_a_record_that_is_not_there_outside_the_scope(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone)
    there, nowhere = someone.get("/sample/999/file/paper"), someone.get("/sample/998/file/nothing")
    assert there.status_code == nowhere.status_code == 404
    for key in ("nothing", "name", "cost"):
        assert fetch(someone, f"/sample/{number}/file/{key}").status_code == 400, key
    house.remove("sample", number)
    assert fetch(someone, f"/sample/{number}/file/paper").status_code == 404
    assert house.app.test_client().get(f"/sample/{number}/file/paper").status_code in (302, 303, 401)


def test_a_file_that_has_been_lost_is_not_found(house: House, browser: SignIn, tmp_path: Path) -> None:
    someone = browser("Olena")
    number = with_paper(house, someone)
    files.remove(tmp_path / "files", house.stored("sample", number)["paper"].key)
    assert fetch(someone, f"/sample/{number}/file/paper").status_code == 404
    assert someone.get(f"/sample/{number}/").status_code == 200
