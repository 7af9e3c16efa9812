"""Checks of records on the screen: listed in words, added, changed, removed, undone; kept as drafts, by two at once, and by whom."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from crm.backoffice import records
from crm.errors import Invalid
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_drafts import base_of, keep, kept_forms
from tests.builder.test_rights import ALL, CONFIGURES, give
from tests.kit_forms.house import Browser, House, controls

SignIn = Callable[..., Browser]
OF = "/configuration/account/"
NEW, ONE = OF + "check/new", OF + "check/?key=large_has_code"
LARGE = {"entity": "account", "label": {"uk": "Великі", "en": "Large ones"}, "where": {"field": "revenue", "op": "ge", "value": 1000}}
WHERE = {"any": [{"not": {"saved": "large"}}, {"field": "tax_code", "op": "not_empty"}]}
MESSAGE = {"uk": "Велика компанія має код", "en": "A large company has a tax code"}
LISTED = {"entities": {"paper": {
    "label": {"uk": "Папір", "en": "Paper"}, "plural": {"uk": "Папери", "en": "Papers"},
    "fields": {"cost": {"type": "money", "label": {"uk": "Вартість", "en": "Cost"}}},
    "checks": [
        {"where": {"field": "cost", "op": "not_empty"}, "message": {"uk": "Потрібна вартість", "en": "A cost is needed"}},
        {"where": {"any": [{"field": "cost", "op": "empty"}, {"field": "cost", "op": "ge", "value": 0}]}, "field": "cost",
         "message": {"uk": "Вартість не буває відʼємною", "en": "A cost is never negative"}},
    ],
}}}


def typed(**more: Any) -> dict[str, Any]:
    return {"message_uk": MESSAGE["uk"], "message_en": MESSAGE["en"], "field": "tax_code", "key": "large_has_code", "where": json.dumps(WHERE), **more}


def checks(house: House, entity: str = "account") -> dict[str, Any]:
    return {one.key: dict(one.said) for one in house.catalog.made.checks if one.entity == entity}


def made(house: House) -> None:
    house.configure({"conditions": {"large": LARGE}, "checks": {"account": {"large_has_code": {"where": WHERE, "message": MESSAGE, "field": "tax_code"}}}})


def test_one_is_added_with_its_effect_listed_asked_changed_removed_and_undone(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    house.configure({"conditions": {"large": LARGE}})
    house.make_many("account", [{"name": f"Ф{n}", "revenue": n} for n in (500, 1500, 5000)])
    empty = olena.get(OF)
    assert "No record is checked as a whole yet" in text_of(empty) and f'href="{NEW}"' in empty.get_data(as_text=True)
    drawn = olena.post(OF + "check/condition", typed()).get_data(as_text=True)
    assert "Large ones" in drawn and '/configuration/saved-condition/?key=large"' in drawn
    shown = plan(olena, NEW, typed())
    assert "New rule of “Companies”: A large company has a tax code 2 records do not satisfy it; they are asked when saved" in text_of(shown)
    assert checks(house) == {}, "nothing is done by a plan"
    before = house.catalog.version
    assert publish(olena, NEW, typed()).headers["Location"] == OF + "#checks"
    assert checks(house) == {"large_has_code": {"where": WHERE, "message": MESSAGE, "field": "tax_code"}}
    with house.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "account", {"name": "Ще", "revenue": 7000})
    assert set(refused.value.fields) == {"tax_code"}
    listed = text_of(olena.get(OF))
    assert "A large company has a tax code large_has_code" in listed and "Large ones" in listed and "Tax code" in listed
    assert "Велика компанія має код" in text_of(olena.get(OF + "?lang=uk")) and olena.get(OF + "?lang=en").status_code == 200
    used = olena.get("/configuration/where-used/?condition=large").get_data(as_text=True)
    assert "A large company has a tax code" in used and f'href="{ONE}"' in used
    form = controls(olena.get(ONE).get_data(as_text=True))
    assert "Nothing would change." in text_of(plan(olena, ONE, form)), "saved without change"
    form |= {"message_en": "A code is needed", "where": json.dumps({"saved": "large"}), "field": ""}
    told = text_of(plan(olena, ONE, form))
    assert "The rule of “Companies” changes: A code is needed" in told and "It asks for something else" in told
    assert "Sentence: A large company has a tax code → A code is needed" in told and "→ —" in told and "1 record does not satisfy it" in told
    assert publish(olena, ONE, form).status_code == 303
    assert checks(house)["large_has_code"] == {"where": {"saved": "large"}, "message": {"uk": MESSAGE["uk"], "en": "A code is needed"}}
    assert "The rule of “Companies” is lifted: A code is needed" in text_of(plan(olena, OF + "check/remove?key=large_has_code"))
    assert publish(olena, OF + "check/remove?key=large_has_code").status_code == 303 and checks(house) == {}
    assert publish(olena, f"/configuration/all-versions/{house.catalog.version}/undo").status_code == 303
    assert checks(house)["large_has_code"]["where"] == {"saved": "large"}
    assert "New rule of “Companies”: A code is needed" in text_of(olena.get("/configuration/all-versions/")) and house.catalog.version == before + 4


def test_what_makes_no_sense_is_said_and_nothing_typed_is_lost(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    made(house)
    version = house.catalog.version
    for wrong, sentence in (
        ({"message_uk": " "}, "Both languages are needed"), ({"message_en": ""}, "Both languages are needed"), ({"message_en": "x" * 256}, "At most 255"),
        ({"where": ""}, "Say what a record must satisfy."), ({"where": "{"}, "not readable"), ({"where": '{"saved": "none"}'}, "none"),
        ({"where": '{"field": "no_such", "op": "empty"}'}, "no_such"), ({"field": "no_such"}, "Choose a field of these records."),
        ({"key": "!"}, "A key begins with"), ({"key": "large_has_code"}, "This key is taken"),
    ):
        refused = plan(olena, NEW, typed(key="another") | wrong)
        assert refused.status_code in (400, 422), wrong
        assert sentence in text_of(refused), (wrong, text_of(refused)[:900])
        kept = controls(refused.get_data(as_text=True))
        for name, value in (typed(key="another") | wrong).items():
            if (name, value) != ("field", "no_such"):  # a list of choices cannot show it
                assert kept[name].replace(" ", "") == value.replace(" ", ""), (wrong, name)
    assert house.catalog.version == version
    for path in (OF + "check/?key=no_such", OF + "check/", OF + "check/?listed=1.0123456789abcdef", "/configuration/no_such/check/new"):
        assert olena.get(path).status_code == 404, path
    for path in (OF + "check/?key=!", OF + "check/?listed=x", OF + "check/", OF + "check/remove?key=no_such"):
        assert plan(olena, path, typed()).status_code == 404, path


def test_those_of_a_list_are_changed_and_removed_each_by_itself(house: House, browser: SignIn) -> None:
    house.configure(LISTED)
    olena = browser("Olena")
    page = olena.get("/configuration/paper/").get_data(as_text=True)
    addresses = [html.unescape(one) for one in re.findall(r'href="(/configuration/paper/check/\?listed=[^"]+)"', page)]
    assert len(addresses) == 2 and "A cost is never negative" in page
    form = controls(olena.get(addresses[1]).get_data(as_text=True))
    assert "key" not in form and form["field"] == "cost"
    told = text_of(plan(olena, addresses[1], {**form, "message_en": "Never below zero"}))
    assert "The rule of “Papers” changes: Never below zero" in told and "is lifted" not in told and "A cost is needed" not in told
    assert publish(olena, addresses[1], {**form, "message_en": "Never below zero"}).status_code == 303
    said = house.catalog.made.entities["paper"].said["checks"]
    assert [one["message"]["en"] for one in said] == ["A cost is needed", "Never below zero"]
    late = plan(olena, addresses[1], {**form, "message_en": "Mine"})
    assert late.status_code == 409 and "Somebody else has changed or removed this check" in text_of(late) and 'value="Mine"' in late.get_data(as_text=True)
    remove = addresses[0].replace("check/?", "check/remove?")
    assert "The rule of “Papers” is lifted: A cost is needed" in text_of(plan(olena, remove))
    assert publish(olena, remove).status_code == 303
    assert [one["message"]["en"] for one in house.catalog.made.entities["paper"].said["checks"]] == ["Never below zero"]
    assert publish(olena, "/configuration/paper/check/new", typed(where=json.dumps({"field": "name", "op": "not_empty"}), field="")).status_code == 303
    assert list(checks(house, "paper")) == ["large_has_code"], "one that the screen adds has a name"


def test_a_draft_of_a_check_waits_and_is_published_with_the_rest(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    house.configure({"conditions": {"large": LARGE}})
    keep(olena, NEW, typed(message_en="First"))
    keep(olena, NEW, typed())  # the same check: in place of the first
    keep(olena, NEW, typed(key="second", message_en="Second"))
    assert checks(house) == {} and "Olena has a draft that changes this too" in text_of(andrii.get(NEW))
    (action, again, _), _ = kept_forms(olena)
    assert 'value="A large company has a tax code"' in olena.post(action, again | {"step": "edit"}).get_data(as_text=True)
    shown = olena.post("/configuration/draft/publish", {"step": "check"})
    assert "A large company has a tax code" in text_of(shown) and "Second" in text_of(shown) and "First" not in text_of(shown)
    before = house.catalog.version
    assert olena.post("/configuration/draft/publish", hidden(shown) | {"step": "publish"}).status_code == 303
    assert set(checks(house)) == {"large_has_code", "second"} and house.catalog.version == before + 1 and kept_forms(olena) == []


def test_two_who_change_a_check_at_once_are_merged_or_told(house: House, browser: SignIn) -> None:
    made(house)
    olena, andrii = browser("Olena"), browser("Andrii")
    page = olena.get(ONE).get_data(as_text=True)
    mine = controls(page) | {"base": base_of(page)}
    theirs = controls(andrii.get(ONE).get_data(as_text=True))
    assert publish(andrii, ONE, {**theirs, "message_en": "Theirs", "where": json.dumps({"saved": "large"})}).status_code == 303
    merged = plan(olena, ONE, {**mine, "field": ""})
    assert merged.status_code == 200 and "Andrii published version" in text_of(merged) and "Theirs" in text_of(merged)
    told = plan(olena, ONE, {**mine, "message_en": "Mine", "where": json.dumps({"field": "city", "op": "not_empty"})})
    assert told.status_code == 409 and "Companies · Theirs · Condition" in text_of(told)
    assert "Companies · Theirs · Sentence Now: Theirs. Yours: Mine." in text_of(told)
    on = olena.post(ONE, hidden(told) | {"step": "check"})
    assert olena.post(ONE, hidden(on) | {"step": "publish"}).status_code == 303 and checks(house)["large_has_code"]["message"]["en"] == "Mine"
    page = olena.get(ONE).get_data(as_text=True)
    mine = controls(page) | {"base": base_of(page)}
    remove = OF + "check/remove?key=large_has_code"
    assert publish(andrii, remove).status_code == 303
    gone = plan(olena, ONE, {**mine, "message_en": "Still"})
    assert gone.status_code == 409 and "has been changed, removed or named otherwise meanwhile" in text_of(gone) and "Still" in text_of(gone)
    on = olena.post(ONE, hidden(gone) | {"step": "check"})
    assert olena.post(ONE, hidden(on) | {"step": "publish"}).status_code == 303 and checks(house)["large_has_code"]["message"]["en"] == "Still"
    page = olena.get(ONE).get_data(as_text=True)
    theirs = controls(andrii.get(ONE).get_data(as_text=True))
    assert publish(andrii, ONE, {**theirs, "message_en": "Once more"}).status_code == 303
    assert plan(olena, remove, {"base": base_of(page)}).status_code == 409, "removed by one, changed by the other meanwhile"


def test_a_check_over_what_one_does_not_see_stays_and_none_is_made(house: House, browser: SignIn) -> None:
    house.make("account", name="Ф", revenue=5000)
    made(house)
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit", "revenue": "hidden"}})
    bohdan = browser("Bohdan")
    listed = bohdan.get(OF)
    assert "A large company has a tax code" in text_of(listed) and "a condition over what you do not see" in text_of(listed)
    assert "Large ones" not in text_of(listed) and ONE not in listed.get_data(as_text=True)
    assert bohdan.get(ONE).status_code == 404
    for path in (ONE, OF + "check/remove?key=large_has_code"):
        assert plan(bohdan, path, typed(where=json.dumps({"field": "city", "op": "not_empty"}))).status_code == 404, path
    draft = plan(bohdan, NEW, typed(key="another"))
    assert draft.status_code == 403 and "only of fields that you see on every record" in text_of(draft)
    seen = typed(key="another", where=json.dumps({"field": "city", "op": "not_empty"}), message_en="A city is needed")
    assert "1 record does not satisfy it" in text_of(plan(bohdan, NEW, seen))
    assert publish(bohdan, NEW, seen).status_code == 303 and set(checks(house)) == {"large_has_code", "another"}
    give(house, CONFIGURES, {**{"entity": "account", **ALL}, "scope": "own", "fields": {"*": "edit"}})
    own = plan(bohdan, NEW, {**seen, "key": "third", "where": json.dumps({"field": "phone", "op": "not_empty"})})
    assert own.status_code == 403 and "not satisfy it" not in text_of(own), "how many records of others break it is not his to count"
    for path in ("/configuration/deal/check/new", "/configuration/deal/check/?key=x"):
        assert bohdan.get(path).status_code == 404 and plan(bohdan, path, typed()).status_code == 404, path
    sofiia = browser("Sofiia")
    for path in (NEW, ONE, OF + "check/remove?key=large_has_code", OF + "check/condition"):
        assert sofiia.post(path, typed()).status_code == 403, path
    assert checks(house)["large_has_code"] == {"where": WHERE, "message": MESSAGE, "field": "tax_code"}


def test_an_undo_leaves_alone_what_its_asker_does_not_see(house: House, browser: SignIn) -> None:
    house.configure({"conditions": {"large": LARGE}})
    added = house.configure({"checks": {"account": {"large_has_code": {"where": WHERE, "message": MESSAGE}}}})
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit", "revenue": "hidden"}})
    refused = plan(browser("Bohdan"), f"/configuration/all-versions/{added}/undo")
    assert refused.status_code == 403 and "stays as it is" in text_of(refused)
    assert plan(browser("Olena"), f"/configuration/all-versions/{added}/undo").status_code == 200
