"""Who may configure what, and that nobody widens his own reach by it."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.backoffice.lowcode.document import from_raw
from crm.errors import BadRequest
from crm.permissions import access_for, explain
from tests.builder.steps import hidden, names, plan, publish, tender, text_of
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
ALL = {"actions": ["read", "create", "update", "delete", "export"], "scope": "all"}


def give(house: House, *rules: dict[str, Any]) -> None:
    """Bohdan's role has these rules from now on."""
    house.configure({"roles": {"blind": {"label": {"uk": "Без обороту", "en": "Without revenue"}, "rules": list(rules)}}})


CONFIGURES = {"entity": "account", "actions": ["configure"], "scope": "all"}
READS = {"entity": "account", **ALL, "fields": {"*": "edit", "revenue": "hidden"}}


def test_without_the_right_no_page_is_there(house: House, browser: SignIn) -> None:
    for name in ("Sofiia", "Stepan"):
        person = browser(name)
        assert "/configuration/" not in person.get("/").get_data(as_text=True)
        for path in ("/configuration/", "/configuration/account/", "/configuration/account/add/text/", "/configuration/new-entity/",
                     "/configuration/all-versions/", "/configuration/pick-lists/", "/configuration/pick-list/?key=account.industry"):
            assert person.get(path).status_code == 403, path
        assert person.post("/configuration/account/add/text/", names("Поле", "Field", step="check")).status_code == 403
        assert person.post("/configuration/all-versions/1/undo", {}).status_code == 403


def test_the_administrator_configures_everything_and_the_owner_always(house: House, browser: SignIn) -> None:
    for name in ("Andrii", "Olena"):
        person = browser(name)
        assert 'href="/configuration/"' in person.get("/account/").get_data(as_text=True)
        assert person.get("/configuration/new-entity/").status_code == 200
        key = f"of_{name.lower()}"
        assert publish(person, "/configuration/account/add/text/", names("Поле", "Field", key=key, **{"class": "sensitive"})).status_code == 303
        assert key in house.catalog.entity("account").fields


def test_a_right_to_one_entity_is_a_right_to_it_alone(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    assert "Deals" not in text_of(bohdan.get("/configuration/"))
    assert publish(bohdan, "/configuration/account/add/text/", names("Поле", "Field", **{"class": "internal"})).status_code == 303
    for path in ("/configuration/deal/", "/configuration/deal/add/text/", "/configuration/no_such/"):
        assert bohdan.get(path).status_code == 404, path
    assert bohdan.get("/configuration/new-entity/").status_code == 403
    assert bohdan.get("/configuration/pick-list/?key=account.industry").status_code in (200, 404)
    assert bohdan.get("/configuration/pick-list/?key=deal.source").status_code == 404


def test_a_denial_takes_the_right_away_from_whoever_configures_everything(house: House, browser: SignIn) -> None:
    give(house, {**CONFIGURES, "entity": "*"}, READS, {**CONFIGURES, "effect": "deny"})
    bohdan = browser("Bohdan")
    assert bohdan.get("/configuration/account/").status_code == 404
    assert bohdan.get("/configuration/contact/").status_code == 200


def test_a_formula_uses_only_what_its_maker_sees_on_every_record(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, READS)
    bohdan, path = browser("Bohdan"), "/configuration/account/add/formula/"
    assert "revenue" not in bohdan.get(path).get_data(as_text=True)
    refused = plan(bohdan, path, names("Подвоєне", "Twice", formula="revenue * 2", **{"class": "internal"}))
    assert refused.status_code == 403 and "fields that you see on every record" in text_of(refused)
    assert "There is no field" in bohdan.post("/configuration/account/formula", {"formula": "revenue * 2"}).get_data(as_text=True)
    give(house, CONFIGURES, {**READS, "fields": {"*": "edit"}})
    assert plan(bohdan, path, names("Подвоєне", "Twice", formula="revenue * 2", **{"class": "internal"})).status_code == 200
    lower = plan(bohdan, path, names("Подвоєне", "Twice", formula="revenue * 2", **{"class": "open"}))
    assert lower.status_code == 403 and "may not be more open" in text_of(lower)
    give(house, CONFIGURES, {**READS, "scope": "own", "fields": {"*": "edit"}})
    assert plan(bohdan, path, names("Подвоєне", "Twice", formula="revenue * 2", **{"class": "internal"})).status_code == 403, "his own records are not all"


def test_a_roll_up_adds_only_what_its_maker_sees_on_every_record(house: House, browser: SignIn) -> None:
    typed = names("Сума угод", "Deals", of="deal.account", function="sum", field="deal:amount", **{"class": "internal"})
    bohdan, path = browser("Bohdan"), "/configuration/account/add/rollup/"
    for deals, status in (
        ({"entity": "deal", **ALL, "scope": "own", "fields": {"*": "edit"}}, 403),
        ({"entity": "deal", **ALL, "fields": {"*": "edit", "amount": "masked"}}, 403),
        ({"entity": "deal", **ALL, "fields": {"*": "edit", "amount": {"mode": "read", "where": {"field": "name", "op": "not_empty"}}}}, 403),
        ({"entity": "deal", **ALL, "fields": {"*": "edit"}}, 200),
    ):
        give(house, CONFIGURES, {**READS, "fields": {"*": "edit"}}, deals)
        assert plan(bohdan, path, typed).status_code == status, deals


def test_the_class_and_the_key_of_a_field_that_is_not_seen_stay(house: House, browser: SignIn) -> None:
    """Rules name fields by their keys, so another key would show it as another class does."""
    assert publish(browser("Olena"), "/configuration/account/add/text/", names("Таємне", "Secret", **{"class": "sensitive"})).status_code == 303
    house.make("account", name="Фірма", secret="так")
    give(house, CONFIGURES, READS)
    bohdan, path = browser("Bohdan"), "/configuration/account/field/secret/"
    for typed in ({"class": "internal"}, {"class": "sensitive", "key": "open_one"}, {"class": "sensitive", "unique": "1"}):
        refused = plan(bohdan, path, names("Таємне", "Secret", **{"key": "secret", **typed}))
        assert refused.status_code == 403 and "not for you to change" in text_of(refused), typed
    assert plan(bohdan, path, names("Таємне інакше", "Secret still", key="secret", **{"class": "sensitive"})).status_code == 200
    turned = plan(bohdan, path + "?type=long_text", names("Таємне", "Secret", key="secret", **{"class": "open"}))
    assert turned.status_code == 403, "nor by another type"
    removal = plan(bohdan, "/configuration/account/field/secret/remove")
    assert removal.status_code == 200 and "not yours to know" in text_of(removal) and "1 value" not in text_of(removal)
    give(house, CONFIGURES, {**READS, "fields": {"*": "edit", "secret": "read"}})
    assert plan(bohdan, path, names("Таємне", "Secret", key="secret", **{"class": "internal"})).status_code == 200


def test_an_undo_is_judged_as_any_change(house: House, browser: SignIn) -> None:
    """Whoever may not open a field may not open it by bringing back how it was."""
    olena = browser("Olena")
    assert publish(olena, "/configuration/account/add/text/", names("Поле", "Field", **{"class": "open"})).status_code == 303
    assert publish(olena, "/configuration/account/field/field/", names("Поле", "Field", key="field", **{"class": "sensitive"})).status_code == 303
    version = house.catalog.version
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    assert plan(bohdan, f"/configuration/all-versions/{version}/undo").status_code == 403
    assert bohdan.post(f"/configuration/all-versions/{version}/take-back", {}).status_code == 403
    assert house.catalog.entity("account").fields["field"].sensitivity == "sensitive"


def test_only_versions_of_what_one_configures_are_told_and_undone(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    tender(olena, house)
    of_tender = house.catalog.version
    assert publish(olena, "/configuration/account/add/text/", names("Поле", "Field", **{"class": "internal"})).status_code == 303
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    told = text_of(bohdan.get("/configuration/all-versions/"))
    assert "Field" in told and "Tender" not in told and "Budget" not in told
    for version in (of_tender, house.catalog.version, 1, 99999):  # another entity's, a role's, the first, and none
        assert bohdan.post(f"/configuration/all-versions/{version}/undo", {"step": "check"}).status_code == 404
        assert bohdan.post(f"/configuration/all-versions/{version}/take-back", {}).status_code == 404


def test_what_is_published_is_judged_by_the_rights_of_that_moment(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    shown = hidden(plan(bohdan, "/configuration/account/add/text/", names("Поле", "Field", **{"class": "internal"})))
    give(house, READS)
    assert bohdan.post("/configuration/account/add/text/", shown | {"step": "publish"}).status_code == 403
    assert "field" not in house.catalog.entity("account").fields


def test_who_published_what_stands_in_the_journal(house: House, browser: SignIn) -> None:
    assert publish(browser("Andrii"), "/configuration/account/add/text/", names("Поле", "Field", **{"class": "internal"})).status_code == 303
    page = text_of(browser("Olena").get("/journal/?action=event"))
    assert "Andrii" in page and str(house.catalog.version) in page


@pytest.mark.parametrize("rule", [
    {"entity": "account", "actions": ["configure"], "scope": "own"}, {"entity": "*", "actions": ["read"], "scope": "all"},
    {"entity": "*", "actions": ["configure", "read"], "scope": "all"}, {"entity": "*", "actions": ["configure"], "scope": "all", "fields": {"*": "read"}},
    {"entity": "account", "actions": ["configure"], "where": {"field": "name", "op": "not_empty"}},
])
def test_a_file_gives_the_right_only_as_it_can_hold(house: House, rule: dict[str, Any]) -> None:
    with house.system(write=False) as session, pytest.raises(BadRequest):
        from_raw({"roles": {"blind": {"label": {"uk": "а", "en": "a"}, "rules": [rule]}}}, session.catalog)


def test_it_is_explained_and_given_only_by_those_who_hold_it(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, READS)
    access = access_for(house.engine, house.people["Bohdan"], house.catalog)
    told = explain(house.engine, house.catalog, access, "account", action="configure")
    assert told.allowed and told.rule is not None and told.rule.name == "blind#1"
    assert not explain(house.engine, house.catalog, access, "deal", action="configure").allowed
    administrator = access_for(house.engine, house.people["Andrii"], house.catalog)
    told = explain(house.engine, house.catalog, administrator, "deal", action="configure")
    assert told.allowed and told.rule is not None and told.rule.entity == "*"
    assert "Configure" in text_of(browser("Olena").get("/rights/role/2/"))
