"""What the entity of the recipe “add an entity” must then do. Run inside the copy of the project that has followed it, by test_recipes.py."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import Result

from config import Settings
from crm.application import create_app
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from crm.serving.doctor import examine
from tests.kit_forms.house import PASSWORD, Browser, House
from tests.signing_in import signed_in

ROOT = Path(__file__).resolve().parents[2]
ROWS = """code,name,account,state,installed_on,price,service_cost
E-10,Холодильна камера,A-10,works,2026-03-02,120000.50,900.25
E-11,"=Вітрина",A-10,В ремонті,2025-12-31,35000.00,
"""
MAPPING = """
columns:
  code: code
  name: name
  account: account
  state: {field: state, values: {"В ремонті": repair}}
  installed_on: installed_on
  price: price
  service_cost: service_cost
"""


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A company that has the role of the recipe's file, an owner and an engineer."""
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    made = House(create_app(Settings(instance=instance, database_url=database_url, secret_key="k" * 40, testing=True)))
    with made.system() as session:
        apply(session, read((ROOT / "equipment.yaml").read_bytes(), session.catalog))
        session.commit()
    with made.system() as session:
        for name, role in (("Olena", "owner"), ("Pavlo", "service_engineer"), ("Sofiia", "seller")):
            made.people[name] = add_person(session, f"{name.lower()}@firm.example", name, roles=(role,), password=PASSWORD)
        session.commit()
    made.make("account", code="A-10", name="Полісся-Агро")
    yield made
    made.engine.dispose()


def browser(house: House, name: str, language: str = "en") -> Browser:
    return Browser(*signed_in(house.app, f"{name.lower()}@firm.example", language))


def flask(house: House, *words: str, code: int = 0) -> Result:
    done = house.app.test_cli_runner().invoke(args=list(words))
    assert done.exit_code == code, done.output
    return done


def load(house: House, folder: Path, text: str = ROWS, code: int = 0, *more: str) -> dict[str, Any]:
    (folder / "rows.csv").write_text(text)
    (folder / "mapping.yaml").write_text(MAPPING)
    done = flask(house, "data", "import", "equipment", str(folder / "rows.csv"), "--mapping", str(folder / "mapping.yaml"), *more, code=code)
    return dict(json.loads(done.stdout))


def number_of(house: House, code: str) -> int:
    with house.system(write=False) as session:
        source = session.table("equipment")
        return int(session.scalar(source.table.select().with_only_columns(source.id).where(source["code"] == code)) or 0)


def text(browser: Browser, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, (path, answer.get_data(as_text=True)[:400])
    return answer.get_data(as_text=True)


def where(**condition: Any) -> str:
    return "/equipment/?" + urlencode({"where": json.dumps(condition)})


def test_it_is_described_and_sound(house: House) -> None:
    told = json.loads(flask(house, "describe", "equipment").stdout)
    assert told["label"] == {"uk": "Одиниця обладнання", "en": "Piece of equipment"}
    classes = {f["key"]: f["class"] for f in told["fields"]}
    assert (classes["code"], classes["price"], classes["service_cost"]) == ("open", "internal", "sensitive")
    assert [c for c in examine(house.engine, house.app.extensions["brama"].settings) if not c.ok] == []


def test_its_form_makes_a_record_that_its_list_and_card_show_in_both_languages(house: House) -> None:
    owner = browser(house, "Olena")
    customer = number_of_account(house)
    answer = owner.submit("/equipment/new/", {"name": "Чилер", "account": str(customer), "installed_on": "2026-03-02", "price": "1500.5", "service_cost": "10"})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:1000]
    stored = house.stored("equipment", number_of(house, "E-1"))
    assert (stored["name"], str(stored["price"]), stored["currency"], stored["owner"].id) == ("Чилер", "1500.5000", "UAH", house.people["Olena"])
    for language, plural, heading in (("en", "Equipment", "Installed on"), ("uk", "Обладнання", "Встановлено")):
        reader = browser(house, "Olena", language)
        page = text(reader, "/equipment/")
        assert plural in page
        assert heading in page
        assert "Чилер" in page
        assert "Чилер" in text(reader, answer.headers["Location"])
        assert 'href="/equipment/"' in text(reader, "/")
    refused = owner.submit(f"/equipment/{number_of(house, 'E-1')}/edit/", {"removed_on": "2026-03-01"})
    assert refused.status_code == 422
    ukrainian = browser(house, "Olena", "uk").submit(f"/equipment/{number_of(house, 'E-1')}/edit/", {"removed_on": "2026-03-01"})
    assert "Обладнання вивезли б раніше, ніж встановили." in ukrainian.get_data(as_text=True)


def number_of_account(house: House) -> int:
    with house.system(write=False) as session:
        source = session.table("account")
        return int(session.scalar(source.table.select().with_only_columns(source.id).where(source["code"] == "A-10")) or 0)


def test_files_go_in_and_out_and_are_taken_back(house: House, tmp_path: Path) -> None:
    first = load(house, tmp_path)
    assert (first["created"], first["failed"]) == (2, 0)
    second = load(house, tmp_path)
    assert (second["created"], second["updated"], second["unchanged"]) == (0, 0, 2)
    exported = flask(house, "data", "export", "equipment", "--fields", "code,name,account,state,installed_on,price,service_cost", "--sort", "code").stdout
    rows = list(csv.reader(io.StringIO(exported)))
    assert rows[1:] == [
        ["E-10", "Холодильна камера", "A-10", "works", "2026-03-02", "120000.50", "900.25"],
        ["E-11", "'=Вітрина", "A-10", "repair", "2025-12-31", "35000.00", ""],
    ]
    again = flask(house, "data", "export", "equipment").stdout
    (tmp_path / "all.csv").write_text(again)
    same = json.loads(flask(house, "data", "import", "equipment", str(tmp_path / "all.csv")).stdout)
    assert (same["created"], same["updated"], same["unchanged"]) == (0, 0, 2)
    wrong = load(house, tmp_path, ROWS.replace("works", "broken"), 1)
    assert wrong["failed"] == 1
    undone = json.loads(flask(house, "data", "undo", first["batch"]).stdout)
    assert undone == {"undone": 2, "kept": []}
    assert house.count("equipment") == 0


def test_it_is_filtered_sorted_searched_and_stands_on_the_customers_card(house: House, tmp_path: Path) -> None:
    load(house, tmp_path)
    owner = browser(house, "Olena")
    page = text(owner, where(field="state", op="eq", value="repair"))
    assert "Вітрина" in page
    assert "Холодильна камера" not in page
    newest = text(owner, "/equipment/")
    assert newest.index("Холодильна камера") < newest.index("Вітрина")
    assert "Вітрина" in text(owner, "/equipment/?search=вітрина")
    assert "155,000.50" in text(owner, "/equipment/count?columns=name,price")
    assert "Вітрина" in text(owner, f"/account/{number_of_account(house)}/?related=equipment")
    by_aggregate = {"count": "equipment", "op": "eq", "value": 2}
    assert "Полісся-Агро" in text(owner, "/account/?" + urlencode({"where": json.dumps(by_aggregate)}))


def test_rights_reach_every_door(house: House, tmp_path: Path) -> None:
    load(house, tmp_path)
    engineer, stranger = browser(house, "Pavlo"), browser(house, "Sofiia")
    number = number_of(house, "E-10")
    for path in ("/equipment/", f"/equipment/{number}/", f"/equipment/{number}/edit/", f"/equipment/{number}/journal"):
        page = text(engineer, path)
        assert "Service cost" not in page
        assert "900.25" not in page
    assert engineer.get(where(field="service_cost", op="gt", value="1")).status_code == 400
    assert engineer.get("/equipment/?sort=service_cost").status_code == 400
    assert engineer.get("/equipment/?columns=name,service_cost").status_code == 400
    form = engineer.form(f"/equipment/{number}/edit/")
    assert "price" not in form
    assert "service_cost" not in form
    assert engineer.submit(f"/equipment/{number}/edit/", {"price": "1"}).status_code == 400
    saved = engineer.submit(f"/equipment/{number}/edit/", {"serial_number": "SN-7"})
    assert saved.status_code == 303
    assert engineer.post("/equipment/remove", {"ids": str(number)}).status_code == 403
    assert stranger.get("/equipment/").status_code == 403
    flask(house, "data", "export", "equipment", "--fields", "code,service_cost", "--as", "pavlo@firm.example", code=4)
    told = json.loads(flask(house, "access", "explain", "pavlo@firm.example", "equipment", str(number), "service_cost").stdout)
    assert (told["allowed"], told["mode"]) == (False, "hidden")
    told = json.loads(flask(house, "access", "explain", "pavlo@firm.example", "equipment", str(number), "price").stdout)
    assert (told["allowed"], told["mode"], told["rule"]) == (True, "read", "service_engineer#1")


def test_what_happens_to_it_is_kept(house: House, tmp_path: Path) -> None:
    load(house, tmp_path)
    number = number_of(house, "E-10")
    engineer = browser(house, "Pavlo")
    engineer.submit(f"/equipment/{number}/edit/", {"serial_number": "SN-7"})
    page = text(browser(house, "Olena"), f"/equipment/{number}/journal")
    assert "SN-7" in page
    assert "Pavlo" in page
    told = json.loads(flask(house, "journal", "verify").stdout)
    assert told["ok"] is True
    assert told["rows"] > 2
