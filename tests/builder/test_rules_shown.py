"""Rules by conditions in the list of versions and in its undo; pictures and areas that are known."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.backoffice.lowcode.document import from_raw
from crm.errors import BadRequest
from tests.builder.steps import names, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
VERSIONS = "/configuration/all-versions/"


def reason(**rules: Any) -> dict[str, Any]:
    return {"fields": {"account": {"reason": {"type": "text", "class": "internal", "label": {"uk": "Причина", "en": "Reason"}, **rules}}}}


def test_rules_are_told_and_undone_as_the_rest(house: House, browser: SignIn) -> None:
    house.make("account", name="Фірма", revenue=1000)
    house.configure(reason())
    ruled = house.configure({**reason(required_if={"field": "revenue", "op": "gt", "value": 5}), "checks": {"account": {
        "named": {"where": {"field": "name", "op": "not_empty"}, "message": {"uk": "Потрібна назва", "en": "A name is needed"}}}}})
    olena = browser("Olena")
    told = text_of(olena.get(VERSIONS))
    assert "New rule of “Companies”: Reason, required under a condition" in told and "New rule of “Companies”: A name is needed" in told
    shown = plan(olena, f"{VERSIONS}{ruled}/undo")
    assert "The rule of “Companies” is lifted: Reason, required under a condition" in text_of(shown)
    assert publish(olena, f"{VERSIONS}{ruled}/undo").status_code == 303
    assert not house.catalog.entity("account").checks and "required_if" not in house.catalog.made.of("account")["reason"].said
    back = plan(olena, f"{VERSIONS}{house.catalog.version}/undo")
    assert "1 record does not satisfy it" in text_of(back)


def test_nobody_brings_back_a_condition_over_what_he_does_not_see(house: House, browser: SignIn) -> None:
    house.configure(reason(visible_if={"field": "revenue", "op": "gt", "value": 5}))
    without = house.configure(reason())
    checked = house.configure({"checks": {"account": {"big": {"where": {"field": "revenue", "op": "gt", "value": 5}, "message": {"uk": "а", "en": "a"}}}}})
    lifted = house.configure({"removed": ["account.checks.big"]})
    give(house, CONFIGURES, READS)
    bohdan = browser("Bohdan")
    for version in (without, lifted):
        assert str(version) in text_of(bohdan.get(VERSIONS))
        assert plan(bohdan, f"{VERSIONS}{version}/undo").status_code == 403, version
    assert plan(bohdan, f"{VERSIONS}{checked}/undo").status_code in (200, 400), "what is lifted already changes nothing"
    give(house, CONFIGURES, {**READS, "fields": {"*": "edit"}})
    assert plan(bohdan, f"{VERSIONS}{without}/undo").status_code == 200
    give(house, {**CONFIGURES, "entity": "deal"}, READS)
    assert plan(bohdan, f"{VERSIONS}{lifted}/undo").status_code == 404, "a check is its entity's"


def test_a_made_entity_has_a_known_picture_and_area(house: House, browser: SignIn) -> None:
    names_ = {"uk": "Тендер", "en": "Tender"}
    for wrong in ({"icon": "skull"}, {"area": "nowhere"}):
        with house.system(write=False) as session, pytest.raises(BadRequest):
            from_raw({"entities": {"tender": {"label": names_, **wrong}}}, session.catalog)
        refused = plan(browser("Olena"), "/configuration/new-entity/", names("Тендер", "Tender", **wrong))
        assert refused.status_code == 422 and next(iter(wrong)) in refused.get_data(as_text=True)
