"""What refers to a thing of the configuration, as far as whoever configures it may know."""

import json
from collections.abc import Callable

from sqlalchemy import insert

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.views.models import SavedView
from tests.builder.steps import text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
USED = "/configuration/where-used/"


def label(text: str) -> dict[str, str]:
    return {"uk": text, "en": text}


def furnished(house: House) -> str:
    """A field named everywhere; the key of an option that is too."""
    option = house.catalog.picklists["industry"].options[0].key
    industry = {"field": "industry", "op": "in", "value": [option]}
    said = {
        "fields": {"account": {
            "risk": {"type": "decimal", "class": "internal", "label": label("Risk")},
            "doubled": {"type": "formula", "formula": "risk * 2", "class": "internal", "label": label("Doubled")},
            "reason": {"type": "text", "class": "internal", "label": label("Reason"),
                       "required_if": {"all": [{"field": "risk", "op": "gt", "value": 5}, industry]}},
        }},
        "roles": {"careful": {"label": label("Careful"), "rules": [
            {"entity": "account", "actions": ["read"], "where": {"all": [{"field": "risk", "op": "lt", "value": 5}, industry]}, "fields": {"*": "read"}}]}},
        "views": {"risky": {"entity": "account", "label": label("Risky ones"), "where": industry, "columns": ["name", "risk"]}},
        "layouts": {"account": {"columns": ["name", "risk"], "roles": {"careful": {"columns": ["name"]}}}},
    }
    with house.system() as session:
        apply(session, from_raw(said, session.catalog))
        session.commit()
    with house.system() as session:
        own = {"entity": "account", "owner_id": house.people["Sofiia"], "key": None, "label_uk": "Таємне", "label_en": "Secret one", "roles": [],
               "default_for": []}
        session.execute(insert(SavedView.__table__).values(**own, shows={"where": industry, "columns": ["risk"]}))
        session.commit()
    condition = json.dumps({"all": [{"field": "risk", "op": "gt", "value": 1}, industry]})
    house.make("segment", name="Ризикові", of="account", kind="dynamic", condition=condition, owner=house.people["Olena"])
    for owner in ("Olena", "Sofiia"):
        house.make("account", name=f"Фірма {owner}", industry=house.option("industry", option), owner=house.people[owner])
    return option


def test_everything_that_names_a_thing_is_told_with_links(house: House, browser: SignIn) -> None:
    option = furnished(house)
    olena = browser("Olena")
    of_field = olena.get(USED + "?field=account.risk")
    page = of_field.get_data(as_text=True)
    for told in ("Doubled", "Reason", "Careful", "Risky ones", "Ризикові", "1 more that is not yours to see"):
        assert told in text_of(of_field), told
    assert "Secret one" not in page and "Таємне" not in page, "another's own view is only counted"
    assert 'href="/configuration/account/field/doubled/"' in page and 'href="/configuration/account/layout/"' in page
    of_option = text_of(olena.get(USED + f"?picklist=industry&option={option}"))
    for told in ("Reason", "Careful", "Risky ones", "Ризикові", "2 records have it", "1 more that is not yours to see"):
        assert told in of_option, told
    assert "Doubled" not in of_option
    assert "Companies · Industry" in text_of(olena.get(USED + "?picklist=industry"))
    of_entity = text_of(olena.get(USED + "?entity=account"))
    assert "Deals · " in of_entity and "Careful" in of_entity and "Risky ones" in of_entity
    assert "Companies, careful" in text_of(olena.get(USED + "?role=careful"))
    assert 'href="/configuration/where-used/?field=account.risk"' in olena.get("/configuration/account/").get_data(as_text=True)


def test_who_configures_one_entity_is_told_no_more_than_he_sees(house: House, browser: SignIn) -> None:
    option = furnished(house)
    give(house, {**CONFIGURES, "entity": "*"}, {**READS, "scope": "own"})
    assert "0 records have it" in text_of(browser("Bohdan").get(USED + f"?picklist=industry&option={option}")), "as far as he sees"
    give(house, CONFIGURES, {**READS, "scope": "own"})
    bohdan = browser("Bohdan")
    told = text_of(bohdan.get(USED + "?field=account.risk"))
    assert "Doubled" in told and "Careful" not in told and "Ризикові" not in told and "not yours to see" in told
    for asked in ("entity=deal", "field=deal.amount", "field=account.no_such", "picklist=no_such", "picklist=industry&option=no_such", "role=careful", ""):
        assert bohdan.get(f"{USED}?{asked}").status_code == 404, asked
    assert browser("Sofiia").get(USED + "?entity=account").status_code == 403
