"""Layouts arranged by buttons: as by a file, planned first, published, taken back; and by whom."""

import re
from collections.abc import Callable
from typing import Any

from crm.errors import Forbidden
from crm.rights.configuring import of_raw, planned
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
PAGE = "/configuration/account/layout/"
OWN = {"columns": ["name", "city"], "row": ["0", "1"], "row-key-0": "", "row-uk-0": "Головне", "row-en-0": "Main", "row-key-1": "city", "row-breadth-1": "wide"}


def lists(answer: Any, name: str) -> list[str]:
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', answer.get_data(as_text=True))


def press(browser: Browser, step: str, typed: dict[str, Any] | None = None, path: str = PAGE) -> Any:
    answer = browser.post(path, {**(typed or {}), "step": step})
    assert answer.status_code == 200, text_of(answer)[:800]
    return answer


def test_buttons_take_the_standard_move_add_and_drop(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    usual = list(house.catalog.entity("account").columns)
    page = olena.get(PAGE).get_data(as_text=True)
    assert lists(olena.get(PAGE), "columns") == [] and "as standard" in text_of(olena.get(PAGE))
    assert re.findall(r'<input disabled type="hidden" name="columns" value="([^"]*)"', page)[-len(usual):] == usual, "shown, and not sent"
    assert lists(press(olena, "columns-own"), "columns") == usual
    assert lists(press(olena, "columns-down-0", {"columns": ["name", "city", "phone"]}), "columns") == ["city", "name", "phone"]
    assert lists(press(olena, "columns-up-0", {"columns": ["name", "city"]}), "columns") == ["name", "city"]
    assert lists(press(olena, "columns-drop-1", {"columns": ["name", "city"]}), "columns") == ["name"]
    assert lists(press(olena, "columns-put-fax", {"columns": ["name"]}), "columns") == ["name", "fax"]
    assert lists(press(olena, "columns-usual", {"columns": ["name"]}), "columns") == []
    sections = press(olena, "row-own").get_data(as_text=True)
    assert 'value="Реквізити"' in sections and 'value="Particulars"' in sections
    assert 'name="row-key-2" value="fax"' in press(olena, "row-put-fax", OWN).get_data(as_text=True)
    for odd in ("columns-up-99", "columns-fly-0", "row-drop-x", "columns-", "nothing"):
        assert lists(press(olena, odd, {"columns": ["name", "city"]}), "columns") == ["name", "city"], odd
    assert 'value="columns-down-1" formnovalidate data-focus-first' in press(olena, "columns-down-0", {"columns": ["name", "city"]}).get_data(as_text=True)
    assert house.catalog.layouts == {}, "steps change nothing"


def test_what_is_arranged_is_planned_published_opened_again_and_taken_back(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    typed = {**OWN, "quick": ["name"], "face": ["city", "phone"], "related": ["deals"],
             "sort-1": "-created_at", "sort-2": "name", "rest": "hidden", "area": "sales", "order": "2"}
    typed |= {"icon": "star", "hidden": "no", "help-uk-city": "Де офіс", "help-en-city": "Where the office is"}
    house.make("account", name="Лан")
    shown = plan(olena, PAGE, typed)
    assert "“Companies” is laid out anew for everybody" in text_of(shown) and house.catalog.layouts == {}
    assert publish(olena, PAGE, typed).status_code == 303
    wanted = {
        "columns": ["name", "city"], "sort": "-created_at,name", "face": ["city", "phone"],
        "sections": [{"label": {"uk": "Головне", "en": "Main"}, "fields": [{"city": "wide"}]}],
        "rest": "hidden", "related": ["deals"], "help": {"city": {"uk": "Де офіс", "en": "Where the office is"}},
        "quick": ["name"], "menu": {"area": "sales", "order": 2, "icon": "star", "hidden": False},
    }
    assert house.catalog.layouts["account"] == {"": wanted}
    assert re.findall(r'<th[^>]*data-field="(\w+)"', olena.get("/account/").get_data(as_text=True)) == ["name", "city"]
    again = hidden_form(olena.get(PAGE).get_data(as_text=True))
    assert "Nothing would change." in text_of(plan(olena, PAGE, again))
    assert publish(olena, PAGE + "?role=seller", {"columns": ["phone"]}).status_code == 303
    assert house.catalog.layouts["account"] == {"": wanted, "seller": {"columns": ["phone"]}}
    assert publish(olena, PAGE, {}).status_code == 303, "all parts back to standard"
    assert house.catalog.layouts["account"] == {"seller": {"columns": ["phone"]}}
    assert "everybody" in text_of(olena.get("/configuration/all-versions/"))
    back = olena.post(f"/configuration/all-versions/{house.catalog.version}/undo", {"step": "check"})
    assert olena.post(f"/configuration/all-versions/{house.catalog.version}/undo", hidden(back) | {"step": "publish"}).status_code == 303
    assert house.catalog.layouts["account"][""] == wanted


def hidden_form(page: str) -> dict[str, Any]:
    """What the form would post untouched."""
    form = re.search(r"<form[^>]*data-edit=.*?</form>", page, re.S)
    assert form
    found: dict[str, Any] = {}
    for tag in re.finditer(r"<input\b[^>]*>|<select\b.*?</select>", form[0], re.S):
        name = re.search(r'\bname="([^"]+)"', tag[0])
        if not name or " disabled " in tag[0].split(">")[0] or name[1] == "csrf_token" or ('type="radio"' in tag[0] and " checked" not in tag[0]):
            continue
        chosen = re.search(r'<option value="([^"]*)" selected', tag[0]) if tag[0].startswith("<select") else re.search(r'\bvalue="([^"]*)"', tag[0])
        found.setdefault(name[1], []).append(chosen[1] if chosen else "")
    return found


def test_what_makes_no_sense_is_said_and_nothing_typed_is_lost(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    for typed, said in (
        ({"columns": ["nothing"]}, "knows no “nothing”"), ({"row": ["0"], "row-key-0": "city"}, "put one above them"),
        ({"row": ["0"], "row-key-0": "", "row-uk-0": "Так", "row-en-0": ""}, "A section needs a name in both languages."),
        ({"order": "0"}, "“order” is a whole number"), ({"icon": "skull"}, "the icons are"), ({"columns": ["name", "name"]}, "stands twice"),
        ({"face": list(house.catalog.entity("account").fields)[:9]}, "at most 8 fields"), ({"face": ["nothing"]}, "knows no “nothing”"),
        ({"sort-1": "description"}, "not sorted by"), ({"help-uk-city": "Де"}, "A help text is needed in both languages."),
        ({"help-uk-nothing": "Де", "help-en-nothing": "Where"}, "“nothing” is not known here"),
    ):
        answer = plan(olena, PAGE, {**typed, "quick": ["phone"]})
        assert answer.status_code == 422 and said in text_of(answer), (typed, text_of(answer)[:600])
        assert lists(answer, "quick") == ["phone"]
    assert house.catalog.layouts == {}


def refused_to_bohdan(house: House, raw: dict[str, Any]) -> bool:
    """Whether what Bohdan would put in force is refused to him."""
    try:
        planned(house.engine, house.catalog, house.people["Bohdan"], of_raw(raw))
    except Forbidden:
        return True
    return False


def test_only_who_configures_an_entity_lays_it_out(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    assert publish(bohdan, PAGE, {"columns": ["name", "revenue"]}).status_code == 303, "what is hidden from him he may place; it shows him nothing"
    assert plan(bohdan, "/configuration/deal/layout/", {"columns": ["name"]}).status_code == 404
    assert refused_to_bohdan(house, {"layouts": {"deal": {"columns": ["name"]}}}), "nor by a document that names it"
    assert publish(browser("Andrii"), PAGE).status_code == 303
    assert browser("Sofiia").get(PAGE).status_code in (403, 404)
    assert browser("Sofiia").post(PAGE, {"columns": ["name"], "step": "publish", "version": str(house.catalog.version)}).status_code in (403, 404)
    olena = browser("Olena")
    for path in (PAGE + "?role=nobody", "/configuration/nowhere/layout/"):
        assert olena.get(path).status_code == 404 and olena.post(path, {"step": "check"}).status_code == 404
    assert house.catalog.layouts == {}
