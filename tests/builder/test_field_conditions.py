"""The rules of a field by conditions in its form: a saved condition chosen, kept, changed, taken away; what is wrong with them, and by whom."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

from crm.backoffice.lowcode.saved_conditions import reaching
from tests.builder.steps import names, plan, publish, text_of
from tests.builder.test_rights import ALL, CONFIGURES, give
from tests.kit_forms.house import Browser, House, controls

SignIn = Callable[..., Browser]
ADD, FIELD = "/configuration/account/add/text/", "/configuration/account/field/reason/"
LARGE = {"entity": "account", "label": {"uk": "Великі", "en": "Large ones"}, "where": {"field": "revenue", "op": "ge", "value": 1000}}
SAVED = {"saved": "large"}
RULE = json.dumps(SAVED)


def typed(**more: Any) -> dict[str, Any]:
    return names("Причина", "Reason", key="reason", **{"class": "internal"}, **more)


def said(house: House) -> dict[str, Any]:
    return dict(house.catalog.made.of("account")["reason"].said)


def test_a_saved_condition_is_chosen_for_a_rule_shown_in_words_and_kept(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    house.configure({"conditions": {"large": LARGE}})
    house.make_many("account", [{"name": f"Ф{n}", "revenue": n} for n in (500, 1500, 5000)])
    page = text_of(olena.get(ADD))
    assert "Rules by conditions" in page and "Must be filled in" in page and "Belongs to the record" in page and "Can only be read" in page
    drawn = olena.post("/configuration/account/rules", typed(required_if=RULE)).get_data(as_text=True)
    assert "where “Large ones”" in drawn and '/configuration/saved-condition/?key=large"' in drawn
    shown = plan(olena, ADD, typed(required_if=RULE, visible_if=RULE, read_only_if=json.dumps({"not": SAVED})))
    assert "New rule of “Companies”: Reason, required under a condition 2 records do not satisfy it" in text_of(shown)
    assert publish(olena, ADD, typed(required_if=RULE, visible_if=RULE, read_only_if=json.dumps({"not": SAVED}))).status_code == 303
    assert [said(house)[name] for name in ("required_if", "visible_if", "read_only_if")] == [SAVED, SAVED, {"not": SAVED}]
    assert "Reason" in text_of(olena.get("/configuration/where-used/?condition=large")) and reaching(house.catalog.saved, {"large"}) == {"large"}
    before = said(house)
    form = controls(olena.get(FIELD).get_data(as_text=True))
    assert form["required_if"] == '{"saved":"large"}'
    assert "Nothing would change." in text_of(plan(olena, FIELD, form)), "saved without change"
    assert "Nothing would change." in text_of(plan(olena, FIELD, typed())), "and by who says nothing of rules"
    assert publish(olena, FIELD, {**form, "label_en": "Why"}).status_code == 303
    assert {k: v for k, v in said(house).items() if k != "label"} == {k: v for k, v in before.items() if k != "label"}
    assert "якщо “Великі”" in text_of(olena.get(f"{FIELD}?lang=uk")) and "where “Large ones”" in text_of(olena.get(f"{FIELD}?lang=en"))
    lifted = plan(olena, FIELD, {**form, "visible_if": ""})
    assert "The rule of “Companies” is lifted: Why, visible under a condition" in text_of(lifted)
    assert publish(olena, FIELD, {**form, "visible_if": "", "read_only_if": json.dumps({"field": "city", "op": "not_empty"})}).status_code == 303
    assert "visible_if" not in said(house) and said(house)["read_only_if"] == {"field": "city", "op": "not_empty"} and said(house)["required_if"] == SAVED


def test_the_form_of_records_follows_what_the_saved_condition_says_from_then_on(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    house.configure({"conditions": {"large": LARGE}})
    assert publish(olena, ADD, typed(visible_if=RULE, required_if=RULE)).status_code == 303
    small, large = (house.make("account", name=name, revenue=n, **({"reason": "є"} if n > 999 else {})) for name, n in (("М", 500), ("В", 1500)))

    def asks(number: int) -> bool:
        page = olena.get(f"/account/{number}/edit/").get_data(as_text=True)
        place = re.search(r'<[^>]*data-field="reason"[^>]*>', page)
        return place is not None and " hidden" not in place[0]

    assert (asks(small), asks(large)) == (False, True)
    page = "/configuration/saved-condition/?key=large"
    where = json.dumps({"field": "revenue", "op": "lt", "value": 1000})
    assert publish(olena, page, names("Великі", "Large ones", where=where)).status_code == 303
    assert (asks(small), asks(large)) == (True, False), "without a restart, in the next request"


def test_what_makes_no_sense_is_said_and_nothing_typed_is_lost(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    house.configure({"conditions": {"deals": {"entity": "deal", "label": "Deals", "where": {"field": "amount", "op": "gt", "value": 5}}}})
    version = house.catalog.version
    for text, sentence in (("{", "not readable"), ("[1]", "object"), (json.dumps({"saved": "none"}), "none"), (json.dumps({"saved": "deals"}), "deals"),
                           (json.dumps({"field": "no_such", "op": "empty"}), "no_such"), ("[" * 3000, "not readable")):
        refused = plan(olena, ADD, typed(required_if=text))
        assert refused.status_code in (400, 422), text[:40]
        assert sentence in text_of(refused), (text[:40], text_of(refused)[:600])
        if len(text) < 1000:
            assert text in unescape(refused.get_data(as_text=True)) and 'value="Reason"' in refused.get_data(as_text=True)
        assert olena.post("/configuration/account/rules", typed(required_if=text)).status_code == 200
    assert house.catalog.version == version


def test_a_rule_over_what_one_does_not_see_stays_and_none_is_made(house: House, browser: SignIn) -> None:
    house.configure({"conditions": {"large": LARGE}})
    assert publish(browser("Olena"), ADD, typed(required_if=RULE)).status_code == 303
    give(house, CONFIGURES, {"entity": "account", **ALL, "fields": {"*": "edit", "revenue": "hidden"}})
    bohdan = browser("Bohdan")
    page = bohdan.get(FIELD)
    assert "a condition over what you do not see" in text_of(page) and "Large ones" not in text_of(page)
    form = controls(page.get_data(as_text=True))
    assert "required_if" not in form
    for attempt in ("", json.dumps({"field": "city", "op": "empty"})):
        assert "Nothing would change." in text_of(plan(bohdan, FIELD, {**form, "required_if": attempt})), "neither taken away nor changed"
    unseen = plan(bohdan, FIELD, {**form, "visible_if": RULE})
    assert unseen.status_code == 403
    assert said(house)["required_if"] == SAVED and "visible_if" not in said(house)
    assert bohdan.post("/configuration/deal/rules", {}).status_code == 404 and browser("Sofiia").post("/configuration/account/rules", {}).status_code == 403
