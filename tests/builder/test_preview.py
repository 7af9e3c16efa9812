"""The screen as an unpublished arrangement would have it: what it shows, to whom, and that nothing comes of it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.journal import JournalRow
from tests.builder.steps import hidden, publish, text_of
from tests.builder.test_rights import ALL, CONFIGURES, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
HEAD = [("row", "0"), ("row-key-0", ""), ("row-uk-0", "Головне"), ("row-en-0", "Main")]
ROWS = [*HEAD, ("row", "1"), ("row-key-1", "revenue"), ("row", "2"), ("row-key-2", "city")]
KEEPS = {"entity": "role", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}}
SECRET = "7654321"
JOURNAL = JournalRow.__table__


def look(browser: Browser, screen: str = "form", typed: list[tuple[str, str]] | None = None, entity: str = "account", **asked: Any) -> TestResponse:
    query = urlencode({"screen": screen, **asked})
    return browser.post(f"/configuration/{entity}/layout/preview?{query}", {"arrangement": urlencode(typed or [])})


def keys(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:600]
    return re.findall(r'data-field="(\w+)"', answer.get_data(as_text=True))


def words(answer: TestResponse) -> str:
    """What a drawn screen says, without markup."""
    assert answer.status_code == 200, answer.get_data(as_text=True)[:600]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def counted(house: House) -> tuple[int, int]:
    """Versions of the configuration and changes of records."""
    with house.system(write=False) as session:
        changes = select(func.count()).select_from(JOURNAL).where(JOURNAL.c.action.in_(("create", "change", "update", "remove")))
        return session.execute(select(func.count()).select_from(ConfigVersion.__table__)).scalar_one(), session.execute(changes).scalar_one()


@pytest.fixture
def firm(house: House) -> int:
    return house.make("account", name="Лан", city="Київ", revenue=int(SECRET), phone="+380441234567")


def test_every_screen_is_drawn_as_it_would_be_and_nothing_is_written(house: House, browser: SignIn, firm: int) -> None:
    olena, before = browser("Olena"), counted(house)
    typed = [*ROWS, ("rest", "hidden"), ("columns", "city"), ("columns", "name"), ("quick", "name"), ("help-uk-city", "Де офіс"), ("help-en-city", "Where")]
    form = look(olena, typed=typed)
    assert keys(form) == ["revenue", "city"] and "Main" in form.get_data(as_text=True) and "Where" in form.get_data(as_text=True)
    assert "<form" not in form.get_data(as_text=True) and 'value="Київ"' in form.get_data(as_text=True)
    assert "Де офіс" in look(olena, typed=typed, **{"in": "uk"}).get_data(as_text=True)
    assert keys(look(olena, "card", typed))[:2] == ["revenue", "city"]
    assert keys(look(olena, "list", typed)) == ["city", "name"]
    assert keys(look(olena, "quick", typed)) == ["name"]
    assert "Лан" in words(look(olena, "board", typed)) and SECRET in words(look(olena, "board", [("face", "revenue")])).replace(",", "")
    assert SECRET not in words(look(olena, "board", [("face", "city")])).replace(",", "")
    other = house.make("account", name="Інша")
    assert "Інша" in look(olena, typed=typed, record=other).get_data(as_text=True)
    assert house.catalog.layouts == {} and counted(house) == (before[0], before[1] + 1)


def test_every_kind_of_records_has_its_preview(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    for kind in house.catalog.entities:
        for screen in ("form", "card", "list", "board", "quick"):
            assert look(olena, screen, entity=kind).status_code == 200, (kind, screen)


def test_what_makes_no_sense_is_a_sentence(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    for typed in ([("columns", "nothing")], [("row", "0"), ("row-key-0", "city")], [("columns", "name"), ("columns", "name")], [("x", "y")] * 6000):
        answer = look(olena, typed=typed)
        assert answer.status_code == 400, typed[:2]
    for asked in ({"screen": "desk"}, {"in": "de"}):
        assert look(olena, **asked).status_code == 400
    for asked in ({"record": "999999"}, {"record": "x"}, {"as": "nobody"}, {"role": "nobody"}, {"entity": "nowhere"}):
        assert look(olena, **asked).status_code == 404, asked


def test_a_role_sees_what_it_sees_and_never_more_than_the_looker(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    assert "revenue" in keys(look(olena)) and "revenue" not in keys(look(olena, **{"as": "blind"})), "the owner sees what the role hides"
    assert "credit_limit" not in keys(look(olena, **{"as": "blind"})), "and its form has only what the role edits"
    assert "credit_limit" in keys(look(olena, "card", **{"as": "blind"}))
    assert "does not see such records" in look(olena, **{"as": "stranger"}).get_data(as_text=True)
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit", "revenue": "hidden", "phone": "masked"}}, KEEPS)
    bohdan = browser("Bohdan")
    for screen in ("form", "card", "list", "board", "quick"):
        for role in ("", "owner", "administrator", "head", "seller"):
            named = [("columns", "name"), *((part, key) for part in ("columns", "face") for key in ("revenue", "phone"))]
            answer = look(bohdan, screen, [*ROWS, *named, ("sort-1", "-revenue")], **{"as": role})
            page = answer.get_data(as_text=True)
            assert answer.status_code == 200 and SECRET not in page.replace(",", "").replace(" ", "") and "1234567" not in page.replace(" ", ""), (screen, role)
            assert "revenue" not in keys(answer)


def test_only_the_lookers_own_records_show_whatever_the_role_sees(house: House, browser: SignIn, firm: int) -> None:
    house.change("account", firm, owner=house.people["Olena"])
    give(house, CONFIGURES, {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}, KEEPS)
    bohdan = browser("Bohdan")
    for role in ("", "owner", "head"):
        assert look(bohdan, record=firm, **{"as": role}).status_code == 404
        for screen in ("form", "card", "list"):
            assert "Лан" not in look(bohdan, screen, **{"as": role}).get_data(as_text=True)
    own = house.make("account", name="Своя", owner=house.people["Bohdan"])
    page = look(bohdan, record=own).get_data(as_text=True)
    assert "Своя" in page, "a form is drawn of what he may only read; nothing of it can be sent"
    assert bohdan.post(f"/account/{own}/edit/", {"name": "Інакша"}).status_code in (403, 404)


def test_rules_of_a_role_are_told_only_to_who_keeps_roles(house: House, browser: SignIn, firm: int) -> None:
    reads_roles = {**KEEPS, "actions": ["read"]}
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit"}}, reads_roles)
    bohdan = browser("Bohdan")
    answer = look(bohdan, "card", **{"as": "stranger"})
    assert "not yours to know" in answer.get_data(as_text=True) and "name" in keys(answer)
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit"}})
    assert look(bohdan, **{"as": "stranger"}).status_code == 404, "who sees no roles knows none"
    give(house, CONFIGURES, reads_roles)
    assert "do not see such records" in look(bohdan).get_data(as_text=True)


def test_sensitive_fields_that_a_preview_shows_are_journaled(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    assert publish(olena, "/configuration/account/add/text/", {"label_uk": "Таємне", "label_en": "Secret", "class": "sensitive"}).status_code == 303
    look(olena, "card")
    with house.system(write=False) as session:
        rows = session.execute(select(JOURNAL.c.changes).where(JOURNAL.c.action == "read").order_by(JOURNAL.c.id.desc()).limit(3)).scalars().all()
    assert any("secret" in str(row) for row in rows)


def test_a_layout_and_all_of_a_role_go_back_to_standard_as_a_shown_change(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    for path in ("/configuration/account/layout/", "/configuration/account/layout/?role=seller", "/configuration/deal/layout/?role=seller"):
        assert publish(olena, path, {"columns": ["name"]}).status_code == 303
    shown = olena.post("/configuration/account/layout/reset", {"step": "check"})
    assert "laid out as standard for everybody" in text_of(shown) and "Columns of the list: Name → as standard" in text_of(shown)
    assert "" in house.catalog.layouts["account"], "nothing is done before it is published"
    assert olena.post("/configuration/account/layout/reset", hidden(shown) | {"step": "publish"}).status_code == 303
    assert dict(house.catalog.layouts["account"]) == {"seller": {"columns": ["name"]}}
    path = "/configuration/all-layouts/reset?role=seller&of=account"
    give(house, CONFIGURES, KEEPS)
    bohdan = browser("Bohdan")
    shown = bohdan.post(path, {"step": "check"})
    assert shown.status_code == 200 and "Companies" in text_of(shown) and "Deals" not in text_of(shown), "of what he may arrange"
    shown = olena.post(path, {"step": "check"})
    assert "Deals" in text_of(shown) and "Companies" in text_of(shown)
    assert olena.post(path, hidden(shown) | {"step": "publish"}).status_code == 303
    assert house.catalog.layouts == {}
    assert "Nothing would change." in text_of(olena.post(path, {"step": "check"}))
    back = olena.post(f"/configuration/all-versions/{house.catalog.version}/undo", {"step": "check"})
    assert olena.post(f"/configuration/all-versions/{house.catalog.version}/undo", hidden(back) | {"step": "publish"}).status_code == 303
    assert set(house.catalog.layouts) == {"account", "deal"}
    for bad in ("/configuration/all-layouts/reset", "/configuration/all-layouts/reset?role=nobody"):
        assert olena.post(bad, {"step": "check"}).status_code == 404
    assert browser("Sofiia").post(path, {"step": "check"}).status_code == 403


def test_a_help_text_stands_beside_its_field_for_whom_it_is_meant(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    told = {"help-uk-city": "Місто офісу", "help-en-city": "Town of the office"}
    assert publish(olena, "/configuration/account/layout/", told).status_code == 303
    assert publish(olena, "/configuration/account/layout/?role=seller", {"help-uk-city": "Для продавця", "help-en-city": "For sellers"}).status_code == 303
    for name, language, words in (("Olena", "en", "Town of the office"), ("Olena", "uk", "Місто офісу"), ("Sofiia", "en", "For sellers")):
        person = browser(name, language)
        assert words in person.get("/account/new/").get_data(as_text=True), (name, language)
        assert words in person.get("/account/?columns=name,city").get_data(as_text=True)
    assert "Town of the office" not in browser("Sofiia").get("/account/new/").get_data(as_text=True)
    assert 'value="Town of the office"' in olena.get("/configuration/account/layout/").get_data(as_text=True)


def test_the_list_of_a_role_opens_as_its_view_and_its_layout_say(house: House, browser: SignIn, firm: int) -> None:
    house.make_many("account", [{"name": "Альфа", "city": "Львів"}, {"name": "Яма", "city": "Київ"}])
    olena = browser("Olena")
    sorted_ = look(olena, "list", [("columns", "name"), ("sort-1", "-name")]).get_data(as_text=True)
    assert sorted_.index("Яма") < sorted_.index("Альфа") and "opens with the view" not in sorted_
    house.configure({"views": {"kyiv": {"entity": "account", "label": {"uk": "Київські", "en": "Of Kyiv"}, "default_for": ["seller"], "columns": ["name"],
                                        "where": {"field": "city", "op": "eq", "value": "Київ"}, "sort": "-name"}}})
    shown = look(olena, "list", [("columns", "city"), ("columns", "name")], **{"as": "seller"})
    page = shown.get_data(as_text=True)
    assert "Of Kyiv" in page and "columns of its own" in page and "Яма" in page and "Альфа" not in page and keys(shown) == ["city", "name"]
    assert "Of Kyiv" not in look(olena, "list", **{"as": "head"}).get_data(as_text=True)


def test_the_menu_is_drawn_as_the_role_will_have_it(house: House, browser: SignIn, firm: int) -> None:
    olena = browser("Olena")
    mine = words(look(olena, "menu", [("area", "sales"), ("order", "1"), ("icon", "star")]))
    assert mine.index("Sales") < mine.index("Companies") < mine.index("Deals"), "first in the area that was chosen"
    assert "Rights of roles" in mine
    theirs = words(look(olena, "menu", [("area", "sales")], **{"as": "seller"}))
    assert "Companies" in theirs and "Rights of roles" not in theirs
    assert "stands in no menu" in words(look(olena, "menu", [("hidden", "yes")]))
    give(house, {**CONFIGURES, "entity": "*", "fields": None} | {"actions": ["configure"]}, {"entity": "account", **ALL, "fields": {"*": "edit"}})
    bohdan = words(look(browser("Bohdan"), "menu", [], **{"as": ""}))
    assert "Companies" in bohdan and "Deals" not in bohdan, "nothing that the looker does not have"


def test_a_field_made_by_its_place_stands_there_in_the_same_version(house: House, browser: SignIn, firm: int) -> None:
    olena, before = browser("Olena"), house.catalog.version
    page = olena.get("/configuration/account/layout/").get_data(as_text=True)
    assert 'data-type="picklist"' in page and "/configuration/account/add/text/?place=end" in page
    form = olena.get("/configuration/account/add/text/?place=after:city")
    assert "stand after “City”" in text_of(form) and 'name="place" value="after:city"' in form.get_data(as_text=True)
    typed = {"label_uk": "Дільниця", "label_en": "Ward", "class": "internal", "place": "after:city"}
    assert publish(olena, "/configuration/account/add/text/", typed).status_code == 303
    fields = [key for section in house.catalog.layout("account").sections for key in section.fields]
    assert house.catalog.version == before + 1 and fields.index("ward") == fields.index("city") + 1
    for place, key in (("before:city", "first"), ("end", "last"), ("after:no_such", "lost")):
        typed = {"label_uk": key, "label_en": key, "key": key, "class": "internal", "place": place}
        assert publish(olena, "/configuration/account/add/text/", typed).status_code == 303
    fields = [key for section in house.catalog.layout("account").sections for key in section.fields]
    assert fields.index("first") == fields.index("city") - 1 and fields[-2:] == ["last", "lost"]
    of_role = typed | {"key": "apart", "place": "before:city", "place_role": "seller"}
    assert publish(olena, "/configuration/account/add/text/", of_role).status_code == 303
    assert "apart" in str(house.catalog.layouts["account"]["seller"]["sections"]) and "apart" not in str(house.catalog.layouts["account"][""])
    assert olena.post("/configuration/account/add/text/", typed | {"step": "check", "key": "none", "place_role": "no_such"}).status_code == 404
