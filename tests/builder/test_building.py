"""Entities, fields and picklists made on the screen: as by a file, planned first, published, taken back."""

import re
from collections.abc import Callable

import pytest
import yaml

from crm.backoffice.lowcode.icons import ICONS
from crm.admin_views.configuration.keys import proposed
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.made import FIELD_TYPES
from crm.backoffice.lowcode.plan import plan as plan_of
from tests.builder.steps import hidden, names, plan, publish, tender, text_of
from tests.crawl.crawler import ICONS as KNOWN_ICONS
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
NEEDED = {  # what a type asks beside names
    "picklist": {"opt": ["0", "1"], "opt-uk-0": "Високий", "opt-en-0": "High", "opt-colour-0": "red", "opt-uk-1": "Низький", "opt-en-1": "Low"},
    "multi_picklist": {"opt": ["0"], "opt-uk-0": "Монтаж", "opt-en-0": "Assembly"}, "reference": {"to": "account"}, "many_to_many": {"to": "product"},
    "formula": {"formula": "revenue * 2"}, "rollup": {"of": "deal.account", "function": "sum", "field": "deal:amount"},
    "auto_number": {"mask": "T-{YYYY}-{0000}"}, "decimal": {"scale": "2"},
}


def test_every_type_of_field_is_made_on_the_screen_and_stands_in_the_form_as_it_was_typed(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    for type_ in FIELD_TYPES:
        typed = names(f"Поле {type_}", f"Field {type_}", **{"class": "sensitive"}, **NEEDED.get(type_, {}))
        answer = publish(olena, f"/configuration/account/add/{type_}/", typed)
        assert answer.status_code == 303, (type_, text_of(answer)[:800])
    made = house.catalog.made.of("account")
    assert set(made) == {f"field_{type_}" for type_ in FIELD_TYPES}
    assert [o.label.en for o in house.catalog.picklists["account.field_picklist"].options] == ["High", "Low"]
    assert house.catalog.picklists["account.field_picklist"].options[0].colour == "red"
    for type_, kept in ((str(one.said["type"]), one) for one in made.values()):
        # Opened and posted as it stands, a field does not change.
        page = olena.get(f"/configuration/account/field/{kept.key}/")
        assert page.status_code == 200
        answer = plan(olena, f"/configuration/account/field/{kept.key}/", fields_of(page.get_data(as_text=True)))
        assert "Nothing would change." in text_of(answer), (type_, text_of(answer)[:800])


def fields_of(page: str) -> dict[str, str]:
    """What the form of a field would post untouched."""
    form = re.search(r"<form[^>]*data-builder.*?</form>", page, re.S)
    assert form
    found: dict[str, str] = {}
    for tag in re.finditer(r"<input\b[^>]*>|<textarea\b[^>]*>(.*?)</textarea>|<select\b.*?</select>", form[0], re.S):
        name = re.search(r'\bname="([^"]+)"', tag[0])
        if not name or (re.search('type="(checkbox|radio)"', tag[0]) and " checked" not in tag[0]):
            continue
        if tag[0].startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)" selected', tag[0])
            found[name[1]] = chosen[1] if chosen else ""
        elif tag[0].startswith("<textarea"):
            found[name[1]] = tag[1]
        else:
            value = re.search(r'\bvalue="([^"]*)"', tag[0])
            found[name[1]] = value[1] if value else ""
    return found


@pytest.mark.parametrize(("type_", "typed", "shown"), [
    ("text", "Новий", "Новий"), ("integer", "25", "25"), ("decimal", "12.5", "12.5"), ("percent", "7.5", "7.5%"), ("date", "2026-08-24", "2026-08-24"),
    ("boolean", "true", "true"), ("email", "a@firm.ua", "a@firm.ua"), ("money", "1250", "1,250.00"),
])
def test_a_default_is_typed_as_in_a_form_and_read_back(house: House, browser: SignIn, type_: str, typed: str, shown: str) -> None:
    olena = browser("Olena")
    assert publish(olena, f"/configuration/account/add/{type_}/", names("Поле", "Field", default=typed, **{"class": "internal"})).status_code == 303
    page = olena.get("/configuration/account/field/field/").get_data(as_text=True)
    assert fields_of(page)["default"] == shown
    assert house.catalog.entity("account").fields["field"].default is not None
    assert "Nothing would change." in text_of(plan(olena, "/configuration/account/field/field/", fields_of(page)))


def test_a_register_from_empty_to_its_list(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    shown = plan(olena, "/configuration/new-entity/", names("Тендер", "Tender", plural_uk="Тендери", plural_en="Tenders", icon="coins", area="sales"))
    assert "New kind of records: “Tenders”" in text_of(shown) and "tender" not in house.catalog.entities, "a plan changes nothing"
    tender(olena, house)
    customer = names("Замовник", "Customer", to="account", required="1", **{"class": "internal"})
    assert publish(olena, "/configuration/tender/add/reference/", customer).status_code == 303
    kind = house.catalog.entity("tender")
    assert (kind.declared.icon, kind.declared.area, kind.fields["customer"].required) == ("coins", "sales", True)
    assert kind.fields["currency"].type == "currency", "money brings its currency"
    firm = house.make("account", name="Фірма")
    assert olena.post("/tender/new/", {"customer": str(firm), "budget": "100"}).status_code in (302, 303)
    assert house.count("tender") == 1
    assert olena.get("/tender/").status_code == 200
    counted = names("Тендерів", "Tenders", of="tender.customer", function="count", **{"class": "sensitive"})
    assert publish(olena, "/configuration/account/add/rollup/", counted).status_code == 303
    assert house.stored("account", firm)["tenders"] == 1


def test_what_the_screen_makes_a_file_reads_back_to_no_change(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    tender(olena, house)
    assert publish(olena, "/configuration/tender/add/picklist/", names("Ризик", "Risk", **{"class": "open"}, **NEEDED["picklist"])).status_code == 303
    with house.system(write=False) as session:
        text = yaml.safe_dump(export.whole(session), allow_unicode=True)
        assert plan_of(session, from_raw(yaml.safe_load(text), session.catalog)) == []


def test_bad_input_stands_at_its_field_and_nothing_typed_is_lost(house: House, browser: SignIn) -> None:
    olena, anna = browser("Olena"), browser("Olena", "uk")
    tender(olena, house)
    assert publish(olena, "/configuration/tender/add/reference/", names("Попередній", "Parent", to="tender", **{"class": "internal"})).status_code == 303
    tried = (
        ("text", names("Лише так", ""), "label_en-error", "Потрібні обидві мови"),
        ("text", names("Так", "So", key="1x"), "key-error", "Ключ починається"),
        ("text", names("Так", "So", key="budget"), "key-error", "поле з таким ключем"),
        ("text", names("Так", "So", max_length="900"), "max_length-error", "Тут має бути ціле число"),
        ("integer", names("Так", "So", default="багато"), "default-error", "багато"),
        ("picklist", names("Так", "So", opt=["0"]), "options-error", "хоча б одне значення"),
        ("formula", names("Так", "So", formula="budget *"), "formula-error", "Формула"),
        ("formula", names("Так", "So", formula="nothing * 2"), "sources-error", "nothing"),
        ("formula", names("Так", "So", formula="so + budget"), "sources-error", "so"),
        ("reference", names("Так", "So"), "to-error", "на які записи"),
        ("rollup", names("Так", "So", of="tender.parent", function="sum"), "field-error", "за яким полем"),
        ("text", names("Так", "So", help_uk="Підказка"), "help_en-error", "Потрібні обидві мови"),
    )
    for type_, typed, place, words in tried:
        answer = plan(anna, f"/configuration/tender/add/{type_}/", {"class": "internal", **typed})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, (type_, typed)
        assert re.search(f'id="{place}">.*?{words}', page, re.S), (type_, typed, text_of(answer)[:900])
        kept = fields_of(page)
        assert all(kept[name] == value for name, value in typed.items() if isinstance(value, str)), (typed, kept)
    answer = plan(anna, "/configuration/new-entity/", names("Угода", "Deal"))
    assert answer.status_code == 422 and 'id="key-error"' in answer.get_data(as_text=True), "the product's own key is taken"
    assert set(house.catalog.made.of("tender")) == {"budget", "currency", "parent"}


def test_back_from_the_plan_everything_typed_stands_in_the_form(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    typed = names("Ризик", "Risk", help_uk="Чому", help_en="Why", required="1", **{"class": "open"}, **NEEDED["picklist"])
    planned = plan(olena, "/configuration/account/add/picklist/", typed)
    back = olena.post("/configuration/account/add/picklist/", hidden(planned) | {"step": "edit"})
    page = back.get_data(as_text=True)
    assert back.status_code == 200
    found = fields_of(page)
    assert {name: found[name] for name in ("label_uk", "help_en", "class", "opt-en-1", "required", "opt-colour-0")} == {
        "label_uk": "Ризик", "help_en": "Why", "class": "open", "opt-en-1": "Low", "required": "1", "opt-colour-0": "red"}


def test_a_change_of_type_says_how_many_values_it_touches_and_asks_for_a_word(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert publish(olena, "/configuration/account/add/text/", names("Кількість", "Number", **{"class": "internal"})).status_code == 303
    house.make_many("account", [{"name": "А", "number": "12"}, {"name": "Б", "number": "багато"}, {"name": "В"}])
    path = "/configuration/account/field/number/?type=integer"
    planned = plan(olena, path, names("Кількість", "Number", key="number", **{"class": "internal"}))
    assert "1 value passes as it is 1 value does not fit and is left empty" in text_of(planned) and "Type: Line of text → Whole number" in text_of(planned)
    refused = olena.post(path, hidden(planned) | {"step": "publish"})
    assert refused.status_code == 422 and "Tick this first" in text_of(refused)
    assert olena.post(path, hidden(refused) | {"step": "publish", "agreed": "1"}).status_code == 303
    assert house.catalog.entity("account").fields["number"].type == "integer"
    version = house.catalog.version
    assert publish(olena, f"/configuration/all-versions/{version}/undo", agreed=True).status_code == 303
    assert house.catalog.entity("account").fields["number"].type == "text"


def test_rename_remove_and_undo_keep_the_values(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert publish(olena, "/configuration/account/add/text/", names("Прізвисько", "Nickname", **{"class": "internal"})).status_code == 303
    firm = house.make("account", name="А", nickname="Перша")
    planned = plan(olena, "/configuration/account/field/nickname/", names("Прізвисько", "Nickname", key="alias", **{"class": "open"}))
    assert "has another key" in text_of(planned) and "1 value stays where it is" in text_of(planned) and "Class: Internal → Open" in text_of(planned)
    assert publish(olena, "/configuration/account/field/nickname/", names("Прізвисько", "Nickname", key="alias", **{"class": "open"})).status_code == 303
    assert house.stored("account", firm)["alias"] == "Перша"
    assert publish(olena, "/configuration/account/field/alias/remove", agreed=True).status_code == 303
    assert "alias" not in house.catalog.entity("account").fields
    version = house.catalog.version
    assert "alias" in text_of(olena.get("/configuration/all-versions/"))
    assert olena.post(f"/configuration/all-versions/{version}/take-back", {}).status_code == 200
    assert house.stored("account", firm)["alias"] == "Перша"


def test_a_field_that_holds_a_value_twice_does_not_become_unique(house: House, browser: SignIn) -> None:
    olena, path = browser("Olena"), "/configuration/account/field/number/"
    assert publish(olena, "/configuration/account/add/text/", names("Номер", "Number", **{"class": "internal"})).status_code == 303
    house.make_many("account", [{"name": "А", "number": "17"}, {"name": "Б", "number": "17"}, {"name": "В"}, {"name": "Г"}])
    for typed in ({}, {"help_uk": "Чому", "help_en": "Why"}):
        refused = plan(olena, path, names("Номер", "Number", key="number", unique="1", **{"class": "internal", **typed}))
        assert refused.status_code == 422 and "the same value: 17" in text_of(refused) and 'id="unique-error"' in refused.get_data(as_text=True)
    turned = publish(olena, path + "?type=integer", names("Номер", "Number", key="number", unique="1", **{"class": "internal"}), agreed=True)
    assert turned.status_code == 422 and "cannot be unique" in text_of(turned)
    assert house.catalog.entity("account").fields["number"].type == "text"


def test_a_picklist_of_the_product_is_ordered_coloured_and_retired(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    key = next(spec.picklist for spec in house.catalog.entity("account").fields.values() if spec.picklist)
    known = house.catalog.picklists[str(key)]
    rows: dict[str, object] = {"label_uk": known.label.uk, "label_en": known.label.en, "opt": [str(n) for n in reversed(range(len(known.options)))]}
    for n, option in enumerate(known.options):
        rows |= {f"opt-key-{n}": option.key, f"opt-uk-{n}": option.label.uk, f"opt-en-{n}": option.label.en, f"opt-colour-{n}": "teal"}
    rows |= {"opt-retired-0": "1", "opt": [*rows["opt"], "99"], "opt-uk-99": "Нове значення", "opt-en-99": ""}  # type: ignore[misc]
    assert publish(olena, f"/configuration/pick-list/?key={key}", rows).status_code == 303
    now = house.catalog.picklists[str(key)].options
    assert [o.key for o in now] == [*reversed([o.key for o in known.options]), "nove_znachennia"]
    assert {o.colour for o in now[:-1]} == {"teal"} and [o.key for o in now if o.retired] == [known.options[0].key]
    moved = olena.post(f"/configuration/pick-list/?key={key}", rows | {"step": "opt-up-1"}).get_data(as_text=True)
    assert moved.index(f'value="{known.options[-2].key}"') < moved.index(f'value="{known.options[-1].key}"'), "the buttons order without a script too"


def test_the_formula_is_tried_while_it_is_typed(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    tender(olena, house)
    assert "Gives: Money" in olena.post("/configuration/tender/formula", {"formula": "budget * 0.02"}).get_data(as_text=True)
    assert "The formula ends too early" in olena.post("/configuration/tender/formula", {"formula": "budget *"}).get_data(as_text=True)
    assert "no field “none”" in olena.post("/configuration/tender/formula", {"formula": "none + 1"}).get_data(as_text=True)


def test_what_is_removed_leads_back_to_the_list_of_all(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    tender(olena, house)
    assert publish(olena, "/configuration/tender/remove", agreed=True).status_code == 303
    assert "tender" not in house.catalog.entities
    assert olena.get("/configuration/tender/").status_code == 302
    taken = plan(olena, "/configuration/new-entity/", names("Тендер", "Tender"))
    assert taken.status_code == 422 and "undo its removal" in text_of(taken)


def test_keys_are_proposed_in_latin_letters() -> None:
    assert proposed("Тендер і ґанок") == "tender_i_ganok"
    assert proposed("2nd Offer, €") == "nd_offer"
    assert proposed("…", "Щастя") == "shchastia"
    assert proposed("", "") == ""


def test_icons_of_entities_are_icons_of_the_house() -> None:
    assert set(ICONS) <= KNOWN_ICONS
