"""The board of an entity: columns with figures, cards page by page, and moves through the one door."""

import html
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import pytest
import yaml
from werkzeug.test import TestResponse

from tests.kit.conftest import Browser, House, where
from tests.statements import statements

SignIn = Callable[..., Browser]
MOST = 8
OTHER_PIPELINE = "pipelines: {service: {label: {uk: Сервіс, en: Service}, entity: deal, stages: [{key: asked, label: {uk: Запит, en: Asked}, type: open}]}}"
COLUMN = re.compile(
    r'<section class="b-col[^"]*" data-column="([^"]*)" data-label="([^"]*)".*?<header data-head>(.*?)</header>\s*<ol[^>]*data-cards="([^"]*)"', re.S,
)


def columns(page: str) -> list[tuple[str, str, str, list[str]]]:
    """Key, label, number and sums of each column."""
    return [
        (key, html.unescape(label), re.findall(r'<span class="b-n">([^<]*)', head)[0], [html.unescape(s) for s in re.findall(r'b-col-sum">([^<]*)', head)])
        for key, label, head, _ in COLUMN.findall(page)
    ]


def cards_url(page: str, key: str) -> str:
    return next(html.unescape(url) for k, _, _, url in COLUMN.findall(page) if k == key)


def names(cards: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'class="b-card" data-id="\d+" data-v="\d+" data-name="([^"]*)"', cards)]


def following(cards: str) -> str:
    return html.unescape(re.findall(r'data-more="([^"]*)"', cards)[0])


def cards(reader: Browser, page: str, key: str) -> list[str]:
    """The names of all cards of a column, page after page."""
    found, url = [], cards_url(page, key)
    while url:
        answer = reader.page(url)
        found += names(answer)
        url = following(answer) if "data-more" in answer else ""
    return found


@pytest.fixture
def sold(house: House) -> House:
    """Deals in three stages of one pipeline; what their columns hold is counted by hand below."""
    olena, oksana = house.people["Olena"], house.people["Oksana"]
    first, second, won = (house.stage(key) for key in ("qualified", "proposal", "won"))
    rows = [
        ("Насос", first, "100", "UAH", olena), ("Котел", first, "250.50", "UAH", oksana), ("Кран", first, "10", "EUR", olena),
        ("Лінія", second, "1000", "UAH", olena), ("Вага", second, None, "UAH", oksana), ("Сівалка", won, "70", "EUR", olena),
    ]
    house.make_many("deal", [
        {"name": name, "stage": stage, "amount": None if amount is None else Decimal(amount), "currency": currency, "owner": owner}
        for name, stage, amount, currency, owner in rows
    ])
    return house


def test_columns_count_and_add_up_what_their_cards_are(sold: House, browser: SignIn) -> None:
    reader = browser("Olena")
    page = reader.page("/board/deal?sort=name")
    assert [(label, number, sums) for _, label, number, sums in columns(page)] == [
        ("Lead", "0", []), ("Qualified", "3", ["350.50 UAH", "10 €"]), ("Proposal", "2", ["1,000 UAH"]), ("Negotiation", "0", []), ("Contract", "0", []),
        ("Won", "1", ["70 €"]), ("Lost", "0", []),
    ]
    assert "6 records · 1,350.50 UAH · 80 €" in page
    assert cards(reader, page, str(sold.stage("qualified"))) == ["Котел", "Кран", "Насос"]
    assert cards(reader, page, str(sold.stage("proposal"))) == ["Вага", "Лінія"]
    assert cards(reader, page, str(sold.stage("lead"))) == []


def test_a_card_shows_what_the_layout_puts_on_its_face(sold: House, browser: SignIn) -> None:
    """The product's own face, one for everybody and one for a role; the columns of the list neither add to it nor take from it."""
    (account,) = sold.make_many("account", [{"name": "Обрій"}])
    deal = sold.make("deal", name="Дах", account=account, amount=Decimal(7), currency="UAH", probability=Decimal("0.35"), next_step="Замір",
                     next_step_on=date(2026, 12, 1), stage=sold.stage("lead"), owner=sold.people["Oksana"], expected_on=date(2026, 12, 24))

    def face(reader: Browser) -> list[tuple[str, str]]:
        page = reader.page(f"/board/deal/cards?column={sold.stage('lead')}&columns=expected_on")
        card = re.search(rf'<li class="b-card" data-id="{deal}".*?</li>', page, re.S)
        assert card
        found = re.findall(r'<div class="(p\d)">(.*?)</div>', card[0])
        return [(place, " ".join(re.sub(r"<[^>]+>", " ", html.unescape(inside)).split())) for place, inside in found]

    olena, oksana = browser("Olena"), browser("Oksana")
    assert dict(face(olena)) == {"p1": "Дах", "p2": "7 UAH", "p3": "Обрій", "p4": "35%", "p5": "Замір", "p6": "OK Oksana"}
    sold.configure({"layouts": {"deal": {"face": ["expected_on", "code", "stage"], "roles": {"own": {"face": ["amount", "next_step"]}}}}})
    assert dict(face(olena)).keys() == {"p1", "p3", "p4"}, "the stage is what the columns are of"
    assert dict(face(oksana)) == {"p1": "Дах", "p2": "7 UAH", "p3": "Замір"}
    hides = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}
    sold.configure({"roles": {"own": {"label": {"uk": "Власні угоди", "en": "Own deals"}, "rules": [hides]}}})
    assert dict(face(oksana)) == {"p1": "Дах", "p3": "Замір"}, "a layout gives no right"
    sold.configure({"layouts": {"deal": None}})
    assert len(face(olena)) == 6 and len(face(oksana)) == 5


def test_the_board_is_the_list_in_columns(sold: House, browser: SignIn) -> None:
    """The same filter, search, order and view; each leads to the other and keeps what was asked."""
    reader = browser("Olena")
    euro = f"where={quote(where('currency', 'eq', 'EUR'))}"
    page = reader.page(f"/board/deal?{euro}&sort=-amount")
    assert [(label, number) for _, label, number, _ in columns(page) if number != "0"] == [("Qualified", "1"), ("Won", "1")]
    assert f'href="/deal/?{html.escape(euro)}&amp;sort=-amount"'.replace("%20", "+") in page
    assert [number for *_, number, _ in columns(reader.page("/board/deal?search=насос"))] == ["0", "1", "0", "0", "0", "0", "0"]
    listed = reader.page(f"/deal/?{euro}&sort=-amount")
    assert f'href="/board/deal?{html.escape(euro)}&amp;sort=-amount"'.replace("%20", "+") in listed
    named = reader.post("/deal/views", {"name": "Євро", "query": euro})
    assert named.status_code in (200, 204, 302, 303)
    view = re.findall(r'href="/board/deal\?view=([^"&]*)"', reader.page("/board/deal"))[0]
    assert [number for *_, number, _ in columns(reader.page(f"/board/deal?view={view}"))] == ["0", "1", "0", "0", "0", "1", "0"]


def test_cards_come_page_by_page(house: House, browser: SignIn) -> None:
    stage = house.stage("lead")
    house.make_many("deal", [{"name": f"Угода {n:02}", "stage": stage} for n in range(45)])
    reader = browser("Olena")
    page = reader.page("/board/deal?sort=-name")
    assert len(names(reader.page(cards_url(page, str(stage))))) == 20
    assert cards(reader, page, str(stage)) == [f"Угода {n:02}" for n in range(44, -1, -1)]


def test_a_page_sends_the_same_few_queries_whatever_its_size(house: House, browser: SignIn) -> None:
    reader, sent = browser("Olena"), []
    stages = [house.stage(key) for key in ("lead", "proposal")]
    for _ in range(2):
        house.make_many("deal", [{"name": f"У{n}", "stage": stages[n % 2], "amount": Decimal(n), "currency": "UAH"} for n in range(60)])
        page = reader.page("/board/deal")
        counts = []
        for path in ("/board/deal", "/board/deal?search=у", cards_url(page, str(house.stage("lead")))):
            reader.page(path)
            with statements(house.engine) as found:
                reader.page(path)
            counts.append(len(found))
        sent.append(counts)
    assert sent[0] == sent[1] and max(sent[0]) <= MOST, sent


def move(reader: Browser, record: int, column: int | str, version: int | str = "", at: str = "/board/deal", words: str = "") -> TestResponse:
    return reader.post(f"{at}/{record}{words}", {"column": str(column), "row_version": str(version)})


def test_a_move_writes_the_field_and_can_be_taken_back(sold: House, browser: SignIn) -> None:
    reader, lead, proposal = browser("Olena"), sold.stage("qualified"), sold.stage("proposal")
    deal = sold.make("deal", name="Дах", stage=lead, amount=Decimal(5), currency="UAH")
    version = sold.stored("deal", deal)["row_version"]
    answer = move(reader, deal, proposal, version)
    assert answer.status_code == 200
    told = answer.get_json()
    assert sold.stored("deal", deal)["stage"] == proposal and told["row_version"] == version + 1
    assert f'data-id="{deal}" data-v="{version + 1}"' in told["card"] and told["said"] == "“Дах” moved to “Proposal”."
    assert ">3</span>" in told["heads"][str(proposal)] and "1,005 UAH" in told["heads"][str(proposal)] and told["whole"].startswith("7 records · ")
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["undo_url"]
    assert reader.undo(answer).status_code == 200
    assert sold.stored("deal", deal)["stage"] == lead


def test_a_card_that_no_longer_fits_the_filter_leaves_it(sold: House, browser: SignIn) -> None:
    reader = browser("Olena")
    deal = sold.make("deal", name="Дах", stage=sold.stage("lead"))
    only = quote(json.dumps({"field": "stage", "op": "eq", "value": sold.stage("lead")}))
    assert move(reader, deal, sold.stage("proposal"), words=f"?where={only}").get_json()["card"] is None


def test_what_may_not_be_moved_is_refused_in_a_sentence(sold: House, browser: SignIn) -> None:
    """A lost deal needs a reason; somebody else was faster; another pipeline; no such column; not one's own; no such record."""
    sold.configure(yaml.safe_load(OTHER_PIPELINE))
    reader, lead, lost = browser("Olena"), sold.stage("lead"), sold.stage("lost")
    other = next(s.id for s in sold.catalog.configured["stage"].values() if s.code == "service.asked")
    deal = sold.make("deal", name="Дах", stage=lead, owner=sold.people["Olena"])
    version = sold.stored("deal", deal)["row_version"]
    refusals = [move(reader, deal, lost, version), move(reader, deal, other, version), move(reader, deal, 99999, version), move(reader, deal, "x", version)]
    assert [(r.status_code, r.get_json()["message"]) for r in refusals] == [
        (422, "A lost deal needs a reason."), (422, "This stage belongs to another pipeline."), (400, "The board has no such column."),
        (400, "The board has no such column."),
    ]
    sold.change("deal", deal, stage=sold.stage("proposal"))
    assert move(reader, deal, sold.stage("contract"), version).status_code == 409
    assert move(browser("Oksana"), deal, lead).status_code == 403
    assert move(reader, 999999, lead).status_code == 404
    assert move(browser("Roman"), deal, lead).status_code == 403
    assert sold.stored("deal", deal)["stage"] == sold.stage("proposal")


def test_a_reader_moves_nothing_and_his_board_offers_no_move(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Обрій", industry=house.option("industry", "trade"))
    roman, olena = browser("Roman"), browser("Olena")
    page = roman.page("/board/account?by=industry")
    assert "data-can-move" not in page and "data-can-move" in olena.page("/board/account?by=industry")
    column = str(house.option("industry", "trade"))
    assert "data-move" not in roman.page(cards_url(page, column)) and "data-move" in olena.page(cards_url(page, column))
    assert move(roman, account, house.option("industry", "medical"), at="/board/account", words="?by=industry").status_code == 403


def test_retired_options_keep_their_records_and_take_none(house: House, browser: SignIn) -> None:
    trade, medical = house.option("industry", "trade"), house.option("industry", "medical")
    account = house.make("account", name="Обрій", industry=trade)
    nameless = house.make("account", name="Лан")
    house.configure({"picklists": {"industry": {"label": {"uk": "Галузь", "en": "Industry"}, "options": [
        {"key": "trade", "label": {"uk": "Т", "en": "Trade"}, "retired": True}, {"key": "medical", "label": {"uk": "М", "en": "Medical"}},
    ]}}})
    reader = browser("Olena")
    page = reader.page("/board/account?by=industry")
    assert ("Trade", "1") in [(label, number) for _, label, number, _ in columns(page)] and "no longer used" in page
    assert ("(empty)", "1") in [(label, number) for _, label, number, _ in columns(page)]
    assert cards(reader, page, "none") == ["Лан"]
    assert move(reader, account, medical, at="/board/account", words="?by=industry").status_code == 200
    assert ("Trade", "0") not in [(label, number) for _, label, number, _ in columns(reader.page("/board/account?by=industry"))]
    refused = move(reader, account, trade, at="/board/account", words="?by=industry")
    assert refused.status_code == 422 and "no longer used" in refused.get_json()["message"]
    assert move(reader, nameless, "none", at="/board/account", words="?by=industry").status_code == 200


def test_what_is_hidden_or_masked_is_neither_column_nor_sum(house: House, browser: SignIn) -> None:
    """Revenue is hidden from Bohdan: unlike a field that is none it is not answered; a field of another kind says what would do."""
    house.make("account", name="Обрій", industry=house.option("industry", "trade"), revenue=Decimal(5), credit_limit=Decimal(7), currency="UAH")
    blind, olena = browser("Bohdan"), browser("Olena")
    assert blind.get("/board/account?sum=revenue").status_code == 400 == blind.get("/board/account?by=phone").status_code
    unknown, hidden = (blind.get(f"/board/account?sum={key}").get_data(as_text=True) for key in ("revenux", "revenue"))
    assert unknown.replace("revenux", "revenue") == hidden
    page = blind.page("/board/account?by=industry")
    assert "Revenue" not in page and "sum=credit_limit" in page
    assert "7 UAH" in blind.page("/board/account?by=industry&sum=credit_limit") and "5 UAH" in olena.page("/board/account?by=industry&sum=revenue")
    assert olena.get("/board/account?by=name").status_code == 400 == olena.get("/board/account?sum=name").status_code


@pytest.mark.parametrize("path", ["/board/nothing", "/board/Account", "/board/account/0", "/board/picklist_option", "/board/"])
def test_what_has_no_board_is_not_there(house: House, browser: SignIn, path: str) -> None:
    assert browser("Olena").get(path).status_code in (404, 405)


@pytest.mark.parametrize("words", ["by=nope", "sum=nope", "where=x", "sort=nope", "where={}", "columns=nope"])
def test_bad_words_are_answered(house: House, browser: SignIn, words: str) -> None:
    assert browser("Olena").get(f"/board/account?{words}").status_code == 400
    assert browser("Olena").get(f"/board/account/cards?column=none&{words}").status_code == 400
    assert browser("Olena").post("/board/account/1?" + words, {"column": "none"}).status_code == 400


def test_an_entity_without_a_choice_says_so(house: House, browser: SignIn) -> None:
    answer = browser("Olena").get("/board/territory")
    assert answer.status_code == 400 and "no field to make columns of" in html.unescape(answer.get_data(as_text=True))
    assert "/board/territory" not in browser("Olena").page("/territory/")
