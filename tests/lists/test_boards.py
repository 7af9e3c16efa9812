"""Boards on both databases: columns of built-in and made entities, through the reader's rights; counts and sums worked out by hand."""

import json
from datetime import date
from decimal import Decimal

import pytest

from crm.backoffice import boards, lists
from crm.backoffice.boards import BoardColumn
from crm.backoffice.guard import DataSession
from crm.backoffice.grouped import within
from crm.backoffice.worth import worths
from crm.errors import BadRequest, UnknownName
from crm.messages import render
from tests.company import Company

TENDER = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    plural: {uk: Тендери, en: Tenders}
    fields:
      budget: {type: money, label: {uk: Бюджет, en: Budget}, class: internal}
      lots: {type: decimal, label: {uk: Лотів, en: Lots}}
      result:
        type: picklist
        label: {uk: Результат, en: Result}
        options:
          - {key: won, label: {uk: Виграно, en: Won}, colour: green}
          - {key: lost, label: {uk: Програно, en: Lost}}
          - {key: open, label: {uk: Триває, en: Open}}
      place: {type: picklist, label: {uk: Місце, en: Place}, options: [{key: kyiv, label: {uk: Київ, en: Kyiv}}]}
      phase: {type: reference, to: stage, label: {uk: Фаза, en: Phase}}
pipelines:
  service: {label: {uk: Сервіс, en: Service}, entity: deal, stages: [{key: asked, label: {uk: Запит, en: Asked}, type: open}]}
"""


def shown(session: DataSession, entity: str, by: str = "", added: str = "", above: str | None = None, **args: str) -> list[BoardColumn]:
    query = lists.parse_query(session, entity, args)
    spec = boards.parse_by(session, entity, by)
    found = boards.columns(session, query, spec, boards.parse_sum(session, query, added), above)
    for one in found:  # a column is the list with its condition
        inside = within(query, one.leaf)
        assert lists.count(session, inside).number == one.count
        assert boards.column_of(session, spec, one.key) == one.leaf
    return found


def told(session: DataSession, found: list[BoardColumn], picklist: str = "") -> dict[str, tuple[int, dict[str, dict[str | None, Decimal]]]]:
    rows = session.catalog.options if picklist else session.catalog.configured["stage"]
    return {rows[c.value].key if c.value is not None else "none": (c.count, {k: dict(v) for k, v in c.sums.items()}) for c in found}


@pytest.fixture
def tenders(company: Company) -> Company:
    company.configure(TENDER)
    picklist = company.catalog.entity("tender").fields["result"].picklist or ""
    won, lost = (company.option(picklist, key) for key in ("won", "lost"))
    company.make("tender", *(
        {"name": f"Т{n}", "budget": budget, "lots": n, "result": result}
        for n, (budget, result) in enumerate(((Decimal("10.25"), won), (Decimal(5), lost), (None, won), (Decimal(7), None), (Decimal("0.75"), won)), 1)
    ))
    return company


def test_a_made_entity_stands_in_the_columns_of_its_made_choice(tenders: Company) -> None:
    head = tenders.role("owner_of_all", {"entity": "tender", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    with tenders.session(tenders.person(head)) as session:
        assert [spec.key for spec in boards.fields(session, "tender")] == ["result", "place", "phase"]
        found = shown(session, "tender", "result", "budget")
        assert told(session, found, "x") == {
            "won": (3, {"budget": {"UAH": Decimal(11)}}), "lost": (1, {"budget": {"UAH": Decimal(5)}}), "open": (0, {}),
            "none": (1, {"budget": {"UAH": Decimal(7)}}),
        }
        assert [one.takes for one in found] == [True, True, True, True]
        assert told(session, shown(session, "tender", "result", "lots"), "x")["won"] == (3, {"lots": {None: Decimal(9)}})
        assert boards.parse_by(session, "tender", "").key == "phase", "stages come first"
        filtered = shown(session, "tender", "result", where=json.dumps({"field": "lots", "op": "gt", "value": 2}))
        assert [(one.key != boards.NONE, one.count) for one in filtered] == [(True, 2), (True, 0), (True, 0), (False, 1)]


def test_stages_are_those_of_the_pipelines_in_which_records_stand(tenders: Company) -> None:
    asked = tenders.stage("asked", "service")
    with tenders.session(tenders.person("head")) as session:
        assert list(told(session, shown(session, "deal", above="pipeline"))) == ["lead", "qualified", "proposal", "negotiation", "contract", "won", "lost"]
        named = json.dumps({"field": "pipeline", "op": "eq", "value": "service"})
        assert list(told(session, shown(session, "deal", above="pipeline", where=named))) == ["asked"]
    tenders.make("deal", {"name": "Ремонт", "stage": asked}, {"name": "Продаж", "stage": tenders.stage("proposal")})
    with tenders.session(tenders.person("head")) as session:
        found = shown(session, "deal", above="pipeline")
        assert list(told(session, found)) == ["lead", "qualified", "proposal", "negotiation", "contract", "won", "lost", "asked"]
        parents = [boards.parent_of(session, boards.parse_by(session, "deal", ""), one.parent) for one in found]
        assert {one.key if one else None for one in parents} == {"sales", "service"}


def test_columns_are_the_readers_own(company: Company) -> None:
    """Own records only; the account's industry where the city is Lviv only, elsewhere it stands among the empty; a hidden sum is not added up."""
    trade, medical = company.option("industry", "trade"), company.option("industry", "medical")
    role = company.role("narrow", {
        "entity": "account", "actions": ["read"], "scope": "own",
        "fields": {
            "*": "read", "industry": {"mode": "read", "where": {"field": "city", "op": "eq", "value": "Львів"}}, "revenue": "hidden", "status": "masked",
        },
    })
    person = company.person(role)
    company.make("account", *(
        {"name": name, "city": city, "industry": industry, "owner": owner, "revenue": Decimal(9)}
        for name, city, industry, owner in (("А", "Львів", trade, person), ("Б", "Київ", medical, person), ("В", "Львів", trade, None))
    ))
    with company.session(person) as session:
        assert {key: number for key, (number, _) in told(session, shown(session, "account", "industry"), "x").items() if number} == {"trade": 1, "none": 1}
        for name in ("status", "nonsense"):
            with pytest.raises(UnknownName) as refused:
                boards.parse_by(session, "account", name)
            assert render(refused.value.message, "en") == f"There is no field or relation named “{name}”."
        query = lists.parse_query(session, "account", {})
        with pytest.raises(UnknownName):
            boards.parse_sum(session, query, "revenue")
        assert "revenue" not in [spec.key for spec in boards.addable(session, "account")]


def test_too_many_columns_are_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "MOST", 3)
    with company.session(company.person("head")) as session:
        assert "industry" not in [spec.key for spec in boards.fields(session, "account")]
        with pytest.raises(BadRequest, match="columns of a board"):
            boards.parse_by(session, "account", "industry")
        with pytest.raises(BadRequest, match="would have"):
            shown(session, "deal", "stage", above="pipeline")


def test_open_deals_are_weighed_by_their_probability(company: Company) -> None:
    """Two currencies and their rates, a won and a lost deal; the columns, the groups and the foot of the list say the same. Who does not see the
    probability, or the stage, has no weighted sum; who sees it on some deals has that of those."""
    company.make("exchange_rate", {"currency": "EUR", "day": date(2026, 1, 5), "rate": Decimal("48.1234")})
    lead, proposal, won, lost = (company.stage(key) for key in ("lead", "proposal", "won", "lost"))
    company.make("deal", *(
        {"name": name, "stage": stage, "amount": Decimal(amount), "currency": currency, "probability": Decimal(share), "expected_on": date(2026, 2, 1),
         "loss_reason": company.option("loss_reason", "price") if stage == lost else None}
        for name, stage, amount, currency, share in (
            ("А", lead, "100.01", "UAH", "0.333333"), ("Б", lead, "10", "EUR", "0.5"), ("В", proposal, "7", "UAH", "0.1"), ("Г", won, "1000", "UAH", "1"),
            ("Д", lost, "500", "UAH", "0.4"),
        )
    ), {"name": "Е", "stage": proposal, "amount": None, "probability": Decimal(1)})
    everything = lists.parse_query(company.system(write=False), "deal", {"columns": "name,amount"})
    with company.session(company.person("head")) as session:
        found = shown(session, "deal", "stage", "amount", above="pipeline")
        sums = {company.catalog.configured["stage"][one.value or 0].key: one.sums.get("amount~weighted") for one in found}
        # 100.01 × 0.333333 = 33.3366…; 10 € × 0.5 = 5 €; 7 × 0.1 = 0.7; won and lost are no matter of probability
        assert {key: dict(value) for key, value in sums.items() if value} == {
            "lead": {"UAH": Decimal("33.3366"), "EUR": Decimal(5)}, "proposal": {"UAH": Decimal("0.7")},
        }
        foot = lists.totals(session, everything)
        assert foot["amount~weighted"] == {"UAH": Decimal("34.0366"), "EUR": Decimal(5)}
        together = worths(session, everything, foot)["amount~weighted"]
        assert together.amount == Decimal("34.0366") + Decimal(5) * Decimal("48.1234")
        assert sum((one.worths["amount~weighted"].amount or 0 for one in found if "amount~weighted" in one.worths), Decimal(0)) == together.amount
    for key, fields in (("no_probability", {"*": "read", "probability": "hidden"}), ("no_stage", {"*": "read", "stage": "hidden"}),
                        ("masked", {"*": "read", "probability": "masked"}), ("no_amount", {"*": "read", "amount": "hidden"})):
        role = company.role(key, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": fields})
        with company.session(company.person(role)) as session:
            query = lists.parse_query(session, "deal", {"columns": "name" if key == "no_amount" else "name,amount"})
            assert "amount~weighted" not in lists.totals(session, query), key
    some = company.role("some", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {
        "*": "read", "probability": {"mode": "read", "where": {"field": "currency", "op": "eq", "value": "EUR"}}}})
    with company.session(company.person(some)) as session:
        assert lists.totals(session, lists.parse_query(session, "deal", {"columns": "amount"}))["amount~weighted"] == {"EUR": Decimal(5)}
