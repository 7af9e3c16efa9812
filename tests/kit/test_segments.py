"""Segments on screens: put together in a list, seen and counted on their cards, asked for in filters."""

import json
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import pytest
from sqlalchemy import select

from crm.backoffice.guard import system_session
from crm.contacts.segments import counting
from tests.kit.conftest import Browser, House
from tests.kit.test_queries import MOST, sent_by

RICH = json.dumps({"all": [{"field": "revenue", "op": "gt", "value": "1000"}, {"count": "deals", "op": "lt", "value": 3}]})


@pytest.fixture
def accounts(house: House) -> list[int]:
    several = (("Обрій", 5000), ("Лан", 10), ("Хвиля", 9000))
    return house.make_many("account", [{"name": name, "city": "Київ", "revenue": Decimal(revenue)} for name, revenue in several])


def dynamic(house: House, condition: str = RICH) -> int:
    number = house.make("segment", name="Багаті", kind="dynamic", condition=condition)
    with system_session(house.engine, "test", house.catalog, write=True, source="job") as session:
        counting.count(session, number)
        session.commit()
    return number


def asked(field: str, number: int) -> str:
    return quote(json.dumps({"field": field, "op": "eq", "value": number}))


def test_chosen_records_are_put_into_a_segment_and_taken_out(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    olena, segment = browser("Olena"), house.make("segment", name="Запрошені")
    house.make("segment", name="Люди", of="contact")
    panel = olena.page(f"/account/segment?ids={accounts[0]}")
    assert "Запрошені" in panel and "Люди" not in panel
    ids = ",".join(map(str, accounts[:2]))
    assert olena.post("/account/segment", {"ids": ids, "step": "apply", "segment": ""}).status_code == 422
    added = olena.post("/account/segment", {"ids": ids, "step": "apply", "segment": segment})
    assert "2 records added" in json.loads(added.headers["HX-Trigger"])["toast"]["text"]
    again = olena.post("/account/segment", {"ids": ",".join(map(str, accounts)), "step": "apply", "segment": segment})
    assert "1 record added" in json.loads(again.headers["HX-Trigger"])["toast"]["text"] and "2 were in it" in again.headers["HX-Trigger"]
    listed = olena.page(f"/account/?where={asked('segments.current', segment)}")
    assert all(name in listed for name in ("Обрій", "Лан", "Хвиля"))
    olena.post("/account/segment", {"ids": str(accounts[0]), "step": "apply", "segment": segment, "how": "take"})
    assert "Обрій" not in olena.page(f"/account/?where={asked('segments.current', segment)}")
    undo = json.loads(again.headers["HX-Trigger"])["toast"]["undo_url"]
    olena.post(undo)
    assert "Хвиля" not in olena.page(f"/account/?where={asked('segments.current', segment)}")


def test_deals_are_asked_for_by_the_segment_of_their_company(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    segment = dynamic(house)
    for number, name in zip(accounts, ("Угода Обрію", "Угода Лану", "Угода Хвилі"), strict=True):
        house.make("deal", name=name, account=number, owner=house.people["Olena"])
    listed = browser("Olena").page(f"/deal/?where={asked('account.segments.current', segment)}")
    assert "Угода Обрію" in listed and "Угода Хвилі" in listed and "Угода Лану" not in listed


def test_a_card_tells_the_condition_in_words_and_why_each_is_in_it(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    olena, segment = browser("Olena"), dynamic(house)
    state = olena.page(f"/segment/{segment}/state")
    assert "Yearly revenue" in state and "number of Deals" in state and "1,000" in state and ">2<" in state
    house.change("account", accounts[0], revenue=Decimal(7))
    form = olena.page(f"/segment/{segment}/edit/")
    assert "data-condition-field" in form and "<textarea" in form and f">{RICH}" not in form
    with house.system(write=False) as session:
        rows = session.table("segment_member")
        members = dict(session.execute(select(rows["account"], rows.id).where(rows.visible)).all())
    why = olena.page(f"/segment_member/{members[accounts[0]]}/why")
    assert "Matched the condition" in why and "does not fit now" in why and "here: 7" in why and "here: 0" in why
    assert "does not fit now" not in olena.page(f"/segment_member/{members[accounts[2]]}/why")
    static = house.make("segment", name="Запрошені")
    member = house.make("segment_member", segment=static, account=accounts[1])
    assert "Added by hand" in olena.page(f"/segment_member/{member}/why")


def test_only_a_dynamic_one_is_counted_and_by_whom_may_change_it(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    segment, static = dynamic(house), house.make("segment", name="Запрошені")
    olena = browser("Olena")
    assert olena.post(f"/segment/{segment}/count").status_code == 200
    assert olena.post(f"/segment/{static}/count").status_code == 400
    assert olena.post("/segment/98765/count").status_code == 404
    assert browser("Roman").post(f"/segment/{segment}/count").status_code == 403  # his roles know nothing of segments
    assert browser("Roman").get("/account/segment?ids=1").status_code == 403


def test_a_filter_is_kept_as_a_segment(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    olena, where = browser("Olena"), {"field": "city", "op": "eq", "value": "Київ"}
    assert "/segment/new/?of=account&amp;kind=dynamic&amp;condition=" in olena.page(f"/account/?where={quote(json.dumps(where))}")
    assert "/segment/new/" not in olena.page("/account/").replace('href="/segment/new/"', "")
    made = olena.post("/segment/new/", {"name": "Кияни", "of": "account", "kind": "dynamic", "condition": json.dumps(where)})
    assert made.status_code == 303
    assert olena.post("/segment/new/", {"name": "Кияни", "of": "account", "kind": "dynamic", "condition": ""}).status_code == 422


def test_cards_with_memberships_send_at_most_eight_queries(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    olena, segment = browser("Olena"), dynamic(house)
    static = house.make("segment", name="Запрошені")
    member = house.make("segment_member", segment=static, account=accounts[0])
    for page in (f"/account/{accounts[0]}/", f"/segment/{segment}/", f"/segment/{static}/", f"/segment_member/{member}/", f"/segment/{segment}/state"):
        sent = sent_by(house, olena, page)
        assert len(sent) <= MOST, (page, len(sent), *sent)


def test_a_condition_is_told_in_words_also_as_it_was(house: House, browser: Callable[..., Browser], accounts: list[int]) -> None:
    segment = dynamic(house, json.dumps({"field": "revenue", "op": "gt", "value": "1000"}))
    was = browser("Olena").page(f"/segment/{segment}/?as_of=2999-01-01")
    assert "Yearly revenue more than 1,000" in was and "revenue gt" not in was
