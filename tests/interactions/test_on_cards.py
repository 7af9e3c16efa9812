"""The rows of a record as the whole list on its card: chosen by the card, seen by the rights of the list."""

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from crm.backoffice import records
from crm.backoffice.guard import system_session
from tests.interactions.test_screens import NINE, interaction
from tests.kit_forms.house import Browser, House
from tests.statements import statements

SignIn = Callable[..., Browser]
SCRIPT = {"HX-Request": "true"}
CALLS = json.dumps({"field": "medium", "op": "eq", "value": "call"})


def part(reader: Browser, entity: str, of: str, **words: str) -> str:
    """The list that stands on the card, as a script takes it."""
    answer = reader.get(f"/{entity}/?{urlencode({'of': of, **words})}", headers=SCRIPT)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:800]
    return html.unescape(answer.get_data(as_text=True))


def options(house: House) -> dict[str, Any]:
    chosen = {"medium": house.option("interaction_medium", "call"), "direction": house.option("direction", "outbound")}
    return {**chosen, "state": house.option("interaction_state", "planned"), "planned_start": NINE}


def subjects(page: str) -> list[str]:
    return re.findall(r'class="b-main-text"[^>]*>([^<]*)</a>', page)


@pytest.fixture
def firm(house: House) -> dict[str, int]:
    one, other = house.make("account", name="Полісся-Агро"), house.make("account", name="Інша")
    for n in range(3):
        interaction(house, account=one, subject=f"Саме це {n}")
    interaction(house, account=one, subject="Зустріч", medium="meeting")
    interaction(house, account=other, subject="Про інше")
    return {"one": one, "other": other}


def test_the_list_on_a_card_is_the_list_with_a_condition_that_no_address_drops(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, of = browser("Olena"), f"account.{firm['one']}.interactions"
    page = part(olena, "interaction", of, sort="name")
    assert "<html" not in page
    assert subjects(page) == ["Зустріч", "Саме це 0", "Саме це 1", "Саме це 2"]
    assert subjects(part(olena, "interaction", of, sort="-name", size="2")) == ["Саме це 2", "Саме це 1"]
    assert subjects(part(olena, "interaction", of, where=CALLS, search="зустріч")) == []
    # Its chips are what was asked besides, and every address of it leads to the card.
    filtered = part(olena, "interaction", of, where=CALLS)
    assert filtered.count("data-chip=") == 1
    assert "/interaction/?of=" not in filtered
    assert f'href="/account/{firm["one"]}/?tab=interactions"' in filtered  # the way without the condition
    assert f"/interaction/new/?account={firm['one']}" in filtered
    assert 'data-field="account"' not in filtered  # the card says it
    assert 'data-field="account"' in part(olena, "interaction", of, columns="name,account")
    # As a list of its own the card's condition is one like the others.
    whole = re.search(r'href="(/interaction/\?where=[^"]+)"', filtered)
    assert whole
    assert len(subjects(olena.get(whole[1]).get_data(as_text=True))) == 3
    foot = olena.get(f"/interaction/count?{urlencode({'of': of, 'where': CALLS})}").get_data(as_text=True)
    assert 'data-count="3"' in foot
    file = olena.get(f"/interaction/export?{urlencode({'of': of, 'format': 'csv', 'columns': 'name'})}").get_data(as_text=True)
    assert "Зустріч" in file
    assert "Про інше" not in file


def test_groups_neighbours_and_all_that_match_stay_within_the_card(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, of = browser("Olena"), f"account.{firm['one']}.interactions"
    grouped = part(olena, "interaction", of, group="medium")
    rows = re.findall(r'data-group-open="([^"]+)"', grouped)
    assert len(rows) == 2
    assert sorted(name for url in rows for name in subjects(olena.get(url).get_data(as_text=True))) == ["Зустріч", "Саме це 0", "Саме це 1", "Саме це 2"]
    ids = [int(number) for number in re.findall(r'<tr data-id="(\d+)"', part(olena, "interaction", of, sort="name"))]
    drawer = olena.get(f"/interaction/{ids[3]}/?drawer=1&{urlencode({'of': of, 'sort': 'name'})}").get_data(as_text=True)
    assert f'data-prev="{ids[2]}" data-next=""' in drawer
    record = html.unescape(olena.get(f"/interaction/{ids[0]}/?within=list&{urlencode({'of': of, 'sort': 'name'})}").get_data(as_text=True))
    assert f'href="/interaction/{ids[1]}/?within=list' in record
    assert f'href="/account/{firm["one"]}/?tab=interactions&grid=sort%3Dname"' in record
    asked = olena.get(f"/interaction/bulk?all=1&field=result&{urlencode({'of': of})}").get_data(as_text=True)
    assert "4" in re.sub(r"<[^>]+>", " ", asked)
    assert olena.post(f"/interaction/remove?{urlencode({'of': of})}", {"all": "1"}).status_code == 200
    assert house.count("interaction") == 1


def test_without_a_script_its_address_leads_to_the_card_with_the_first_rows(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, of = browser("Olena"), f"account.{firm['one']}.interactions"
    answer = olena.get(f"/interaction/?{urlencode({'of': of, 'search': 'це'})}")
    assert (answer.status_code, answer.location) == (302, f"/account/{firm['one']}/?tab=interactions&grid=search%3D%25D1%2586%25D0%25B5")
    page = olena.get(answer.location).get_data(as_text=True)
    assert "Саме це 0" in page
    assert f'data-of="{of}"' in page
    assert f'href="/account/{firm["one"]}/?tab=interactions"' in olena.get(f"/account/{firm['one']}/?related=interactions").get_data(as_text=True)


@pytest.mark.parametrize("of", [
    "x", "account", "account.1", "account.0.interactions", "account.99999999999.interactions", "account.{one}.no_such", "account.{one}.deals",
    "no_such.1.interactions", "account.{one}.interactions.x", "account.-1.interactions", "account.987.interactions",
])
def test_a_card_that_is_none_is_not_found(house: House, browser: SignIn, firm: dict[str, int], of: str) -> None:
    olena = browser("Olena")
    for path in ("", "count", "rows", "columns", "export"):
        assert olena.get(f"/interaction/{path}?{urlencode({'of': of.format(**firm)})}", headers=SCRIPT).status_code == 404, path


def test_a_card_shows_no_more_than_its_reader_sees(house: House, browser: SignIn) -> None:
    seen, unseen = (house.make("contact", name=name, owner=house.people[owner]) for name, owner in (("Своя", "Bohdan"), ("Чужа", "Olena")))
    mine = house.make("deal", name="Своя угода", contact=seen, owner=house.people["Bohdan"], amount="5000")
    house.make("deal", name="Чужа угода", contact=seen, owner=house.people["Olena"], amount="7000")
    house.make("deal", name="З чужою людиною", contact=unseen, owner=house.people["Bohdan"])
    blind = browser("Bohdan")
    assert subjects(part(blind, "deal", f"contact.{seen}.deals")) == ["Своя угода"]
    # His own deal with a person whom he may not know is told by no card of that person.
    hidden, none = (blind.get(f"/deal/?of=contact.{number}.deals", headers=SCRIPT) for number in (unseen, 987654))
    assert (hidden.status_code, hidden.data) == (404, none.data)
    assert blind.get(f"/deal_line/?of=deal.{mine}.lines", headers=SCRIPT).status_code == 403  # his roles say nothing of lines
    assert blind.get(f"/deal/?of=contact.{seen}.deals&sort=-cost", headers=SCRIPT).status_code in (200, 400)
    assert blind.get(f"/account/?of=user.{house.people['Bohdan']}.no_such", headers=SCRIPT).status_code == 404


def test_on_a_colleagues_card_stand_interactions_that_he_answers_for_wrote_or_took_part_in(house: House, browser: SignIn) -> None:
    account, person = house.make("account", name="Полісся-Агро"), house.people["Sofiia"]
    interaction(house, "Sofiia", account=account, subject="Відповідає")
    interaction(house, "Olena", account=account, subject="Чужа")
    joined = interaction(house, "Olena", account=account, subject="Була присутня")
    house.make("interaction_participant", interaction=joined, colleague=person)
    house.make("interaction_participant", interaction=joined, colleague=house.people["Andrii"])
    with system_session(house.engine, "test", house.catalog, write=True, actor_id=person) as session:
        records.create(session, "interaction", {**options(house), "subject": "Записала", "account": account, "owner": house.people["Olena"]})
        session.commit()
    olena, of = browser("Olena"), f"user.{person}.interactions"
    found = subjects(part(olena, "interaction", of, sort="name"))
    assert found == ["Була присутня", "Відповідає", "Записала"]
    assert 'data-count="3"' in olena.get(f"/interaction/count?of={of}").get_data(as_text=True)
    assert re.search(r'id="count-interactions"[^>]*>3<', olena.get(f"/user/{person}/?counts=1").get_data(as_text=True))
    page = part(olena, "interaction", of)
    assert 'data-field="owner"' in page
    assert f"/interaction/new/?owner={person}" in page


def test_the_list_on_a_card_sends_the_same_few_queries_whatever_its_size(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, counts = browser("Olena"), []
    for rows in (0, 30):
        house.make_many("interaction", [{"subject": f"Ще {n}", "account": firm["one"], "owner": house.people["Olena"], **options(house)} for n in range(rows)])
        part(olena, "interaction", f"account.{firm['one']}.interactions")
        with statements(house.engine) as sent:
            part(olena, "interaction", f"account.{firm['one']}.interactions")
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4, counts
