"""Sets of references on the screen: form, card, cell, pasted range, bulk change, conflict page, journal, filter, the other end's list."""

import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.kit_forms.conftest import browser, furnish, house
from tests.kit_forms.house import Browser, House, controls
from tests.statements import statements

__all__ = ["browser", "furnish", "house"]
SignIn = Callable[..., Browser]


@pytest.fixture
def lines(house: House) -> dict[str, int]:
    owner = house.people["Olena"]
    made = {name: house.make("product_category", name=name, owner=owner) for name in ("Холод", "Клімат", "Сервіс")}
    made["account"] = house.make("account", name="Полісся-Агро", interests=[made["Холод"], made["Сервіс"]], owner=house.people["Sofiia"])
    return made


def names(house: House, account: int) -> list[str | None]:
    return [r.text for r in house.stored("account", account)["interests"] or ()]


def test_a_form_offers_a_picker_of_several_and_saves_what_is_chosen(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone = browser("Olena")
    path = f"/account/{lines['account']}/edit/"
    page = someone.get(path).get_data(as_text=True)
    control = page[page.index('data-field="interests"') :].split("</div>")[0]
    assert " multiple" in control
    assert 'data-lookup-url="/product_category/lookup"' in control
    assert someone.form(path)["interests"] == ["", str(lines["Сервіс"]), str(lines["Холод"])], "in the order of their names"
    assert someone.submit(path, {"interests": ["", str(lines["Клімат"]), str(lines["Холод"])]}).status_code == 303
    assert names(house, lines["account"]) == ["Клімат", "Холод"]
    assert someone.submit(path, {"interests": [""]}).status_code == 303
    assert names(house, lines["account"]) == []
    assert someone.submit(path).status_code == 303
    assert house.stored("account", lines["account"])["row_version"] == 3, "an untouched form changes nothing"


def test_a_new_record_takes_a_set_and_one_from_its_address(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone = browser("Olena")
    path = f"/account/new/?interests={lines['Холод']}"
    assert someone.form(path)["interests"] == ["", str(lines["Холод"])]
    answer = someone.submit(path, {"name": "Нова", "interests": ["", str(lines["Холод"]), str(lines["Клімат"])]})
    assert names(house, int(answer.headers["Location"].strip("/").split("/")[1])) == ["Клімат", "Холод"]


@pytest.mark.parametrize("wrong", ["x", "0", "-1", "99999999999", "keepx", "keep99", "404"])
def test_what_is_no_visible_record_is_refused_at_the_field(house: House, browser: SignIn, lines: dict[str, int], wrong: str) -> None:
    answer = browser("Olena").submit(f"/account/{lines['account']}/edit/", {"interests": ["", str(lines["Холод"]), wrong]})
    assert answer.status_code == 422
    assert names(house, lines["account"]) == ["Сервіс", "Холод"]


def test_card_and_list_show_names_with_links_and_escape_them(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    evil = house.make("product_category", name='<img src=x onerror="1">; а')
    house.change("account", lines["account"], interests=[lines["Холод"], evil])
    someone = browser("Olena")
    for path in (f"/account/{lines['account']}/", "/account/?columns=name,interests"):
        page = someone.get(path).get_data(as_text=True)
        assert f'href="/product_category/{lines["Холод"]}/">Холод</a>' in page, path
        assert "<img" not in page
    page = someone.get("/account/?columns=name,interests").get_data(as_text=True)
    assert 'data-text="&quot;&lt;img src=x onerror=&quot;&quot;1&quot;&quot;&gt;; а&quot;; Холод"' in page, "copied as it is pasted: with quotes where needed"


def test_a_list_with_sets_takes_as_few_queries_whatever_its_size(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone = browser("Olena")
    counts = []
    someone.get("/account/")  # his rights and views are known from here on
    for more in (0, 45):
        for n in range(more):
            house.make("account", name=f"к{n}", interests=[lines["Холод"], lines["Клімат"]])
        with statements(house.engine) as sent:
            assert someone.get("/account/?columns=name,interests&size=50").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 8, counts


def post(someone: Browser, path: str, data: Any = None, body: Any = None) -> Any:
    headers = {"X-CSRFToken": someone.token, "Accept": "application/json"}
    return someone.client.post(path, json=body, headers=headers) if body is not None else someone.client.post(path, data=data, headers=headers)


def test_a_cell_is_edited_emptied_and_taken_back(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone, number = browser("Olena"), lines["account"]
    cell = someone.get(f"/account/{number}/cell/interests").get_data(as_text=True)
    assert " multiple" in cell
    assert "Сервіс, Холод" in cell
    answer = post(someone, f"/account/{number}/cell/interests?columns=name,interests", {"value": [str(lines["Клімат"])], "row_version": "1"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert "Клімат" in answer.get_json()["rows"][0]["cells"]["interests"]
    assert post(someone, json.loads(answer.headers["HX-Trigger"])["toast"]["undo_url"]).status_code == 200
    assert names(house, number) == ["Сервіс", "Холод"]
    assert post(someone, f"/account/{number}/cell/interests", {"row_version": "3"}).status_code == 200
    assert names(house, number) == []
    assert post(someone, f"/account/{number}/cell/interests", {"value": ["4040"], "row_version": "4"}).status_code == 422


def test_what_was_put_in_is_taken_back_though_others_have_changed_the_set_since(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone, number = browser("Olena"), lines["account"]
    answer = post(someone, f"/account/{number}/cell/interests", {"value": [str(lines["Клімат"]), str(lines["Холод"])], "row_version": "1"})
    house.change("account", number, interests=[lines["Клімат"]], city="Одеса")
    assert post(someone, json.loads(answer.headers["HX-Trigger"])["toast"]["undo_url"]).get_json()["undone"] == 1
    assert names(house, number) == ["Сервіс"], "«Клімат» is out again and «Сервіс» back; that another took «Холод» out stays"


def test_a_pasted_cell_names_codes_or_names_between_semicolons(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    other = house.make("account", name="Інша")
    someone = browser("Olena")

    def paste(*texts: str) -> Any:
        rows = [{"id": n, "values": [t]} for n, t in zip((lines["account"], other), texts, strict=True)]
        return post(someone, "/account/paste", body={"columns": ["interests"], "rows": rows})

    answer = paste(f"PC-{lines['Клімат']}; Холод", "")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert (names(house, lines["account"]), names(house, other)) == (["Клімат", "Холод"], [])
    refused = paste("Холод", "Холод; Немає")
    assert refused.status_code == 422
    assert [(e["id"], e["field"]) for e in refused.get_json()["errors"]] == [(other, "interests")]
    assert names(house, lines["account"]) == ["Клімат", "Холод"]


def test_a_bulk_change_replaces_adds_or_takes_out(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    other = house.make("account", name="Інша")
    ids, someone = f"{lines['account']},{other}", browser("Olena")

    def bulk(how: str, name: str, step: str = "apply") -> Any:
        return post(someone, "/account/bulk", {"ids": ids, "field": "interests", "value": str(lines[name]), "how": how, "step": step})

    panel = someone.get(f"/account/bulk?ids={ids}&field=interests").get_data(as_text=True)
    assert 'name="how"' in panel
    preview = html.unescape(bulk("add", "Холод", "preview").get_data(as_text=True))
    assert [part.split("</dd>")[0] for part in preview.split("<dd>")[1:]] == ["1", "1", "0"]
    assert (names(house, lines["account"]), names(house, other)) == (["Сервіс", "Холод"], [])
    answer = bulk("add", "Холод")
    assert answer.get_json()["count"] == 1
    assert (names(house, lines["account"]), names(house, other)) == (["Сервіс", "Холод"], ["Холод"])
    assert bulk("take", "Сервіс").get_json()["count"] == 1
    assert bulk("set", "Клімат").get_json()["count"] == 2
    assert (names(house, lines["account"]), names(house, other)) == (["Клімат"], ["Клімат"])


def test_fill_down_copies_a_set(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    other = house.make("account", name="Інша")
    answer = post(browser("Olena"), "/account/fill", body={"source": lines["account"], "fields": ["interests"], "ids": [other]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert names(house, other) == ["Сервіс", "Холод"]


def test_a_set_never_collides_and_is_carried_over_the_page_of_both_sides(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone, number = browser("Olena"), lines["account"]
    path = f"/account/{number}/edit/"
    mine = someone.form(path)
    house.change("account", number, interests=[lines["Холод"], lines["Клімат"]], city="Одеса")
    answer = someone.submit(path, {"interests": ["", str(lines["Холод"])], "city": "Львів"}, untouched=mine)  # takes «Сервіс» out
    assert answer.status_code == 409
    choice = controls(answer.get_data(as_text=True))
    assert "_choose.interests" not in choice
    assert someone.submit(path, {"_choose.city": "mine"}, untouched=choice).status_code == 303
    assert names(house, number) == ["Клімат", "Холод"], "what the other put in is not lost"
    assert house.stored("account", number)["city"] == "Львів"


def test_the_journal_names_what_was_put_in_and_taken_out(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    house.change("account", lines["account"], interests=[lines["Клімат"]])
    page = browser("Olena").get(f"/account/{lines['account']}/journal").get_data(as_text=True)
    assert "Interested in" in page
    assert all(name in page for name in ("Клімат", "Сервіс", "Холод"))


def test_the_other_end_lists_whom_it_interests_and_adds_one(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone = browser("Olena")
    page = someone.get(f"/product_category/{lines['Холод']}/?related=interested").get_data(as_text=True)
    assert "Полісся-Агро" in page
    assert f"/account/new/?interests={lines['Холод']}" in page
    assert "Полісся-Агро" not in someone.get(f"/product_category/{lines['Клімат']}/?related=interested").get_data(as_text=True)


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_filter_over_a_set_reads_as_a_sentence(house: House, browser: SignIn, lines: dict[str, int], language: str) -> None:
    someone = browser("Olena", language)
    where = {"field": "interests", "op": "in", "value": [lines["Холод"], lines["Клімат"]]}
    page = someone.get(f"/account/?where={quote(json.dumps(where))}").get_data(as_text=True)
    assert "Полісся-Агро" in page
    assert "Холод, Клімат" in page or "Клімат, Холод" in page
    described = someone.get("/account/filters?path=").get_json()
    field = next(f for f in described["fields"] if f["key"] == "interests")
    assert [op for op, _ in field["ops"]] == ["eq", "ne", "in", "not_in", "contains", "empty", "not_empty"]
    assert field["lookup"] == "/product_category/lookup"
    assert "interests" in [step["key"] for step in described["steps"]]
    assert "interested" in [step["key"] for step in someone.get("/product_category/filters?path=").get_json()["steps"]]


def test_who_may_not_see_the_categories_gets_no_picker_and_no_names(house: House, browser: SignIn, lines: dict[str, int]) -> None:
    someone = browser("Bohdan")
    assert 'data-field="interests"' not in someone.get(f"/account/{lines['account']}/edit/").get_data(as_text=True)
    for path in (f"/account/{lines['account']}/", "/account/?columns=name,interests", f"/account/{lines['account']}/journal"):
        page = someone.get(path).get_data(as_text=True)
        assert "Холод" not in page, path
        assert f"/product_category/{lines['Холод']}/" not in page, path
    assert someone.submit(f"/account/{lines['account']}/edit/", {"city": "Коростень"}).status_code == 303
    assert names(house, lines["account"]) == ["Сервіс", "Холод"]
