"""Watched views: who enters is told once, by the rights of the moment, whatever is cut off and done again; and notices are their reader's."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from crm import watching
from crm.backoffice import notices, records
from crm.backoffice.jobs import TABLE as JOBS
from crm.backoffice.jobs import Work
from crm.backoffice.views import shelf, watching as views
from crm.backoffice.views.models import ViewMember, ViewUse
from crm.errors import Invalid
from tests.company import Company
from tests.statements import statements

BIG = {"field": "amount", "op": "ge", "value": 1000}


def watch(company: Company, person: int, shows: Mapping[str, Any], entity: str = "deal") -> int:
    """The person keeps a view and watches it; its number."""
    with company.session(person) as session:
        number = shelf.keep(session, entity, f"Вигляд {json.dumps(shows)[:60]}", shows)
        views.watch(session, shelf.shelf(session, entity).named(str(number)), True)
        session.commit()
    return number


def told(company: Company, person: int) -> list[tuple[str, list[int]]]:
    """What a look tells the person: the sentence, and the records to which it leads."""
    with company.session(person) as session:
        before = {one.id for one in notices.notices(session)}
    watching.look_for(company.engine, company.catalog, person)
    with company.session(person) as session:
        new = [one for one in notices.notices(session) if one.id not in before]
    return [(str(one.sentence).partition(" the view")[0], _led(one.url)) for one in new]


def _led(url: str) -> list[int]:
    where = parse_qs(urlsplit(url).query).get("where")
    return json.loads(where[0])["value"] if where else []


def deals(company: Company, *amounts: int, **values: Any) -> list[int]:
    account = company.make("account", {"name": "Клієнт"})[0]
    return company.make("deal", *({"name": f"У{a}", "account": account, "amount": Decimal(a), "currency": "UAH", **values} for a in amounts))


def test_who_enters_is_told_once_and_who_comes_back_again(company: Company) -> None:
    head = company.person("head")
    stood, small = deals(company, 5000, 10)
    watch(company, head, {"where": BIG})
    assert told(company, head) == [], "what stood in it when it was asked for is no news"
    entered = [*deals(company, 2000, 3000), small]
    with company.system() as session:
        records.change(session, "deal", small, {"amount": Decimal(1000)})
        session.commit()
    assert told(company, head) == [("3 records have entered", sorted(entered))]
    assert told(company, head) == []
    for amount in (Decimal(1), Decimal(7000)):
        with company.system() as session:
            records.change(session, "deal", stood, {"amount": amount})
            session.commit()
        found = told(company, head)
    assert found == [("1 record has entered", [stood])]
    with company.system() as session:
        records.remove(session, "deal", stood)
        session.commit()
    assert told(company, head) == []


def test_a_lost_role_tells_nothing_and_a_hidden_record_neither(company: Company) -> None:
    role = company.role("some", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
                        {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    person, other = company.person(role), company.person("seller")
    watch(company, person, {"where": BIG})
    mine = deals(company, 2000, owner=person)
    deals(company, 3000, owner=other)
    assert told(company, person) == [("1 record has entered", mine)]
    # The field of the condition is hidden: without it the view would let everything in.
    company.role("some", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read", "amount": "hidden"}})
    deals(company, 5, 4000, owner=person)
    assert told(company, person) == []
    company.role("some", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    assert told(company, person) == []
    with company.system() as session:
        records.change(session, "user", person, {"active": False})
        session.commit()
    assert watching.look_for(company.engine, company.catalog, person) == 0


def test_what_is_cut_off_before_its_commit_is_told_the_next_time_and_once(company: Company) -> None:
    head = company.person("head")
    watch(company, head, {"where": BIG})
    new = deals(company, 2000)
    with company.session(head) as session:
        assert views.look(session) == 1  # killed here: nothing of it is committed
    assert told(company, head) == [("1 record has entered", new)]
    assert told(company, head) == []


def test_what_time_or_another_record_brings_in_a_scan_finds(company: Company) -> None:
    head = company.person("head")
    watch(company, head, {"where": {"field": "account.city", "op": "eq", "value": "Київ"}})
    deal = deals(company, 5)[0]
    assert told(company, head) == []
    with company.system() as session:
        account = session.execute(select(session.catalog.entity("deal").table.c.account_id)).scalar_one()
        records.change(session, "account", account, {"city": "Київ"})
        session.commit()
    _set(company, looked_at=datetime.now(UTC) + timedelta(hours=1))
    assert told(company, head) == [], "nothing was written of the deal itself"
    _set(company, scanned_at=datetime.now(UTC) - views.SCANNED_EVERY - timedelta(seconds=1))
    assert told(company, head) == [("1 record has entered", [deal])]
    with company.engine.connect() as connection:
        assert connection.execute(select(ViewMember.__table__.c.record_id)).scalars().all() == [deal]


def _set(company: Company, **values: datetime) -> None:
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(ViewUse.__table__).values(**values))


def test_a_look_asks_few_queries_and_none_of_the_list_when_nothing_was_written(company: Company) -> None:
    head = company.person("head")
    watch(company, head, {"where": BIG})
    deals(company, *range(2000, 2040))
    told(company, head)
    _set(company, looked_at=datetime.now(UTC) + timedelta(hours=1))
    with company.session(head) as session, statements(company.engine) as sent:
        views.look(session)
    assert not any("FROM deal" in one for one in sent) and len(sent) <= 5, sent


def test_another_condition_begins_anew_and_a_name_does_not(company: Company) -> None:
    head = company.person("head")
    number = watch(company, head, {"where": BIG})
    deals(company, 10, 20)
    for change in ({"shows": {"where": {**BIG, "value": 5}}}, {"name": "Інша назва"}):
        with company.session(head) as session:
            shelf.change(session, shelf.shelf(session, "deal").named(str(number)), **change)  # type: ignore[arg-type]
            session.commit()
        assert told(company, head) == []
    assert told(company, head) == []
    assert len(told(company, head)) == 0 and deals(company, 6) and len(told(company, head)) == 1


def test_what_grows_too_large_is_said_once_and_watched_no_more(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "LARGEST", 2)
    head = company.person("head")
    deals(company, 1, 2)
    number = watch(company, head, {})
    deals(company, 3, 4, 5)
    assert [text for text, _ in told(company, head)] == ["The view “Вигляд {}” has grown too large to be watched."]
    assert told(company, head) == []
    with company.session(head) as session, pytest.raises(Invalid):
        views.watch(session, shelf.shelf(session, "deal").named(str(number)), True)


def test_the_job_asks_for_itself_only_where_somebody_watches_and_does_all(company: Company, tmp_path: Any) -> None:
    assert watching.ask(company.engine, company.catalog) is False
    people = [company.person("head") for _ in range(2)]
    for person in people:
        watch(company, person, {"where": BIG})
    assert watching.ask(company.engine, company.catalog) is True
    assert watching.ask(company.engine, company.catalog) is False, "one waits"
    deals(company, 2000)
    work = Work(1, {}, None, company.engine, company.catalog, None)  # type: ignore[arg-type]
    assert watching.look_at_all(work) == {"people": 2, "told": 2}
    assert watching.look_at_all(work) == {"people": 2, "told": 0}
    with company.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(JOBS)) == 1


def test_notices_are_their_readers_and_the_oldest_go(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MOST", 3)
    one, other = company.person("head"), company.person("head")
    with company.system() as session:
        for n in range(5):
            notices.tell(session, one, views.m("Сказано %(n)s", n=n), f"/deal/?view={n}")
        session.commit()
    with company.session(other) as session:
        assert notices.notices(session) == [] and notices.unread(session) == 0
        notices.mark_read(session)
        session.commit()
    with company.session(one) as session:
        assert [str(told.sentence) for told in notices.notices(session)] == ["Сказано 4", "Сказано 3", "Сказано 2"]
        notices.mark_read(session, notices.notices(session)[1].id)
        assert [told.read for told in notices.notices(session)] == [False, True, False] and notices.unread(session) == 2
        session.commit()
    with company.system() as session:
        assert len(notices.of_people(session, [one])) == 3
        notices.forget(session, [one])
        shelf.forget(session, [one])
        assert notices.of_people(session, [one]) == []
