"""Who sees a record, as the page lists it, is what explanations say of each person and field by itself."""

import re
from collections import Counter
from collections.abc import Callable
from random import Random

from crm.permissions import Inquiry, accesses
from crm.rights.who_sees import who_sees
from tests.company import Company
from tests.kit_forms.house import Browser, House
from tests.rights.random_roles import ENTITIES, FIELDS, build

SignIn = Callable[..., Browser]


def test_the_list_says_of_everybody_what_explanations_say(company: Company) -> None:
    rng = Random(20261127)
    world = build(company, rng, 20)
    owner = company.person("owner")
    people = accesses(company.engine, [*world.people, owner], company.catalog)
    tally: Counter[str] = Counter()
    for entity in ENTITIES:
        kind = company.catalog.entity(entity)
        for record in rng.sample(world.ids[entity], 3):
            with company.system(write=False) as session:
                found = who_sees(session, kind, record, people)
            for access in people:
                with company.session(access.user_id, write=False) as session:
                    inquiry = Inquiry(session, kind, record)
                    assert found[access.user_id].sees == inquiry.answer(None, "read").allowed, (entity, record, access.user_id)
                    for field in FIELDS[entity]:
                        says = inquiry.answer(field, "read").mode or "hidden"
                        assert found[access.user_id].modes[field] == says, (entity, record, access.user_id, field)
                        tally[says] += 1
    assert min(tally[mode] for mode in ("hidden", "masked", "read", "edit")) > 5, tally


def test_the_page_lists_people_and_what_each_does_not_see(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    account = house.make("account", name="Полісся-Агро", revenue=70000)
    page = olena.get(f"/rights/who/account/{account}/").get_data(as_text=True)
    assert re.search(r"hidden: [^<]*Yearly revenue", page) and re.search(r"masked: [^<]*Phone", page)  # Bohdan's
    rows = re.findall(r'<tr><td class="p1">.*?</tr>', page, re.S)
    sees = {name: "does not see" not in row for row in rows for name in house.people if f">{name}</a>" in row}
    assert sees == {"Olena": True, "Andrii": True, "Sofiia": True, "Bohdan": True, "Stepan": False}  # who knows deals only
    assert f'href="/rights/who/account/{account}/"' in olena.get(f"/account/{account}/").get_data(as_text=True)
    assert "Хто може це бачити" in browser("Olena", "uk").get(f"/rights/who/account/{account}/").get_data(as_text=True)


def test_who_asks_is_told_nothing_that_rests_on_what_he_does_not_see(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    deal = house.make("deal", name="Угода", account=account, owner=house.people["Bohdan"], amount=5)
    andrii = browser("Andrii")
    assert "Margin" not in andrii.get(f"/rights/who/deal/{deal}/").get_data(as_text=True)
    for name in ("Sofiia", "Bohdan", "Stepan"):
        assert browser(name).get(f"/rights/who/deal/{deal}/").status_code == 403
    for path in ("/rights/who/deal/99999/", "/rights/who/nothing/1/"):
        assert andrii.get(path).status_code == 404
    assert andrii.get(f"/rights/who/deal/{deal}/?after=x").status_code == 400
    assert andrii.get(f"/rights/who/deal/{deal}/?after=99999").status_code == 200
