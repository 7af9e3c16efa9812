"""One timeline of a record: every kind together, newest first, by pages; what is next on top; nothing that its reader may not see."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from crm.backoffice import records
from crm.backoffice.guard import user_session
from crm.backoffice.history import Happening, history
from crm.backoffice.journal import JournalRow
from crm.backoffice.resuming import Place, place
from crm.backoffice.timeline import merged
from crm.contacts.interactions.models import Interaction
from crm.permissions import access_for
from tests.kit_forms.house import Browser, House
from tests.statements import statements

SignIn = Callable[..., Browser]
NOW = datetime.now(UTC).replace(microsecond=0)


def held(house: House, days: int, **values: Any) -> dict[str, Any]:
    at = NOW - timedelta(days=days)
    option = house.option
    return {
        "medium": option("interaction_medium", "call"), "direction": option("direction", "outbound"), "state": option("interaction_state", "held"),
        "held_at": at, "actual_minutes": 5, **values,
    }


def planned(house: House, days: int, **values: Any) -> dict[str, Any]:
    option = house.option
    return {
        "medium": option("interaction_medium", "meeting"), "direction": option("direction", "outbound"), "state": option("interaction_state", "planned"),
        "planned_start": NOW + timedelta(days=days), "planned_minutes": 60, **values,
    }


def pages(house: House, who: str, entity: str, number: int, *, size: int = 50, kinds: tuple[str, ...] = ()) -> list[str]:
    """Everything on a timeline as this person meets it, by pages, as words: the name of an interaction, the kind of another item, the
    action of a change."""
    told: list[str] = []
    with user_session(house.engine, access_for(house.engine, house.people[who], house.catalog), house.catalog) as session:
        after = ""
        while True:
            page = merged.page(session, session.catalog.entity(entity), number, size=size, wanted=kinds, after=after)
            if not after:
                told += [f"next {item.values.get('name')}" for item in page.ahead]
            told += [_word(one) for one in page.past]
            assert len(page.past) <= size
            if page.older is None:
                return told
            assert page.past, "a page that says there is more shows something"
            after = page.older


def _word(one: Any) -> str:
    if isinstance(one, Happening):
        return f"{one.entity.key} {one.action}"
    return str(one.values["name"]) if one.kind.key == "interaction" else str(one.kind.key)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


@pytest.fixture
def firm(house: House) -> dict[str, int]:
    account = house.make("account", name="Полісся-Агро", owner=house.people["Olena"])
    person = house.make("contact", name="Марта Ткач", owner=house.people["Olena"])
    deal = house.make("deal", name="Насоси", account=account, contact=person, stage=house.stage("lead"), amount="1000")
    house.change("deal", deal, stage=house.stage("qualified"))
    house.change("deal", deal, stage=house.stage("won"))
    house.make_many("interaction", [
        held(house, 3, account=account, name="Перший дзвінок"),
        held(house, 1, account=account, contact=person, deal=deal, name="Другий дзвінок"),
        planned(house, 2, account=account, name="Зустріч"),
        planned(house, 1, account=account, contact=person, name="Показ"),
    ])
    return {"account": account, "contact": person, "deal": deal}


def test_a_company_tells_its_interactions_deals_moves_and_changes_together(house: House, firm: dict[str, int]) -> None:
    house.change("account", firm["account"], city="Житомир")
    told = pages(house, "Olena", "account", firm["account"])
    assert told[:2] == ["next Показ", "next Зустріч"]
    assert told[2] == "account update"
    assert told[-2:] == ["Другий дзвінок", "Перший дзвінок"]
    assert sorted(told[3:-2]) == ["account create", "deal", "deal", "stage"]


def test_people_deals_and_colleagues_tell_what_is_theirs(house: House, firm: dict[str, int]) -> None:
    person = pages(house, "Olena", "contact", firm["contact"], kinds=("interaction",))
    assert person == ["next Показ", "Другий дзвінок"]
    asked = house.make("contact", name="Іван", owner=house.people["Olena"])
    first = house.make("interaction", **held(house, 9, account=firm["account"], name="Удвох", contact=firm["contact"]))
    for who in (asked, firm["contact"]):
        house.make("interaction_participant", interaction=first, contact=who)
    assert pages(house, "Olena", "contact", asked, kinds=("interaction",)) == ["Удвох"]
    assert pages(house, "Olena", "contact", firm["contact"], kinds=("interaction",)) == ["next Показ", "Другий дзвінок", "Удвох"]  # once, though twice there
    assert pages(house, "Olena", "deal", firm["deal"], kinds=("interaction", "deal", "stage")) == ["deal", "stage", "deal", "Другий дзвінок"]
    house.make("interaction", **held(house, 2, account=firm["account"], name="Свій", owner=house.people["Sofiia"]))
    house.make("interaction_participant", interaction=first, colleague=house.people["Sofiia"])
    assert pages(house, "Olena", "user", house.people["Sofiia"], kinds=("interaction",)) == ["Свій", "Удвох"]


def test_pages_together_are_the_whole_and_nothing_twice(house: House, firm: dict[str, int]) -> None:
    house.make_many("interaction", [held(house, 5, account=firm["account"], name=f"Разом {n}") for n in range(30)])  # all at one moment
    for n in range(8):
        house.change("account", firm["account"], city=f"Місто {n}")
    whole = pages(house, "Olena", "account", firm["account"], size=200)
    assert len(whole) == 2 + 2 + 30 + 3 + 9
    for size in (1, 3, 7, 50):
        assert pages(house, "Olena", "account", firm["account"], size=size) == whole
    assert pages(house, "Olena", "account", firm["account"], size=4, kinds=("change",)) == ["account update"] * 8 + ["account create"]


def test_what_came_by_an_import_is_a_kind_of_its_own(house: House, firm: dict[str, int]) -> None:
    with house.system() as session:
        session.source = "import"
        records.change(session, "account", firm["account"], {"city": "Суми"})
        session.commit()
    assert pages(house, "Olena", "account", firm["account"], kinds=("import",)) == ["account update"]
    assert pages(house, "Olena", "account", firm["account"], kinds=("change",)) == ["account create"]
    assert pages(house, "Olena", "account", firm["account"], kinds=("change", "import")) == ["account update", "account create"]


def test_a_page_sends_the_same_queries_for_ten_and_for_ten_thousand(house: House, browser: SignIn) -> None:
    small, large = house.make("account", name="Мала"), house.make("account", name="Велика")
    person = house.make("contact", name="Марта")
    one = house.make("interaction", **held(house, 1, account=small, contact=person, owner=house.people["Olena"], name="Розмова"))
    for account, number in ((small, 10), (large, 10_000)):
        copied(house, one, number, account_id=account)
        house.make("deal", name="Угода", account=account)
    olena = browser("Olena")
    sent: dict[str, list[int]] = {}
    for account in (small, large):
        for path in ("", "timeline", "timeline?kinds=interaction"):
            olena.get(f"/account/{account}/{path}")
            with statements(house.engine) as found:
                assert olena.get(f"/account/{account}/{path}").status_code == 200
            sent.setdefault(path, []).append(len(found))
    assert all(few == lots for few, lots in sent.values()), sent
    assert max(map(max, sent.values())) <= 8, sent


def copied(house: House, one: int, number: int, **values: Any) -> None:
    """Many rows like one, past the door: what is measured is reading."""
    table = Interaction.__table__
    with house.engine.execution_options(writer=True).begin() as connection:
        row = dict(connection.execute(select(table).where(table.c.id == one)).mappings().one())
        del row["id"]
        rows = [{**row, "code": f"N-{values}-{n}", "starts_at": NOW - timedelta(minutes=n), **values} for n in range(number)]
        connection.execute(insert(table), rows)


def test_hidden_records_and_fields_are_in_no_item_and_in_no_older(house: House, firm: dict[str, int]) -> None:
    """Bohdan sees companies but their revenue, own deals, no interactions and no rows of the history of stages."""
    account = firm["account"]
    for n in range(60):
        house.change("account", account, revenue=str(1000 + n))
    told = pages(house, "Bohdan", "account", account, size=5)
    assert told == ["account create"]  # one page: sixty changes of the revenue are not even counted on the way
    assert "account update" in pages(house, "Olena", "account", account)


def test_a_seller_sees_of_a_shared_company_only_his_own(house: House, firm: dict[str, int]) -> None:
    mine = house.make("account", name="Спільна", owner=house.people["Sofiia"])
    house.make_many("interaction", [
        held(house, 1, account=mine, name="Її", owner=house.people["Sofiia"]), held(house, 1, account=mine, name="Чужа", owner=house.people["Olena"]),
        planned(house, 1, account=mine, name="Чужа майбутня", owner=house.people["Olena"]),
    ])
    assert pages(house, "Sofiia", "account", mine, kinds=("interaction",)) == ["Її"]
    assert pages(house, "Olena", "account", mine, kinds=("interaction",)) == ["next Чужа майбутня", "Чужа", "Її"]


def test_the_card_shows_it_with_chips_that_need_no_script(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, card = browser("Olena"), f"/account/{firm['account']}/"
    page = text(olena.get(card))
    assert page.index("What is next") < page.index("Показ") < page.index("Зустріч") < page.index("Другий дзвінок") < page.index("Перший дзвінок")
    assert "Deal won: Насоси" in page and "Deal opened: Насоси" in page
    chips = {label: url for url, label in re.findall(r'<a class="b-chip" href="([^"]+)">([^<]+)</a>', page)}
    assert list(chips) == ["Deals", "Interactions", "Came into segments", "Left segments", "Stages", "Changes", "Import"]
    only = text(olena.get(chips["Deals"]))
    assert "Deal won: Насоси" in only and "Другий дзвінок" not in only
    assert re.search(r'class="b-chip on" href="/account/\d+/#timeline" aria-current="true">Deals', only)
    both = re.search(r'class="b-chip" href="([^"]+)">Stages', only)
    assert both and "kinds=deal%2Cstage" in both[1]
    empty = text(olena.get(f"{card}?kinds=import"))
    assert "Nothing of these kinds has happened yet." in empty and "Show everything" in empty
    assert "Що далі" in text(browser("Olena", "uk").get(card))


def test_older_ones_come_by_a_link_and_by_a_part(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    house.make_many("interaction", [held(house, 5 + n, account=firm["account"], name=f"Давня {n}") for n in range(70)])
    olena, card = browser("Olena"), f"/account/{firm['account']}/"
    link = re.search(r'href="(/account/\d+/timeline\?before=[^"&]+)"', text(olena.get(card)))
    assert link
    page = text(olena.get(link[1]))
    assert "Давня 40" in page and "Перший дзвінок" not in page and "Newest" in page
    part = text(olena.get(link[1] + "&part=1"))
    assert "<html" not in part and "Давня 40" in part


@pytest.mark.parametrize("size", [1, 7])
def test_changes_of_one_moment_are_parted_by_pages_and_none_is_lost(house: House, size: int) -> None:
    account = house.make("account", name="Слобода", owner=house.people["Sofiia"])
    for n in range(20):
        house.change("account", account, **({"city": f"Місто {n}"} if n % 3 else {"revenue": str(n)}))
    with house.engine.begin() as connection:
        connection.execute(update(JournalRow).where(JournalRow.entity == "account", JournalRow.record_id == account).values(at=NOW))
    for who, whole in (("Olena", 21), ("Bohdan", 14)):
        told, before = list[Happening](), None
        with user_session(house.engine, access_for(house.engine, house.people[who], house.catalog), house.catalog) as session:
            while True:
                part, before = history(session, session.catalog.entity("account"), account, before=before, size=size)
                told += part
                if before is None:
                    break
                assert len(part) == size and place(str(before)) == before == Place(NOW, len(told))
        assert len({one.id for one in told}) == len(told) == whole, who
        assert [one.id for one in told] == sorted((one.id for one in told), reverse=True)


def test_an_address_tells_nothing_of_what_others_wrote(house: House, browser: SignIn) -> None:
    """Two records with the same past, and between their changes others of which the reader hears nothing."""
    links = []
    for quiet in (True, False):
        account = house.make("account", name="Слобода", owner=house.people["Sofiia"])
        for n in range(70):
            house.change("account", account, city=f"Місто {n}")
            if not quiet and n % 9 == 0:
                house.make("account", name="Інша")
        with house.engine.begin() as connection:
            of_it = select(JournalRow.id).where(JournalRow.entity == "account", JournalRow.record_id == account).order_by(JournalRow.id)
            for n, number in enumerate(connection.scalars(of_it).all()):
                connection.execute(update(JournalRow).where(JournalRow.id == number).values(at=NOW - timedelta(minutes=90 - n // 2)))
        page = browser("Sofiia").get(f"/account/{account}/").get_data(as_text=True)
        found = re.search(r"timeline\?before=([^&\"]+)", page)
        assert found and found[1].startswith("~")
        links.append(found[1])
    assert links[0] == links[1]


def test_a_stage_is_told_once_where_its_move_is(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    page = text(browser("Olena").get(f"/deal/{firm['deal']}/"))
    side = page[page.index('id="timeline"'):]
    assert "Deal won" in side
    assert "<p>Stage: " not in side
    assert "<p>Stage: " in text(browser("Olena").get(f"/deal/{firm['deal']}/?kinds=change"))


def test_bad_addresses(house: House, browser: SignIn, firm: dict[str, int]) -> None:
    olena, bohdan = browser("Olena"), browser("Bohdan")
    card = f"/account/{firm['account']}/"
    for odd in ("no_such", "__class__", "x" * 600, "interaction,no_such"):
        assert olena.get(f"{card}?kinds={odd}").status_code == 400
        assert olena.get(f"{card}timeline?kinds={odd}").status_code == 400
    hidden, missing = (bohdan.get(f"{card}timeline?kinds={kind}") for kind in ("interaction", "no_such"))
    assert hidden.status_code == missing.status_code == 400
    assert text(hidden).replace("interaction", "no_such") == text(missing)
    for odd in ("", "x", "~", "9" * 400, "99999999999999999.0.1~", "-99999999999999999.0.1~5", "1.1.1~99999999999999999999", "%00", "1.9999.999999999~-1"):
        answer = olena.get(f"{card}timeline?before={odd}")
        assert answer.status_code == 200, odd
    assert olena.get("/account/999999/timeline").status_code == 404
    foreign = house.make("contact", name="Чужа", owner=house.people["Olena"])
    unseen, missing = bohdan.get(f"/contact/{foreign}/timeline"), bohdan.get("/contact/999999/timeline")
    assert unseen.status_code == missing.status_code == 404
    assert text(unseen).replace(f"/contact/{foreign}/", "/contact/999999/") == text(missing)


def test_counterparties_of_every_kind_have_the_same_card(house: House, browser: SignIn) -> None:
    kinds = [option.id for option in house.catalog.picklists["account_kind"].options]
    assert len(kinds) > 3
    olena, shapes = browser("Olena"), set()
    for kind in kinds:
        account = house.make("account", name="Обрій", kind=kind)
        house.make("interaction", **held(house, 1, account=account, name="Дзвінок"))
        page = text(olena.get(f"/account/{account}/")).replace(f"/account/{account}/", "/account/N/")
        assert "Дзвінок" in page
        shapes.add(tuple(re.findall(r'href="(/account/N/\?(?:tab|kinds)=[^"]+)"|<dt[^>]*>([^<]+)</dt>', page)))
    assert len(shapes) == 1
