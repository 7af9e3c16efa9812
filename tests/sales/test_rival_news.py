"""Who works on an open deal hears of rivals that enter it and of competitors that talks name; nobody hears of what he may not see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm import rival_news
from crm.backoffice import notices, records
from crm.backoffice.outbox import OutboxRow
from crm.backoffice.undo import undo
from crm.letters.notices import _reaches
from crm.messages import render
from crm.organization.founding import give_role
from tests.company import Company

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing here differs between databases
OUTBOX = OutboxRow.__table__
LOOKS = {rival_news.ENTERED: rival_news.entered, rival_news.NAMED: rival_news.named}
READ = {"actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}}
ROLES: dict[str, list[dict[str, Any]]] = {
    "whole": [{"entity": name, **READ} for name in ("deal", "deal_competitor", "interaction", "competitor")],
    "no_rivals": [{"entity": name, **READ} for name in ("deal", "competitor")],
    "no_names": [{"entity": "deal", **READ}, *({"entity": name, **READ, "fields": {"*": "read", field: "hidden"}} for name, field in (
        ("deal_competitor", "competitor"), ("interaction", "competitors")))],
    "no_stage": [
        {"entity": "deal", **READ, "fields": {"*": "read", "stage": "hidden"}}, *({"entity": name, **READ} for name in ("deal_competitor", "interaction")),
    ],
}


def deliver(company: Company) -> None:
    """What waits in the outbox, told by the worker."""
    with company.system() as session:
        waiting = session.kernel(select(OUTBOX.c.topic, OUTBOX.c.payload).where(OUTBOX.c.topic.in_(LOOKS)).order_by(OUTBOX.c.id)).all()
        session.kernel(OUTBOX.delete().where(OUTBOX.c.topic.in_(LOOKS)))
        session.commit()
    for topic, payload in waiting:
        rival_news.tell(company.engine, company.catalog, LOOKS[topic], payload)


def told(company: Company, person: int) -> list[tuple[str, str]]:
    with company.session(person, write=False) as session:
        return [(render(one.sentence, "en"), one.url) for one in reversed(notices.notices(session))]


def team(company: Company) -> dict[str, int]:
    """An owner and four on the team of one open deal, each with another role; the numbers of people, of the deal and of two competitors."""
    people = {name: company.person(company.role(name, *rules)) for name, rules in ROLES.items()}
    people["owner"] = company.person("whole")
    people["stranger"] = company.person("whole")
    (people["deal"],) = company.make("deal", {"name": "Дах", "owner": people["owner"], "stage": company.stage("lead")})
    company.make("deal_member", *(
        {"deal": people["deal"], "user": people[name], "role": company.option("team_role", "lead")} for name in ROLES
    ))
    return people | dict(zip(("arctic", "glass"), company.make("competitor", {"name": "Arctic"}, {"name": "Glass"}), strict=True))


def test_a_rival_that_enters_is_told_to_who_works_on_the_deal_and_sees_it(company: Company) -> None:
    ids = team(company)
    company.make("deal_competitor", {"deal": ids["deal"], "competitor": ids["arctic"]}, {"deal": ids["deal"], "competitor": ids["glass"]})
    deliver(company)
    page = f"/deal/{ids['deal']}/?tab=rivals"
    assert told(company, ids["owner"]) == told(company, ids["whole"]) == [("2 rivals have entered a deal that you work on", page)]
    for name in ("no_rivals", "no_names", "no_stage", "stranger"):
        assert told(company, ids[name]) == [], name
    with company.session(ids["owner"], write=False) as session:
        (notice,) = notices.notices(session)
        assert _reaches(session, company.access(ids["owner"]), notice)
        assert not _reaches(session, company.access(ids["no_rivals"]), notice), "no letter speaks of rows that he may not read by now"


def test_what_he_does_himself_what_files_bring_and_what_is_closed_is_no_news(company: Company) -> None:
    ids = team(company)
    adding = company.role("adds", {"entity": "deal_competitor", "actions": ["read", "create"], "scope": "all", "fields": {"*": "edit"}})
    with company.system() as session:
        give_role(session, ids["owner"], adding)
        session.commit()
    with company.session(ids["owner"]) as session:
        records.create(session, "deal_competitor", {"deal": ids["deal"], "competitor": ids["arctic"]})
        session.commit()
        batch = session.batch
    deliver(company)
    page = f"/deal/{ids['deal']}/?tab=rivals"
    assert told(company, ids["owner"]) == [] and told(company, ids["whole"]) == [("A rival has entered a deal that you work on", page)]
    with company.system() as session:
        undo(session, batch)
        session.commit()
    company.make("deal_competitor", {"deal": ids["deal"], "competitor": ids["glass"]}, source="import")
    with company.system() as session:
        records.change(session, "deal", ids["deal"], {"stage": company.stage("won")})
        session.commit()
    company.make("deal_competitor", {"deal": ids["deal"], "competitor": ids["arctic"]})
    deliver(company)
    assert len(told(company, ids["whole"])) == 1


def test_a_talk_that_names_a_competitor_is_told_while_it_is_no_rival(company: Company) -> None:
    ids = team(company)
    company.make("deal_competitor", {"deal": ids["deal"], "competitor": ids["arctic"]}, source="import")
    (account,) = company.make("account", {"name": "Обрій"})
    values = {
        "account": account, "subject": "Порівнювали",
        "medium": company.option("interaction_medium", "call"), "direction": company.option("direction", "outbound"),
        "state": company.option("interaction_state", "held"), "held_at": datetime.now(UTC) - timedelta(days=1), "actual_minutes": 5, "deal": ids["deal"],
    }
    (talk,) = company.make("interaction", {**values, "competitors": (ids["arctic"],)})
    deliver(company)
    assert told(company, ids["owner"]) == [], "a rival already"
    with company.system() as session:
        records.change(session, "interaction", talk, {"competitors": (ids["arctic"], ids["glass"])})
        session.commit()
    deliver(company)
    news = ("A talk about a deal that you work on names a competitor who is no rival in it yet", f"/interaction/{talk}/")
    assert told(company, ids["owner"]) == told(company, ids["whole"]) == [news]
    for name in ("no_rivals", "no_names", "no_stage", "stranger"):
        assert told(company, ids[name]) == [], name

