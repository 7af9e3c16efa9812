"""What becomes of each row: proposed with its reason, decided by a person, done so and not otherwise."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from crm.backoffice import lists
from crm.backoffice.exchange import check_file
from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House
from tests.statements import statements

FILE = """name;tax_code;phone;city
Рошен;;;Київ
Nibulon;;;Миколаїв
fdfk;;;Львів
Кернел-Трейд;41399586;;Одеса
Оболонь;;;Київ
"""


def rows(at: Desk, of: str = "") -> dict[str, tuple[str, str]]:
    """Title → what is to be done, and why, on the page of decisions."""
    page = at.browser.get(f"{at.url}rows", query_string={"of": of} if of else {}).get_data(as_text=True)
    found = {}
    for row in re.findall(r"<tr><td class=\"p0\">.*?</tr>", page, re.S):
        title = re.search(r'<span class="b-strong">(.*?)</span>', row)
        why = re.search(r'<td class="p5">(.*?)</td>', row, re.S)
        chosen = re.search(r'<option value="(\w+)" selected>', row)
        assert title and why and chosen
        found[html.unescape(title[1])] = (chosen[1], " ".join(html.unescape(re.sub("<[^>]+>", " ", why[1])).split()))
    return found


def counts(at: Desk) -> dict[str, int]:
    page = at.browser.get(f"{at.url}rows").get_data(as_text=True)
    return {label.strip(): int(number) for label, number in re.findall(r"rows(?:\?of=\w+)?\"[^>]*>([^<]+)<span class=\"b-n\">(\d+)</span>", page)}


def decide(at: Desk, **values: Any) -> Any:
    return at.browser.post(f"{at.url}rows", values)


def stored(house: House) -> list[tuple[str, str | None]]:
    with house.system(write=False) as session:
        query = lists.ListQuery("account", ("name", "city"), sort=(("id", False),))
        return [(str(row.values["name"]), row.values["city"]) for row in lists.stream(session, query)]


@pytest.fixture
def known(house: House) -> dict[str, int]:
    return {
        name: house.make("account", name=name, **values)
        for name, values in {"Рошен": {}, "ТОВ «Нібулон»": {}, "Авал": {}, "Кернел Трейд": {"tax_code": "41399586"}}.items()
    }


def test_each_row_has_a_proposal_with_its_reason(house: House, desk: Callable[..., Desk], known: dict[str, int]) -> None:
    at = desk("Olena").bring(FILE)
    assert at.values().getlist("match") == ["name"]
    assert rows(at) == {
        "Рошен": ("update", "Found by its key: Рошен"), "Nibulon": ("review", "Sounds alike by 100 % (“Name”): ТОВ «Нібулон»"),
        "fdfk": ("review", "Sounds alike by 100 % (“Name”): Авал"), "Кернел-Трейд": ("update", "The same “Tax code” as Кернел Трейд"),
        "Оболонь": ("create", "Nothing like it was found."),
    }
    assert counts(at) == {"All": 5, "New records": 1, "Changes": 2, "To review": 2, "Skipped": 0, "Errors": 0}
    assert at.numbers() == (1, 2, 0, 0)
    assert "2 rows resemble records" in at.page
    assert list(rows(at, "review")) == ["Nibulon", "fdfk"]


def test_the_run_does_what_was_decided_and_the_rest_stays_in_a_file(
    house: House, desk: Callable[..., Desk], work: Callable[[], int], known: dict[str, int],
) -> None:
    at = desk("Olena").bring(FILE)
    assert decide(at, **{"to-3": "update"}).status_code == 303  # Nibulon
    assert decide(at, all="skip", mark="2").status_code == 303  # Рошен, by its mark
    assert rows(at)["Nibulon"][0] == "update"
    assert rows(at)["Рошен"][0] == "skip"
    assert counts(at) == {"All": 5, "New records": 1, "Changes": 2, "To review": 1, "Skipped": 1, "Errors": 0}
    at.look().run()
    work()
    assert at.look().numbers() == (1, 2, 0, 0)
    assert stored(house) == [("Рошен", None), ("Nibulon", "Миколаїв"), ("Авал", None), ("Кернел-Трейд", "Одеса"), ("Оболонь", "Київ")]
    rest = re.search(r'href="(/account/import/[0-9a-f]+/rest.csv)"', at.page)
    assert rest
    assert at.browser.get(rest[1]).data.decode("utf-8-sig").split("\r\n") == ["name,tax_code,phone,city", "fdfk,,,Львів", ""]
    at.browser.post(f"{at.url}undo", {})
    assert stored(house) == [("Рошен", None), ("ТОВ «Нібулон»", None), ("Авал", None), ("Кернел Трейд", None)]


def test_all_rows_of_a_filter_are_decided_at_once(house: House, desk: Callable[..., Desk], work: Callable[[], int], known: dict[str, int]) -> None:
    at = desk("Olena").bring(FILE)
    decide(at, all="create", every="1", of="review")
    assert counts(at)["To review"] == 0
    assert [rows(at)[name][0] for name in ("Nibulon", "fdfk", "Рошен")] == ["create", "create", "update"]
    at.look().run()
    work()
    assert [name for name, _ in stored(house)] == ["Рошен", "ТОВ «Нібулон»", "Авал", "Кернел-Трейд", "Nibulon", "fdfk", "Оболонь"]


def test_a_row_that_fails_can_be_left_out_so_that_the_others_are_written(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring("name,employees\nРошен,10\nНібулон,багато\n")
    assert counts(at)["Errors"] == 1
    at.run()
    assert at.status == 422
    decide(at, all="skip", every="1", of="failed")
    assert at.look().numbers() == (1, 0, 0, 0)
    at.run()
    work()
    assert [name for name, _ in stored(house)] == ["Рошен"]


def test_a_decision_outlives_another_mapping_and_is_forgotten_with_the_file_read_anew(house: House, desk: Callable[..., Desk], known: dict[str, int]) -> None:
    at = desk("Olena").bring(FILE)
    decide(at, **{"to-6": "review"})
    at.look().send(city__to="")
    assert rows(at)["Оболонь"] == ("review", "Nothing like it was found. decided by you")
    at.send("file", header="true")
    assert rows(at)["Оболонь"][0] == "create"


def test_a_record_that_the_importer_does_not_see_is_told_by_no_proposal(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    house.make("contact", name="Ірина Коваль", email="iryna@roshen.example", owner=house.people["Olena"])
    content = "name,email,phone\nIryna Koval,iryna@roshen.example,\n"
    seeing = desk("Olena", "contact").bring(content)
    assert rows(seeing)["Iryna Koval"][0] == "update"
    blind = desk("Bohdan", "contact").bring(content)
    assert rows(blind) == {"Iryna Koval": ("create", "Nothing like it was found.")}
    assert "Ірина" not in blind.browser.get(f"{blind.url}rows").get_data(as_text=True)
    assert decide(blind, **{"to-2": "update"}).status_code == 303
    assert rows(blind)["Iryna Koval"][0] == "create"


def test_a_record_that_appeared_since_the_trial_stops_the_import(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = desk("Olena").bring("name,city\nРошен,Київ\n")
    house.make("account", name="Рошен")
    at.run()
    work()
    assert "has appeared since the trial" in at.look().page
    assert stored(house) == [("Рошен", None)]


def test_what_makes_no_sense_is_refused(house: House, desk: Callable[..., Desk], browser: Callable[..., Browser], known: dict[str, int]) -> None:
    at = desk("Olena").bring(FILE)
    assert decide(at, **{"to-2": "burn"}).status_code == 400
    assert decide(at, **{"to-x": "skip"}).status_code == 400
    assert decide(at, all="burn", every="1").status_code == 400
    assert decide(at, all="skip").status_code == 422
    assert at.browser.get(f"{at.url}rows?of=12&after=x").status_code == 200
    other = browser("Andrii")
    assert other.get(f"{at.url}rows").status_code == 404
    assert other.get(f"{at.url}rest.csv").status_code == 404
    assert other.post(f"{at.url}rows", {"to-2": "skip"}).status_code == 404
    at.browser.post(f"{at.url}forget", {})
    assert at.browser.get(f"{at.url}rows").status_code == 404
    assert at.browser.get(f"{at.url}rest.csv").status_code == 404


def test_rows_are_judged_by_parts_and_not_one_by_one(house: House, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    house.make_many("contact", [{"name": f"Олена Коваль{n}", "email": f"o{n}@a.example"} for n in range(60)])
    asked = []
    for size in (40, 160):
        monkeypatch.setattr(check_file, "PART", 400)
        content = "name,email\n" + "".join(f"Olena Koval{n},x{n}@b.example\n" for n in range(size))
        with statements(house.engine) as sent:
            desk("Olena", "contact").bring(content)
        asked.append(len(sent))
    assert asked[1] <= asked[0] + 4
