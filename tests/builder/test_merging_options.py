"""One option merged into another: records move, what asks for it follows, an undo takes it back, and nobody widens his reach."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.plan import plan as planned
from crm.errors import BadRequest
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
BOTH = {"uk": "Колір", "en": "Hue"}
OPTIONS = [{"key": key, "label": {"uk": key, "en": key.title()}} for key in ("red", "rose", "blue")]
FIELDS = {"fields": {"account": {
    "hue": {"type": "picklist", "class": "internal", "label": BOTH, "options": OPTIONS, "default": "rose"},
    "hues": {"type": "multi_picklist", "class": "internal", "label": BOTH, "picklist": "account.hue"},
    "why": {"type": "text", "class": "internal", "label": BOTH, "required_if": {"field": "hue", "op": "eq", "value": "rose"}},
}}}
ROSE = {"field": "hue", "op": "in", "value": ["rose", "blue"]}
PAGE = "/configuration/pick-list/merge?key=account.hue&option=rose"


def furnished(house: House) -> dict[str, int]:
    """Firms of each hue, and what asks for one."""
    house.configure(FIELDS)
    house.configure({"views": {"rosy": {"entity": "account", "label": BOTH, "where": ROSE}}})
    red, rose, blue = (house.option("account.hue", key) for key in ("red", "rose", "blue"))
    firms = {
        "rosy": house.make("account", name="Р", hue=rose, hues=[rose, blue], why="так"),
        "both": house.make("account", name="О", hue=red, hues=[red, rose], why="так"),
        "blue": house.make("account", name="С", hue=blue, hues=[blue]),
    }
    firms["segment"] = house.make("segment", name="С", of="account", kind="dynamic", condition=json.dumps(ROSE))
    return firms


def hues(house: House, firm: int) -> tuple[str, tuple[str, ...]]:
    stored = house.stored("account", firm)
    keys = {one.id: one.key for one in house.catalog.picklists["account.hue"].options}

    def key(value: Any) -> str:
        return keys[getattr(value, "id", value)]

    return key(stored["hue"]), tuple(sorted(key(one) for one in stored["hues"]))


def test_records_move_what_asks_follows_and_an_undo_takes_it_back(house: House, browser: SignIn) -> None:
    firms, olena = furnished(house), browser("Olena")
    assert "Merge: Rose" in olena.get("/configuration/pick-list/?key=account.hue").get_data(as_text=True)
    assert olena.get(PAGE).status_code == 200
    for wrong in ("", "rose", "none"):
        assert plan(olena, PAGE, {"into": wrong}).status_code == 422
    shown = plan(olena, PAGE, {"into": "red"})
    told = text_of(shown)
    assert "“Rose” of “Hue” is merged into another" in told and "→ Red" in told and "3 values move" in told and "2 views, rules and conditions follow" in told
    assert olena.post(PAGE, hidden(shown) | {"step": "publish"}).status_code == 303
    version = house.catalog.version
    assert [hues(house, firms[name]) for name in ("rosy", "both", "blue")] == [("red", ("blue", "red")), ("red", ("red",)), ("blue", ("blue",))]
    made, known = house.catalog.made.of("account"), house.catalog.picklists["account.hue"].by_key("rose")
    assert known is not None and known.retired and made["hue"].said["default"] == "red" and made["why"].said["required_if"]["value"] == "red"
    assert house.catalog.views["rosy"].shows["where"]["value"] == ["red", "blue"]
    assert json.loads(str(house.stored("segment", firms["segment"])["condition"]))["value"] == ["red", "blue"]
    assert "Nothing would change." in text_of(olena.post("/configuration/pick-list/merge?key=account.hue&option=rose", {"into": "red", "step": "check"}))
    house.change("account", firms["both"], hues=[house.option("account.hue", "blue")])
    assert publish(olena, f"/configuration/all-versions/{version}/undo").status_code == 303
    assert hues(house, firms["rosy"]) == ("rose", ("blue", "rose")) and hues(house, firms["both"])[1] == ("blue",), "what was edited since stays"
    made = house.catalog.made.of("account")
    assert made["hue"].said["default"] == "rose" and made["why"].said["required_if"]["value"] == "rose"
    assert house.catalog.views["rosy"].shows["where"]["value"] == ["rose", "blue"]
    assert publish(olena, f"/configuration/all-versions/{house.catalog.version}/undo").status_code == 303, "and back again"
    assert hues(house, firms["rosy"])[0] == "red"


def test_a_file_says_it_too_and_saying_it_twice_changes_nothing(house: House) -> None:
    firms = furnished(house)
    house.configure({"merged": {"account.hue": {"rose": "red"}}})
    assert hues(house, firms["rosy"])[0] == "red"
    with house.system(write=False) as session:
        assert planned(session, from_raw({"merged": {"account.hue": {"rose": "red"}}}, session.catalog)) == []
        for wrong in ({"account.hue": {"red": "red"}}, {"account.hue": {"red": "rose"}}, {"account.hue": {"red": "none"}}, {"none": {"a": "b"}},
                      {"account.hue": 5}, {"account.hue": {"red": "blue", "blue": "red"}}):
            with pytest.raises(BadRequest):
                from_raw({"merged": wrong}, session.catalog)


def test_nobody_widens_his_reach_by_a_merge(house: House, browser: SignIn) -> None:
    """Records that move into an option come under every rule that asks for it."""
    furnished(house)
    of_red = {"entity": "deal", "actions": ["read"], "where": {"field": "account.hue", "op": "eq", "value": "red"}, "fields": {"*": "read"}}
    give(house, CONFIGURES, READS, of_red)
    bohdan = browser("Bohdan")
    refused = plan(bohdan, PAGE, {"into": "red"})
    assert refused.status_code == 403 and "merging them is for the owner" in text_of(refused)
    other = plan(bohdan, PAGE, {"into": "blue"})
    assert other.status_code == 200 and "3 values move" in text_of(other)
    give(house, CONFIGURES, {**READS, "fields": {"*": "edit", "hues": "hidden"}})
    unseen = plan(bohdan, PAGE, {"into": "blue"})
    assert unseen.status_code == 200 and "not yours to know" in text_of(unseen) and "values move" not in text_of(unseen)
    assert browser("Sofiia").get(PAGE).status_code == 403
    give(house, {**CONFIGURES, "entity": "deal"}, READS)
    assert bohdan.get(PAGE).status_code == 404 and plan(bohdan, PAGE, {"into": "blue"}).status_code == 404
