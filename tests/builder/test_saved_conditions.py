"""Saved conditions by hand: made, chosen in a list, changed with a view of what it does to rights, where used, removed; and by whom."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.builder.steps import names, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
NEW, ALL = "/configuration/saved-condition/new", "/configuration/saved-conditions/"
BIG = {"field": "amount", "op": "ge", "value": 1000}


def typed(where: Any, **more: Any) -> dict[str, Any]:
    return names("Великі угоди", "Large deals", entity="deal", note_uk="Від тисячі", note_en="From a thousand", where=json.dumps(where), **more)


def of(key: str) -> str:
    return f"/configuration/saved-condition/?key={key}"


def test_one_is_made_chosen_in_lists_changed_seen_where_it_is_used_and_removed(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert "No saved conditions yet" in text_of(olena.get(ALL))
    assert 'href="/configuration/saved-conditions/"' in olena.get("/configuration/").get_data(as_text=True)
    firm = house.make("account", name="Рудник")
    house.make_many("deal", [{"name": name, "account": firm, "amount": n} for name, n in (("Мала", 500), ("Більша", 1500), ("Велика", 5000))])
    shown = plan(olena, NEW, typed(BIG))
    assert "New saved condition “Large deals” of “Deals”" in text_of(shown) and "It chooses 2 records now" in text_of(shown)
    assert not house.catalog.saved.known
    assert publish(olena, NEW, typed(BIG)).status_code == 303
    assert list(house.catalog.saved.known) == ["large_deals"]
    listed = text_of(olena.get(ALL))
    assert "Large deals large_deals From a thousand" in listed and "Amount at least" in listed
    offered = olena.get("/deal/filters").get_json()["saved"]
    large = {"key": "large_deals", "label": "Large deals", "note": "From a thousand"}
    assert [one for one in offered if not one["key"].startswith("@")] == [large] and olena.get("/account/filters").get_json()["saved"] == []
    page = olena.get(f"/deal/?where={quote(json.dumps({'saved': 'large_deals'}))}")
    assert "“Large deals”" in text_of(page) and "Більша" in text_of(page) and "Мала" not in text_of(page)
    rule = {"entity": "deal", "actions": ["read"], "where": {"saved": "large_deals"}}
    house.configure({"roles": {"seller_of_large": {"label": "Large only", "rules": [rule]}}})
    used = text_of(olena.get("/configuration/where-used/?condition=large_deals"))
    assert "Rights of roles" in used and "Large only" in used
    refused = plan(olena, "/configuration/saved-condition/remove?key=large_deals")
    assert refused.status_code == 422 and "“large_deals” is still asked for by a rule of role “seller_of_large”" in text_of(refused)
    changed = text_of(plan(olena, of("large_deals"), typed({"field": "amount", "op": "ge", "value": 5000})))
    rights = "The rights of the role “Large only” change"
    for sentence in ("asks for something else", "It chooses 1 record now", "1 place uses it", rights, "What will change for people"):
        assert sentence in changed, (sentence, changed)
    assert publish(olena, of("large_deals"), typed({"field": "amount", "op": "ge", "value": 5000})).status_code == 303
    house.configure({"roles": {"seller_of_large": {"label": "Large only", "rules": []}}})
    assert publish(olena, "/configuration/saved-condition/remove?key=large_deals").status_code == 303
    assert not house.catalog.saved.known and olena.get(of("large_deals")).status_code == 404
    assert "is removed" in text_of(olena.get("/configuration/all-versions/"))


def test_what_makes_no_sense_is_said_in_both_languages_and_nothing_typed_is_lost(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert publish(olena, NEW, typed(BIG)).status_code == 303
    for more, said in (
        ({"label_uk": ""}, "Both languages are needed"), ({"key": "?"}, "A key begins with"), ({"key": "large_deals"}, "This key is taken"),
        ({"entity": "nothing"}, "Choose a kind of records."), ({"where": ""}, "Say what the condition asks for."),
        ({"key": "b", "where": '{"saved": "b"}'}, "leads to itself: b → b"), ({"key": "b", "where": '{"saved": "none"}'}, "There is no saved condition “none”"),
        ({"key": "b", "entity": "account", "where": '{"saved": "large_deals"}'}, "cannot be asked of “account”"),
        ({"key": "b", "where": '{"field": "nonsense", "op": "empty"}'}, "nonsense"),
    ):
        answer = plan(olena, NEW, typed(BIG, key="a") | more)
        assert answer.status_code == 422 and said in text_of(answer), (more, text_of(answer)[:900])
        assert 'value="From a thousand"' in answer.get_data(as_text=True)
    assert plan(olena, NEW, typed(BIG) | {"where": "{"}).status_code == 400
    uk = olena.post(f"{NEW}?lang=uk", typed(BIG, key="b") | {"where": '{"saved": "none"}', "step": "check"})
    assert "Збереженої умови «none» немає" in text_of(uk)
    assert list(house.catalog.saved.known) == ["large_deals"]


def test_who_configures_an_entity_keeps_its_conditions_and_no_others(house: House, browser: SignIn) -> None:
    house.configure({"conditions": {
        "rich": {"entity": "account", "label": "Rich", "where": {"field": "revenue", "op": "gt", "value": 1}},
        "named": {"entity": "account", "label": "Named", "where": {"field": "name", "op": "not_empty"}},
        "dear": {"entity": "deal", "label": "Dear", "where": BIG},
    }})
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    listed = text_of(bohdan.get(ALL))
    assert "Named" in listed and "a condition over what you do not see" in listed and "Dear" not in listed and "Revenue" not in listed
    assert [bohdan.get(of(key)).status_code for key in ("named", "rich", "dear", "none")] == [200, 404, 404, 404]
    assert [one["key"] for one in bohdan.get("/account/filters").get_json()["saved"]] == ["named"]
    of_account = names("Багаті", "Rich ones", entity="account")
    assert plan(bohdan, NEW, of_account | {"where": '{"field": "revenue", "op": "gt", "value": 1}'}).status_code == 403
    assert plan(bohdan, NEW, of_account | {"where": '{"not": {"saved": "rich"}}'}).status_code == 403
    assert publish(bohdan, NEW, of_account | {"where": '{"field": "city", "op": "not_empty"}'}).status_code == 303
    assert browser("Sofiia").get(ALL).status_code == 403


def test_a_plan_that_also_makes_a_field_tells_what_it_does_to_people(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    firm = house.make("account", name="Рудник")
    house.make_many("deal", [{"name": str(n), "account": firm, "amount": n} for n in (500, 1500, 5000)])
    assert publish(olena, NEW, typed(BIG)).status_code == 303
    give(house, {"entity": "deal", "actions": ["read"], "where": {"saved": "large_deals"}, "fields": {"*": "read"}})
    field = names("Ризик", "Risk", key="risk", **{"class": "internal"})
    assert olena.post("/configuration/deal/add/integer/", field | {"step": "keep"}).status_code == 303
    assert olena.post(of("large_deals"), typed({"field": "amount", "op": "ge", "value": 5000}) | {"step": "keep"}).status_code == 303
    publishing = "/configuration/draft/publish"
    told = text_of(olena.post(publishing, {"step": "check"}))
    for sentence in ("New field", "asks for something else", "What will change for people", "1 person holds the role today.",
                     "1 person loses up to 1 record.", "New, and shown by the role once this is published: Deals · Risk.",
                     "Fields that this makes count as empty in all of them"):
        assert sentence in told, (sentence, told)
    uk = text_of(olena.post(f"{publishing}?lang=uk", {"step": "check"}))
    assert "Нове, і роль його показуватиме, щойно це опубліковано: Угоди · Ризик." in uk and "Поля, які тут створюються, вважаються порожніми" in uk
