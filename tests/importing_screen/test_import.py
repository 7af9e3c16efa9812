"""The import screen from the file to the records and back, under rights."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from crm.backoffice import lists, pace, records
from crm.backoffice.conditions.tree import parse
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.mapping import load_mapping
from crm.backoffice.exchange.order import Order
from crm.backoffice.exchange.run import run_import
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.organization.founding import give_role
from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House

FIRMS = """Назва;Місто;Тел.;Кількість працівників;Пошта бухгалтера
Рошен;Київ;044 111 22 33;10;a@roshen.example
Нібулон;Миколаїв;0512 44 55 66;20;b@nibulon.example
"""


def names(house: House, entity: str = "account") -> list[str]:
    with house.system(write=False) as session:
        return [str(row.values["name"]) for row in lists.stream(session, lists.ListQuery(entity, ("name",), sort=(("id", False),)))]


def test_a_trial_names_records_in_the_language_of_its_screen(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    house.make("product", name="Камера", name_en="Camera", code="P-CAM")
    house.make("product", name="Принтер", code="P-PRN")
    other = house.make("product", name="Штатив", name_en="Tripod", code="P-TRI")
    file = "code;goes_with\nP-CAM;P-TRI\nP-PRN;P-CAM\n"
    english = desk("Olena", "product").bring(file).page
    assert [name in english for name in ("Camera", "Tripod", "Принтер")] == [True, True, True]
    assert "Камера" not in english
    ukrainian = desk("Olena", "product", "uk").bring(file).page
    assert [name in ukrainian for name in ("Камера", "Штатив", "Camera", "Tripod")] == [True, True, False, False]
    assert house.stored("product", other)["name"] == "Штатив"


def test_a_file_becomes_records_and_all_of_it_can_be_taken_back(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    old = house.make("account", name="Рошен", city="Вінниця")
    at = desk("Olena").bring(FIRMS, "Клієнти.csv")
    assert [at.target(c) for c in ("Назва", "Місто", "Тел.", "Кількість працівників", "Пошта бухгалтера")] == ["name", "city", "phone", "employees", ""]
    assert at.numbers() == (1, 1, 0, 0)
    assert re.search(r"Вінниця</span> → <span class=\"b-new\">Київ", at.page)
    assert names(house) == ["Рошен"]

    at.run()
    assert "Waiting for its turn" in at.page
    assert at.browser.get(f"{at.url}state").headers.get("HX-Refresh") is None
    assert work() == 1
    assert at.browser.get(f"{at.url}state").headers["HX-Refresh"] == "true"
    assert at.look().url.startswith("/imports/")
    assert at.numbers() == (1, 1, 0, 0)
    assert names(house) == ["Рошен", "Нібулон"]
    assert house.stored("account", old)["city"] == "Київ"

    shown = re.search(r'href="(/account/\?where=[^"]+)"', at.page)
    assert shown
    page = at.browser.get(shown[1].replace("&amp;", "&")).get_data(as_text=True)
    assert "Нібулон" in page
    assert "Рошен" in page

    at.browser.post(f"{at.url}undo", {})
    assert "taken back" in at.look().page
    assert names(house) == ["Рошен"]
    assert house.stored("account", old)["city"] == "Вінниця"
    assert at.browser.post(f"{at.url}undo", {}).status_code == 409


def test_the_import_stands_in_the_journal_under_its_person(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    desk("Olena").bring(FIRMS).run()
    work()
    with house.system(write=False) as session:
        query = select(JournalRow.action, JournalRow.actor_id, JournalRow.source).where(JournalRow.source == "import").order_by(JournalRow.id)
        rows = [tuple(row) for row in session.execute(query)]
    assert [row[0] for row in rows] == ["create", "create", "import"]
    assert {row[1:] for row in rows} == {(house.people["Olena"], "import")}


def test_a_second_import_of_the_same_file_changes_nothing_and_cannot_be_asked_for(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    desk("Olena").bring(FIRMS).run()
    work()
    at = desk("Olena").bring(FIRMS)
    assert at.numbers() == (0, 0, 2, 0)
    assert "every record is so already" in at.page


def test_rows_with_errors_are_told_in_the_readers_language_and_stay_in_a_file(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    content = "name,employees\nРошен,10\nНібулон,багато\nКернел,мало\n"
    at = desk("Olena", language="uk").bring(content)
    assert at.numbers() == (1, 0, 0, 2)
    english = desk("Olena").bring(content)
    assert english.reasons() == ["“багато” is no number.", "“мало” is no number."]
    assert at.reasons() == ["«багато» — не число.", "«мало» — не число."]
    english.run()
    assert english.status == 422
    assert "2 rows fail." in english.fault()
    assert work() == 0
    english.run(partial=True)
    work()
    assert english.look().numbers() == (1, 0, 0, 2)
    assert names(house) == ["Рошен"]
    rows = list(csv.DictReader(io.StringIO(english.browser.get(f"{english.url}errors.csv").data.decode("utf-8-sig"))))
    assert [(row["row"], row["column"], row["value"], row["problem"]) for row in rows] == [
        ("3", "employees", "багато", "“багато” is no number."), ("4", "employees", "мало", "“мало” is no number."),
    ]


def test_values_that_are_not_known_are_matched_on_the_page(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena", "deal").bring("Назва,Менеджер,Етап\nВітрина,Ковальчук,Виграли\nСклад,Sofiia,lost\n")
    assert (at.target("Менеджер"), at.target("Етап")) == ("owner", "stage")
    assert at.how("Менеджер") == "by “Name”, 1 unknown"
    assert at.how("Етап") == "1 of 2 values matched"
    values = at.values()
    assert values.getlist(f"was-{at.number('Менеджер')}") == ["Ковальчук"]
    at.send(Менеджер__now=str(house.people["Bohdan"]), Етап__now="=sales.won")
    assert (at.how("Менеджер"), at.how("Етап")) == ("by “Name”", "2 values matched")
    assert at.numbers()[3] == 0, at.reasons()
    at.run()
    work()
    with house.system(write=False) as session:
        rows = [row.values for row in lists.stream(session, lists.ListQuery("deal", ("name", "owner", "stage"), sort=(("id", False),)))]
    assert [(r["owner"].text, r["stage"]) for r in rows] == [("Bohdan", house.stage("won")), ("Sofiia", house.stage("lost"))]


def test_a_set_of_records_is_read_part_by_part(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    cold, warm = house.make("product_category", name="Холод"), house.make("product_category", name="Тепло")
    at = desk("Olena").bring("name,interests\nРошен,Холод; Тепло\nНібулон,Тепло; Світло\n")
    assert (at.target("interests"), at.how("interests")) == ("interests", "by “Name”, 1 unknown")
    assert at.values().getlist(f"was-{at.number('interests')}") == ["Світло"]
    at.send(interests__now=str(cold))
    assert at.numbers() == (2, 0, 0, 0), at.reasons()
    assert "Холод, Тепло" in at.page
    at.run()
    work()
    with house.system(write=False) as session:
        rows = [row.values for row in lists.stream(session, lists.ListQuery("account", ("name", "interests"), sort=(("id", False),)))]
    assert [{ref.id for ref in row["interests"]} for row in rows] == [{cold, warm}, {cold, warm}]


def test_a_column_gets_another_field_and_the_form_is_drawn_anew_without_saving(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("firm,who\nРошен,Sofiia\n")
    values = at.values()
    values[f"to-{at.number('who')}"] = "owner"
    answer = at.browser.client.post(f"{at.url}form", data=values, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "by “Name”" in answer.get_data(as_text=True)
    assert at.look().target("who") == ""


def test_a_mapping_brings_everything_a_form_holds_and_goes_out_as_the_command_line_takes_it(
    house: House, desk: Callable[..., Desk], tmp_path: Any,
) -> None:
    text = """
entity: account
file: {format: csv, delimiter: ";", empty: ["", "NULL"]}
match: [name]
decimal: ","
scale: {revenue: 1000000}
defaults: {kind: customer, currency: USD}
columns:
  firm: name
  sector: {field: industry, missing: empty, values: {technolgy: technology}}
  boss: {field: owner, by: name}
  worth: revenue
  who: contacts.name
ignore: [note]
"""
    content = "firm;sector;boss;worth;who;note\nРошен;technolgy;Olena;1,5;Петро;x\nНібулон;ufology;NULL;2;;y\n"
    at = desk("Olena").bring(content, mapping=text)
    assert at.numbers() == (2, 0, 0, 0), at.reasons()
    again = load_mapping(at.browser.get(f"{at.url}mapping.yaml").get_data(as_text=True))
    assert again == load_mapping(text)
    at.send()
    assert load_mapping(at.browser.get(f"{at.url}mapping.yaml").get_data(as_text=True)) == load_mapping(text)
    path = tmp_path / "rows.csv"
    path.write_text(content)
    report = run_import(
        house.engine, lambda catalog, write: system_session(house.engine, "test", catalog, write=write), house.catalog,
        Order("account", path, again, tmp_path / "errors", dry_run=True),
    )
    assert (report.created, report.failed, dict(report.related)) == (2, 0, {"contact": 1, "position": 1})


def test_a_workbook_of_two_sheets_is_read_from_the_one_that_is_chosen(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    book = Workbook()
    book.active.append(["Опис"])  # type: ignore[union-attr]  # a new workbook has a sheet
    second = book.create_sheet("Угоди")
    for row in (["Назва", "Сума", "Закрито"], ["Вітрина", 1250.5, datetime(2026, 3, 31)], ["Склад", 7, None]):
        second.append(row)
    target = io.BytesIO()
    book.save(target)
    at = desk("Olena", "deal").bring(target.getvalue(), "Угоди.xlsx")
    assert at.target("Опис") == "description"
    at.send("file", sheet="Угоди")
    assert [at.target(c) for c in ("Назва", "Сума", "Закрито")] == ["name", "amount", "closed_on"]
    assert "file:\n  sheet: Угоди" in at.browser.get(f"{at.url}mapping.yaml").get_data(as_text=True)
    at.run()
    work()
    with house.system(write=False) as session:
        rows = [row.values for row in lists.stream(session, lists.ListQuery("deal", ("amount", "closed_on"), sort=(("id", False),)))]
    assert [(r["amount"], r["closed_on"]) for r in rows] == [(Decimal("1250.5"), date(2026, 3, 31)), (Decimal(7), None)]


def test_a_file_without_a_head_in_another_encoding_is_read_as_the_reader_says(house: House, desk: Callable[..., Desk]) -> None:
    mapping = "file: {encoding: cp1252, header: false}\ncolumns: {c1: name}\nignore: [c2]"
    at = desk("Olena").bring("Café Zoë|Paris\nBär|Köln\n".encode("cp1252"), mapping=mapping)
    assert (at.target("c1"), at.numbers()) == ("name", (2, 0, 0, 0))
    assert "Café Zoë" in at.page
    at.send("file", header="true")
    assert at.target("Café Zoë") == ""
    assert at.status == 200
    refused = at.send("file", encoding="utf-8")
    assert (refused.status, refused.fault()) == (422, "The file is not in the encoding UTF-8.")


def test_lines_of_json_come_in_too(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring('{"name": "Рошен", "employees": 10}\n{"name": "Нібулон", "city": "Миколаїв"}\n', "rows.jsonl")
    assert [at.target(c) for c in ("name", "employees", "city")] == ["name", "employees", "city"]
    assert at.numbers() == (2, 0, 0, 0)


def test_what_was_chosen_is_suggested_for_the_next_file_of_the_same_form(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring("alpha,beta\nРошен,Київ\n")
    assert (at.target("alpha"), at.target("beta")) == ("", "")
    at.send(alpha__to="name", beta__to="city", match=["name"]).run()
    work()
    assert names(house) == ["Рошен"]
    again = desk("Olena").bring("alpha,beta\nНібулон,Миколаїв\n")
    assert (again.target("alpha"), again.target("beta")) == ("name", "city")
    assert desk("Andrii").bring("alpha,beta\nНібулон,Миколаїв\n").target("alpha") == ""


def test_a_field_that_is_hidden_or_masked_is_neither_suggested_nor_named(house: House, desk: Callable[..., Desk]) -> None:
    content = "name,revenue,phone,city\nРошен,100,044 111 22 33,Київ\n"
    at = desk("Bohdan").bring(content)
    assert [at.target(c) for c in ("name", "revenue", "city")] == ["name", "", "city"]
    offered = set(re.findall(r'<option value="([^"]+)"', at.page))
    assert not offered & {"revenue", "phone", "credit_limit"}
    assert {"revenue", "phone", "credit_limit"} <= set(re.findall(r'<option value="([^"]+)"', desk("Olena").bring(content).page))
    hidden = desk("Bohdan").bring(content, mapping="columns: {name: name, city: revenue}\nignore: [phone, revenue]")
    unknown = desk("Bohdan").bring(content, mapping="columns: {name: name, city: revenuf}\nignore: [phone, revenue]")
    assert (hidden.status, unknown.status) == (422, 422)
    assert hidden.fault().replace("revenue", "X") == unknown.fault().replace("revenuf", "X") != ""
    forged = at.send(revenue__to="revenue")
    assert forged.status == 422
    assert names(house) == []


def test_references_are_sought_among_the_records_that_the_reader_sees(house: House, desk: Callable[..., Desk]) -> None:
    house.make("account", code="A-1", name="Своя", owner=house.people["Sofiia"])
    house.make("account", code="A-2", name="Чужа", owner=house.people["Olena"])
    content = "name,account\nВітрина,Своя\nСклад,Чужа\nЛінія,Ніяка\n"
    seen, unseen = desk("Olena", "deal").bring(content), desk("Stepan", "deal").bring(content)
    assert seen.how("account") == "by “Name”, 1 unknown"
    assert unseen.target("account") == ""
    assert "account" not in re.findall(r'<option value="([^"]+)"', unseen.page)


def test_without_the_right_to_write_there_is_no_import(house: House, browser: Callable[..., Browser]) -> None:
    clerk = browser("Stepan")
    assert clerk.get("/account/import/").status_code == 403
    assert clerk.get("/nothing/import/").status_code == 404
    owner = browser("Olena")
    assert 'href="/account/import/"' in owner.get("/account/").get_data(as_text=True)
    assert owner.client.post("/account/import/", data={"file": (io.BytesIO(b"name\nx\n"), "a.csv")}).status_code == 400


def test_others_uploads_and_imports_do_not_exist_for_anybody_else(
    house: House, desk: Callable[..., Desk], work: Callable[[], int], browser: Callable[..., Browser],
) -> None:
    at = desk("Olena").bring("name,employees\nРошен,10\nНібулон,x\n")
    paths = ("", "state", "mapping.yaml", "errors.csv")
    seller, keeper = browser("Sofiia"), browser("Andrii")
    for other in (seller, keeper):
        assert [other.get(at.url + path).status_code for path in paths] == [404] * 4
        assert [other.post(at.url + path, {}).status_code for path in ("", "form", "run", "forget")] == [404] * 4
    upload = at.url
    at.run(partial=True)
    work()
    at.url = upload
    at.look()
    assert at.url.startswith("/imports/")
    assert [seller.get(at.url + path).status_code for path in ("", "state", "errors.csv")] == [404] * 3
    assert seller.post(f"{at.url}undo", {}).status_code == 404
    assert "rows.csv" not in seller.get("/imports/").get_data(as_text=True)
    # Whoever looks after rights sees that it happened, and neither takes it back nor reads the cells in the error file.
    assert keeper.get(at.url).status_code == 200
    assert "rows.csv" in keeper.get("/imports/").get_data(as_text=True)
    assert keeper.post(f"{at.url}undo", {}).status_code == 404
    assert keeper.get(f"{at.url}errors.csv").status_code == 404
    assert at.browser.get(f"{at.url}errors.csv").status_code == 200


def lose_roles(house: House, name: str) -> None:
    with house.system() as session:
        memberships = session.table("membership")
        found = session.execute(select(memberships.id).where(memberships.visible, memberships["user"] == house.people[name])).scalars().all()
        for number in found:
            records.remove(session, "membership", number)
        session.commit()


def test_a_role_lost_after_the_trial_stops_the_import(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring(FIRMS)
    at.run()
    lose_roles(house, "Olena")
    assert work() == 1
    assert names(house) == []
    assert at.browser.get(at.url).status_code == 302  # whoever loses a role is signed out
    assert desk("Olena").browser.get(at.url).status_code == 403


def test_a_role_lost_half_way_leaves_nothing(house: House, desk: Callable[..., Desk], work: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(pace.Pace):
        def took(self, seconds: float) -> None:
            pass

    monkeypatch.setattr(pace, "CHUNK", 5)
    monkeypatch.setattr(pace, "Pace", Slow)
    at = desk("Olena").bring("name\n" + "".join(f"Фірма {n}\n" for n in range(40)))
    at.run()
    real, steps = batches.advance, []

    def advance(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        steps.append(kwargs["position"])

    give_way = pace.give_way

    def gone(writing: Any) -> None:
        give_way(writing)
        if len(steps) == 3:
            lose_roles(house, "Olena")

    monkeypatch.setattr(batches, "advance", advance)
    monkeypatch.setattr(pace, "give_way", gone)
    assert work() == 1
    assert len(steps) == 3
    assert names(house) == []
    with house.system(write=False) as session:
        assert session.execute(select(batches.BATCH.c.state)).scalars().all() == ["failed"]


def test_a_trial_is_not_shown_to_other_rights_than_it_was_made_with(house: House, desk: Callable[..., Desk]) -> None:
    house.make("account", name="Рошен", city="Вінниця")
    at = desk("Olena").bring(FIRMS)
    assert "Вінниця" in at.page
    lose_roles(house, "Olena")
    with house.system() as session:
        give_role(session, house.people["Olena"], "administrator")
        session.commit()
    at.browser = desk("Olena").browser
    at.look()
    assert "Вінниця" not in at.page
    assert "Your rights have changed" in at.page
    assert at.run().status == 422


def test_a_changed_mapping_must_be_tried_before_it_is_written(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring("name,city\n" + "".join(f"Фірма {n},Київ\n" for n in range(1100)))
    assert "Waiting for its turn" in at.page
    assert at.run().status == 422
    assert work() == 1
    assert at.look().numbers() == (1100, 0, 0, 0)
    at.send(city__to="")
    assert at.run().status == 422
    work()
    at.look().run()
    work()
    assert len(names(house)) == 1100
    with house.system(write=False) as session:
        assert lists.count(session, lists.ListQuery("account", (), parse({"field": "city", "op": "not_empty"}))).number == 0
