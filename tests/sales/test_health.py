"""Rivals in deals, how often a deal was put off, and its health: each reason with its figure, and the score for whoever sees all of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.undo import undo
from crm.errors import Invalid
from crm.messages import render
from crm.sales.health.reasons import Health, health
from crm.sales.models import Deal
from crm.sales.rivals.models import DealCompetitor
from tests.company import Company, today
from tests.statements import statements

RIVAL = DealCompetitor.__table__
WELL = {"name": "у", "amount": Decimal(100)}


def rival(company: Company, deal: int, name: str, threat: str | None = None, **values: Any) -> int:
    (competitor,) = company.make("competitor", {"name": name})
    given = {"threat": company.option("rival_threat", threat)} if threat else {}
    return company.make("deal_competitor", {"deal": deal, "competitor": competitor, **given, **values})[0]


def status(company: Company, *rivals: int) -> list[str]:
    options = company.catalog.picklists["rival_status"]
    with company.system(write=False) as session:
        held = {row.id: row.status_id for row in session.kernel(select(RIVAL.c.id, RIVAL.c.status_id).where(RIVAL.c.id.in_(rivals)))}
    return [found.key for number in rivals if (found := options.by_id(held[number])) is not None]


def change(company: Company, deal: int, **values: Any) -> str:
    with company.system() as session:
        records.change(session, "deal", deal, values)
        session.commit()
        return session.batch


def of(company: Company, deal: int, by: int | None = None) -> Health:
    with company.session(by, write=False) if by is not None else company.system(write=False) as session:
        return health(session, [deal])[deal]


def keys(found: Health) -> list[str]:
    return [one.key for one in found.reasons]


def test_a_race_is_over_when_the_deal_is_decided(company: Company) -> None:
    won, lost, several = company.make("deal", {"name": "а"}, {"name": "б"}, {"name": "в"})
    first, gone = rival(company, won, "Полюс"), rival(company, won, "Іній", status=company.option("rival_status", "withdrawn"))
    alone, one, other = rival(company, lost, "Айсберг"), rival(company, several, "Крига"), rival(company, several, "Мороз")
    assert status(company, first, gone) == ["active", "withdrawn"]
    batch = change(company, won, stage=company.stage("won"))
    assert status(company, first, gone) == ["lost", "withdrawn"]
    to_rival = company.option("loss_reason", "competitor")
    change(company, lost, stage=company.stage("lost"), loss_reason=to_rival)
    change(company, several, stage=company.stage("lost"), loss_reason=to_rival)
    assert status(company, alone, one, other) == ["won", "active", "active"]  # of two nobody knows which
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert status(company, first) == ["active"]


def test_a_competitor_stands_on_a_deal_once_and_asks_no_negative_price(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у"})
    (competitor,) = company.make("competitor", {"name": "Полюс"})
    company.make("deal_competitor", {"deal": deal, "competitor": competitor, "offered_price": Decimal(0)})
    (another,) = company.make("competitor", {"name": "Іній"})
    for values, key in (({"competitor": competitor}, "competitor"), ({"competitor": another, "offered_price": Decimal(-1)}, "offered_price")):
        with pytest.raises(Invalid) as refused:
            company.make("deal_competitor", {"deal": deal, **values})
        assert key in refused.value.fields


def test_how_often_a_deal_is_put_off_is_counted(company: Company) -> None:
    (deal,) = company.make("deal", {**WELL, "expected_on": today() + timedelta(days=5)})

    def times() -> int:
        with company.system(write=False) as session:
            return int(session.kernel(select(Deal.__table__.c.put_off).where(Deal.__table__.c.id == deal)).scalar_one())

    change(company, deal, expected_on=today() + timedelta(days=9))
    change(company, deal, expected_on=today() + timedelta(days=7))  # earlier is no putting off
    batch = change(company, deal, expected_on=today() + timedelta(days=30))
    assert times() == 2
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert times() == 1
    change(company, deal, name="інша")
    assert times() == 1


def test_each_reason_has_its_figure_and_takes_something_off(company: Company) -> None:
    (customer,) = company.make("account", {"name": "Полісся-Агро"})
    (person,) = company.make("contact", {"name": "Ольга"})
    fresh = {**WELL, "account": customer, "next_step_on": today(), "expected_on": today()}
    (deal,) = company.make("deal", fresh)
    assert of(company, deal) == Health((), 100)
    bad = change(company, deal, next_step_on=today() - timedelta(days=3), amount=None)
    assert bad
    for day in (1, 2, 3):
        change(company, deal, expected_on=today() + timedelta(days=day))
    rival(company, deal, "Полюс", "high")
    rival(company, deal, "Іній", "medium")
    call = {
        "account": customer, "contact": person, "deal": deal, "state": company.option("interaction_state", "held"), "actual_minutes": 5,
        "medium": company.option("interaction_medium", "call"), "direction": company.option("direction", "outbound"),
    }
    company.make("interaction", *({**call, "held_at": datetime.now(UTC) - timedelta(hours=n + 1)} for n in range(3)))
    found = of(company, deal)
    assert {one.key: render(one.said, "en") for one in found.reasons} == {
        "step_overdue": "The next step is 3 days overdue", "put_off": "Put off 3 times", "no_amount": "It has no amount",
        "rival": "A rival is a high threat: Полюс", "single_contact": "3 talks, all with one person",
    }
    assert (found.score, found.level) == (100 - 15 - 10 - 10 - 15 - 10, "poor")
    change(company, deal, next_step_on=None, amount=Decimal(5))
    assert keys(of(company, deal)) == ["no_step", "put_off", "rival", "single_contact"]
    change(company, deal, stage=company.stage("won"))
    with company.system(write=False) as session:
        assert health(session, [deal]) == {}  # what is decided is neither well nor ill


def test_who_does_not_see_a_field_gets_neither_its_reason_nor_the_score(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у", "next_step_on": today()})
    rival(company, deal, "Полюс", "high")
    everything = [
        {"entity": entity, "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
        for entity in ("deal", "stage_history", "interaction", "deal_competitor", "competitor", "contact", "user")
    ]
    company.role("sees", *everything)
    company.role("no_amount", {**everything[0], "fields": {"*": "read", "amount": "hidden"}}, *everything[1:])
    company.role("on_some", {**everything[0], "fields": {"*": "read", "amount": {"mode": "read", "where": {"field": "name", "op": "eq", "value": "інша"}}}},
                 *everything[1:])
    company.role("no_rivals", *(one for one in everything if one["entity"] != "deal_competitor"))
    company.role("nameless", *(one for one in everything if one["entity"] != "competitor"))
    told = {key: of(company, deal, company.person(key)) for key in ("sees", "no_amount", "on_some", "no_rivals", "nameless")}
    assert (keys(told["sees"]), told["sees"].score) == (["no_amount", "rival"], 75)
    assert (keys(told["no_amount"]), told["no_amount"].score) == (["rival"], None)
    assert told["on_some"] == told["no_amount"]  # a value that shows on other deals alone is no empty one
    assert (keys(told["no_rivals"]), told["no_rivals"].score) == (["no_amount"], None)
    assert [render(one.said, "en") for one in told["nameless"].reasons] == ["It has no amount", "A rival is a high threat"]


def test_a_page_of_deals_takes_as_many_statements_as_one(company: Company) -> None:
    deals = company.make("deal", *({"name": f"у {n}"} for n in range(30)))
    for deal in deals[:3]:
        rival(company, deal, f"Суперник {deal}", "high")
    with company.session(company.person("owner"), write=False) as session:
        with statements(company.engine) as few:
            health(session, deals[:1])
        with statements(company.engine) as many:
            assert len(health(session, deals)) == 30
    assert len(many) == len(few) <= 6
