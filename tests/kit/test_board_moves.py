"""What a move lacks is asked for in place and given in one save; two people at one card; what an open board hears of others; what asks for attention."""

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from crm.backoffice.checklists import TABLE as TICKS
from crm.backoffice.journal import JournalRow
from crm.sales.models import StageHistory
from tests.company import today
from tests.kit.conftest import Browser, House, where
from tests.kit.test_board import cards_url, columns
from tests.statements import statements

SignIn = Callable[..., Browser]
ASKING = {"pipelines": {"sales": {"label": {"uk": "Продажі", "en": "Sales"}, "entity": "deal", "stages": [
    {"key": "lead", "label": {"uk": "Лід", "en": "Lead"}, "days": 3, "exit": [
        {"where": {"any": [{"field": "amount", "op": "gt", "value": 0}, {"field": "source", "op": "not_empty"}]},
         "message": {"uk": "Сума або джерело", "en": "Amount or source"}},
    ], "checklist": [{"key": "call", "label": {"uk": "Подзвонити", "en": "Call them"}, "required": True},
                     {"key": "photo", "label": {"uk": "Світлина", "en": "Photo"}}]},
    {"key": "proposal", "label": {"uk": "Пропозиція", "en": "Proposal"}, "enter": [
        {"where": {"count": "lines", "where": {"field": "quantity", "op": "gt", "value": 0}, "op": "ge", "value": 1},
         "message": {"uk": "Додайте рядок", "en": "Add a line"}},
        {"where": {"field": "expected_on", "op": "not_empty"}, "message": {"uk": "Вкажіть день", "en": "Give the day"}},
    ]},
]}}}


def fields(page: str) -> list[str]:
    return re.findall(r'data-field="([^"]*)"', page)


def said(page: str) -> list[str]:
    part = re.search(r'class="b-ask-said".*?</ul>', page, re.S)
    return [html.unescape(one) for one in re.findall(r"<span>([^<]*)</span>", part[0])] if part else []


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)}


def move(reader: Browser, deal: int, column: int, version: int) -> Any:
    return reader.post(f"/board/deal/{deal}", {"column": str(column), "row_version": str(version)})


@pytest.fixture
def asked(house: House) -> tuple[House, int, int]:
    """A deal without amount, source and expected day in the first stage, with a line; and its version."""
    house.configure(ASKING)
    deal = house.make("deal", name="Дах", stage=house.stage("lead"), owner=house.people["Oksana"])
    house.make("deal_line", deal=deal, product=house.make("product", name="Лист"), quantity=Decimal(2))
    return house, deal, house.stored("deal", deal)["row_version"]


def test_a_move_asks_for_exactly_what_it_lacks_and_is_made_in_one_save(asked: tuple[House, int, int], browser: SignIn) -> None:
    house, deal, version = asked
    olena, proposal = browser("Olena"), house.stage("proposal")
    refused = move(olena, deal, proposal, version)
    assert refused.status_code == 422
    ask = refused.get_json()["ask"]
    panel = olena.page(ask)
    assert fields(panel) == ["amount", "expected_on", "source"], "what requirements name of the deal itself, in its own order; of lines nothing"
    assert said(panel) == ["Amount or source", "Give the day"]
    assert re.findall(r'name="_tick" value="(\w+)"', panel) == ["call"], "only what is required"
    half = olena.client.post(ask, data={**hidden(panel), "amount": "250", "expected_on": "", "source": ""})
    again = half.get_data(as_text=True)
    assert half.status_code == 422 and "something is missing still" in again and 'value="250"' in again and said(again) == ["Give the day"]
    assert house.stored("deal", deal)["amount"] is None and house.stored("deal", deal)["row_version"] == version
    done = olena.client.post(ask, data={**hidden(again), "amount": "250", "expected_on": "2026-12-24", "source": "", "_tick": "call"})
    told = done.get_json()
    stored = house.stored("deal", deal)
    assert done.status_code == 200 and told["said"] == "“Дах” moved to “Proposal”." and told["column"] == str(proposal)
    assert (stored["stage"], stored["amount"], stored["expected_on"]) == (proposal, Decimal(250), date(2026, 12, 24))
    assert stored["row_version"] == version + 1 == told["row_version"], "one save"
    with house.engine.connect() as connection:
        assert connection.execute(select(TICKS.c.item)).scalars().all() == ["call"]
        journal = JournalRow.__table__.c
        assert connection.execute(select(func.count()).where(journal.entity == "deal", journal.record_id == deal, journal.action == "update")).scalar() == 1


def test_what_no_field_answers_is_told_and_leads_to_the_record(asked: tuple[House, int, int], browser: SignIn) -> None:
    house, _, _ = asked
    bare = house.make("deal", name="Кран", stage=house.stage("qualified"), expected_on=date(2026, 12, 1))
    refused = move(browser("Olena"), bare, house.stage("proposal"), 1).get_json()
    assert refused["message"] == "Add a line" and "ask" not in refused
    panel = browser("Olena", "uk").page(f"/board/deal/{bare}/ask?column={house.stage('proposal')}")
    assert said(panel) == ["Додайте рядок"] and fields(panel) == [] and f'href="/deal/{bare}/"' in panel


def test_the_panel_asks_for_nothing_that_its_reader_may_not_fill_in(asked: tuple[House, int, int], browser: SignIn) -> None:
    """Who may not change the expected day is told what is missing; who does not know a field hears of it without its name; whose record it is not is
    refused, and a record that is not there is not there."""
    house, deal, version = asked
    house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [
        {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "deal", "actions": ["read", "update"], "scope": "own", "fields": {"*": "edit", "expected_on": "read", "amount": "hidden"}},
        {"entity": "deal", "effect": "deny", "actions": ["read"], "scope": "all", "fields": {"amount": "hidden"}},
        {"entity": "deal_line", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
    ]}}})
    oksana, ask = browser("Oksana"), f"/board/deal/{deal}/ask?column={house.stage('proposal')}"
    panel = oksana.page(ask)
    assert fields(panel) == ["source"] and said(panel) == ["Amount or source", "Give the day"] and "Call them" in panel
    forged = oksana.client.post(ask, data={**hidden(panel), "amount": "5"})
    assert forged.status_code == 400 and house.stored("deal", deal)["amount"] is None
    other = house.make("deal", name="Чуже", stage=house.stage("lead"))
    assert oksana.get(f"/board/deal/{other}/ask?column={house.stage('proposal')}").status_code == 403
    assert oksana.get(f"/board/deal/999999/ask?column={house.stage('proposal')}").status_code == 404
    assert oksana.get(f"/board/deal/{deal}/ask?column=999999").status_code == 400 == oksana.get(f"/board/deal/{deal}/ask").status_code
    assert oksana.client.post(ask, data={**hidden(panel), "_tick": "nothing"}).status_code == 404
    assert house.stored("deal", deal)["row_version"] == version


def test_a_reason_that_a_rule_demands_is_asked_for_in_place(house: House, browser: SignIn) -> None:
    deal = house.make("deal", name="Дах", stage=house.stage("qualified"))
    olena = browser("Olena")
    refused = move(olena, deal, house.stage("lost"), 1).get_json()
    assert refused["message"] == "A lost deal needs a reason."
    panel = olena.page(refused["ask"])
    assert fields(panel) == ["loss_reason"] and said(panel) == []
    empty = olena.client.post(refused["ask"], data={**hidden(panel), "loss_reason": ""})
    assert empty.status_code == 422 and "A lost deal needs a reason." in empty.get_data(as_text=True)
    reason = house.option("loss_reason", "price")
    assert olena.client.post(refused["ask"], data={**hidden(panel), "loss_reason": str(reason)}).status_code == 200
    assert (house.stored("deal", deal)["stage"], house.stored("deal", deal)["loss_reason"]) == (house.stage("lost"), reason)


def test_of_two_who_move_one_card_the_second_hears_who_was_faster_and_where_it_is(house: House, browser: SignIn) -> None:
    deal = house.make("deal", name="Дах", stage=house.stage("qualified"))
    olena, andrii = browser("Olena"), browser("Andrii")
    assert move(andrii, deal, house.stage("contract"), 1).status_code == 200
    met = move(olena, deal, house.stage("proposal"), 1)
    told = met.get_json()
    assert met.status_code == 409 and told["message"] == "Andrii has moved “Дах” to “Contract” meanwhile." and told["column"] == str(house.stage("contract"))
    assert f'data-id="{deal}" data-v="2"' in told["card"] and ">1</span>" in told["heads"][str(house.stage("contract"))]
    assert house.stored("deal", deal)["stage"] == house.stage("contract")
    only = f"where={quote(where('stage', 'eq', house.stage('qualified')))}"
    gone = olena.post(f"/board/deal/{deal}?{only}", {"column": str(house.stage("proposal")), "row_version": "1"})
    assert gone.status_code == 409 and gone.get_json()["card"] is None and "no longer stands on this board" in gone.get_json()["message"]
    ask = f"/board/deal/{deal}/ask?column={house.stage('lost')}"
    panel = olena.page(ask)
    house.change("deal", deal, stage=house.stage("negotiation"))
    late = olena.client.post(ask, data={**hidden(panel), "loss_reason": str(house.option("loss_reason", "price"))})
    assert late.status_code == 409 and late.get_json()["column"] == str(house.stage("negotiation")), "the panel was open meanwhile"


def news(reader: Browser, since: str, *shown: tuple[int, int], words: str = "") -> dict[str, Any]:
    answer = reader.get(f"/board/deal/news?{words}&since={quote(since)}&shown={','.join(f'{n}.{v}' for n, v in shown)}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_an_open_board_hears_what_others_did(house: House, browser: SignIn) -> None:
    lead, proposal = house.stage("lead"), house.stage("proposal")
    first, second, third = house.make_many("deal", [{"name": name, "stage": lead, "amount": n} for n, name in enumerate("АБВ")])
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    reader, soon = browser("Olena"), (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    shown = [(first, 1), (second, 1), (third, 1)]
    with statements(house.engine) as sent:
        nothing = news(reader, soon, *shown)
    assert set(nothing) == {"at"} and len(sent) <= 6, "a quiet board costs next to nothing"
    house.change("deal", second, stage=proposal)
    told = news(reader, soon, *shown, words="sort=name")
    assert [(c["id"], c["v"], c["column"], c["before"], c["after"]) for c in told["cards"]] == [(second, 2, str(proposal), None, None)]
    assert told["gone"] == [] and ">1</span>" in told["heads"][str(proposal)] and told["whole"].startswith("3 records")
    house.change("deal", second, stage=lead)
    back = news(reader, soon, (second, 2), (first, 1), words="sort=name")
    assert [(c["column"], c["before"], c["after"]) for c in back["cards"]] == [(str(lead), third, first)], "it stands between its neighbours"
    house.remove("deal", third)
    only = f"where={quote(where('amount', 'lt', 1))}"
    assert news(reader, soon, (third, 1), (first, 1))["gone"] == [third]
    assert news(reader, soon, (second, 3), (first, 1), words=only)["gone"] == [second], "what does not fit the filter is not on this board"
    new = house.make("deal", name="Нова", stage=lead)
    assert [c["id"] for c in news(reader, long_ago, (first, 1), (second, 3))["cards"]] == [new]
    house.make_many("deal", [{"name": f"Ще {n}", "stage": lead} for n in range(9)])
    assert news(reader, long_ago, (first, 1))["anew"] is True


def test_an_open_board_hears_nothing_of_what_its_reader_does_not_see(house: House, browser: SignIn) -> None:
    house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [
        {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
    ]}}})
    mine = house.make("deal", name="Моя", stage=house.stage("lead"), owner=house.people["Oksana"])
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    foreign = house.make("deal", name="Чужа", stage=house.stage("lead"), owner=house.people["Olena"])
    oksana = browser("Oksana")
    told, unknown = news(oksana, long_ago, (mine, 1), (foreign, 1)), news(oksana, long_ago, (mine, 1), (999999, 1))
    assert told["gone"] == [foreign] and unknown["gone"] == [999999] and told["cards"] == unknown["cards"] == []
    house.change("deal", mine, owner=house.people["Olena"])
    assert news(oksana, long_ago, (mine, 1))["gone"] == [mine]


@pytest.mark.parametrize("words", ["shown=x", "shown=1", "shown=1.2.3", "shown=-1.1", "shown=" + ",".join(f"{n}.1" for n in range(1, 302)), "sort=nope"])
def test_what_an_open_board_asks_wrongly_is_refused(house: House, browser: SignIn, words: str) -> None:
    assert browser("Olena").get(f"/board/deal/news?{words}").status_code == 400
    assert browser("Olena").get("/board/deal/news?since=yesterday&shown=99999999999.1").status_code == 400
    assert browser("Olena").get("/board/deal/news?since=0001-01-01T00:00:00%2B14:00&shown=1.1").status_code == 200


def marks(cards: str) -> dict[str, list[str]]:
    found = re.findall(r'data-name="([^"]*)">(.*?)(?=<li class="b-card"|$)', cards, re.S)
    return {html.unescape(name): [html.unescape(one) for one in re.findall(r"</svg><span>([^<]*)</span></li>", body)] for name, body in found}


def test_cards_say_what_asks_for_attention(house: House, browser: SignIn) -> None:
    """Of open deals alone: no next step, a step whose day is over, longer in the stage than is meant, nobody has talked for long."""
    house.configure(ASKING)
    lead, day = house.stage("lead"), today()
    plain, late, stale, won = house.make_many("deal", [
        {"name": "Добра", "stage": lead, "next_step_on": day}, {"name": "Пізня", "stage": lead, "next_step_on": day - timedelta(days=1)},
        {"name": "Давня", "stage": lead}, {"name": "Виграна", "stage": house.stage("won")},
    ])
    with house.system() as session:
        history = StageHistory.__table__
        session.kernel(history.update().where(history.c.deal_id.in_([stale, won])).values(entered_at=datetime.now(UTC) - timedelta(days=60)))
        session.commit()
    reader = browser("Olena")
    page = reader.page("/board/deal")
    found = marks(reader.page(cards_url(page, str(lead))))
    assert found["Добра"] == [] and [one.partition(":")[0] for one in found["Пізня"]] == ["step overdue"]
    assert re.fullmatch(r"no next step · \d+ d\. in stage · quiet for (59|60|61) d\.", " · ".join(found["Давня"])), found["Давня"]
    assert marks(reader.page(cards_url(page, str(house.stage("won")))))["Виграна"] == []
    house.make(
        "interaction", deal=stale, account=house.make("account", name="Обрій"), subject="Розмова", held_at=datetime.now(UTC) - timedelta(days=1),
        medium=house.option("interaction_medium", "call"), actual_minutes=5, direction=house.option("direction", "outbound"),
    )
    assert not any("quiet" in one for one in marks(reader.page(cards_url(page, str(lead))))["Давня"])
    house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [
        {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {
            "*": "read", "next_step_on": {"mode": "read", "where": {"field": "name", "op": "eq", "value": "Пізня"}},
        }},
    ]}}})
    seen = marks(browser("Oksana").page(cards_url(page, str(lead))))
    assert seen["Давня"] == [] and seen["Пізня"], "nothing is said of what is hidden on a deal, of a history and of talks that are not his"
    assert plain and late


def test_a_board_filtered_to_nothing_says_which_condition_to_drop(house: House, browser: SignIn) -> None:
    house.make("deal", name="Дах", stage=house.stage("lead"), amount=5)
    none = browser("Olena").page(f"/board/deal?where={quote(where('amount', 'gt', 10))}&search=Дах")
    assert "data-none" in none and none.count("Nothing fits these conditions") == 1
    assert '/board/deal?search=%D0%94%D0%B0%D1%85' in none, "the board without the condition"
    assert "data-none" not in browser("Olena").page("/board/deal") and "data-none" not in browser("Olena").page("/board/deal?search=Дах")


def test_the_board_and_the_foot_of_the_list_weigh_alike(house: House, browser: SignIn) -> None:
    house.make("exchange_rate", currency="USD", day=date(2024, 1, 1), rate=Decimal("41.5"))
    stage = house.stage("qualified")
    house.make_many("deal", [{"name": f"D{n}", "stage": stage, "amount": Decimal(amount), "currency": currency, "probability": Decimal("0.5")}
                             for n, (amount, currency) in enumerate((("100", "UAH"), ("10", "USD")))])
    olena = browser("Olena")
    board, foot = olena.page("/board/deal"), olena.page("/deal/count")
    assert "weighted 257.50 UAH" in foot and board.count("weighted 257.50 UAH") >= 3, "100 × 0.5 + 10 × 41.5 × 0.5: its column, and the whole twice"
    dollars = f"where={quote(where('currency', 'eq', 'USD'))}"
    assert "weighted 5 $" in olena.page(f"/board/deal?{dollars}") and "weighted 5 $" in olena.page(f"/deal/count?{dollars}")


def test_deals_stand_by_months_and_move_between_them(house: House, browser: SignIn) -> None:
    lead = house.stage("lead")
    deal, won = house.make_many("deal", [
        {"name": "Дах", "stage": lead, "expected_on": date(2026, 1, 31), "amount": 100, "probability": Decimal("0.5"), "owner": house.people["Oksana"]},
        {"name": "Кран", "stage": house.stage("won"), "expected_on": date(2026, 2, 1), "amount": 7},
    ])
    olena, words = browser("Olena"), "?by=expected_on&from=2026-01"
    later = olena.page("/board/deal?by=expected_on&from=2026-05")
    assert "nothing is moved here" in later and "no longer used" not in later, "earlier days take no card, which is not that of a retired choice"
    page = olena.page(f"/board/deal{words}")
    assert [(label, number, sums) for _, label, number, sums in columns(page) if number != "0"] == [
        ("January 2026", "1", ["100 UAH"]), ("February 2026", "1", ["7 UAH"])]
    assert "weighted 50 UAH" in page and "won 7 UAH" in page and 'href="/board/deal?by=expected_on&amp;from=2026-07"' in page
    assert 'href="/deal/new/?expected_on=2026-03-31"' in page, "what is made in a month is expected at its end"
    moved = olena.post(f"/board/deal/{deal}{words}", {"column": "2026-02", "row_version": "1"})
    assert moved.status_code == 200 and moved.get_json()["said"] == "“Дах” moved to “February 2026”." and moved.get_json()["column"] == "2026-02"
    assert house.stored("deal", deal)["expected_on"] == date(2026, 2, 28)
    for column in ("lt-2026-01-01", "gt-2026-06-30", "2026-13", "7", ""):
        assert olena.post(f"/board/deal/{deal}{words}", {"column": column, "row_version": "2"}).status_code == 400, column
    assert olena.post(f"/board/deal/{deal}{words}", {"column": "none", "row_version": "2"}).status_code == 200
    assert browser("Oksana").post(f"/board/deal/{won}{words}", {"column": "2026-03", "row_version": "1"}).status_code == 403
    assert 'by=expected_on' in olena.page("/deal/?search=Дах") and "search=%D0%94%D0%B0%D1%85&amp;by=expected_on" in olena.page("/deal/?search=Дах")
    assert 'href="/deal/?search=%D0%94%D0%B0%D1%85"' in olena.page(f"/board/deal{words}&search=Дах")
