"""A dynamic segment tells nobody more than he could have asked himself."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.conditions.tree import parse
from crm.errors import Invalid, NotFound
from crm.rights.known import sees_all
from tests.company import Company
from tests.segments.conftest import IN_KYIV, RICH, condition, recount, seen, snapshot, stored

SEGMENTS = (
    {"entity": "segment", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit"}},
    {"entity": "segment_member", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit"}},
)
COUNTED = {"count": "deals", "op": "gt", "value": 0}
OF_DEALS = {"sum": "deals.amount", "op": "gt", "value": 5}
OF_OWNER = {"field": "owner.name", "op": "contains", "value": "а"}


def reader(company: Company, *rules: dict[str, Any]) -> int:
    return company.person(company.role("looker", *SEGMENTS, *rules))


def account(fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"entity": "account", "actions": ["read", "update"], "scope": "all", "fields": fields, **more}


OF_ROWS = {"field": "deals.lines.price", "op": "gt", "value": 1}
ROWS = {"entity": "deal_line", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
LATEST = {"latest": "interactions.subject", "by": "created_at", "at": "updated_at", "op": "contains", "value": "а"}
TALKS = {"entity": "interaction", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
BY_NUMBER, BY_CODE = {"field": "owner", "op": "ne", "value": 99}, {"field": "owner", "op": "ne", "value": "U-99"}
PEOPLE = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
OWN, DEALS = {"scope": "own"}, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
CASES: Iterable[tuple[str, Any, tuple[dict[str, Any], ...], bool]] = (
    ("shown", RICH, (account({"*": "edit"}),), True),
    ("hidden", RICH, (account({"*": "edit", "revenue": "hidden"}),), False),
    ("masked", RICH, (account({"*": "edit", "revenue": "masked"}),), False),
    ("on some records", RICH, (account({"*": "edit", "revenue": {"mode": "read", "where": {"field": "city", "op": "eq", "value": "Київ"}}}),), False),
    ("records by their values", RICH, (account({"*": "edit"}, scope="where", where=IN_KYIV),), False),
    ("denied", RICH, (account({"*": "edit"}), {**account({"revenue": "hidden"}), "effect": "deny"}), False),
    ("denied on some", RICH, (account({"*": "edit"}), {**account({"revenue": "hidden"}, **OWN), "effect": "deny"}), False),
    ("records denied by their values", RICH, (account({"*": "edit"}), {"entity": "account", "effect": "deny", "actions": ["read"], "where": IN_KYIV}), False),
    ("by one rule of two", RICH, (account({"*": "edit", "revenue": "hidden"}), account({"*": "edit"}, **OWN)), False),
    ("one part hidden", {"any": [RICH, IN_KYIV]}, (account({"*": "edit", "revenue": "hidden"}),), False),
    ("negated", {"not": RICH}, (account({"*": "edit", "revenue": "hidden"}),), False),
    ("counted", COUNTED, (account({"*": "edit"}), DEALS), True),
    ("counted, not all seen", COUNTED, (account({"*": "edit"}), {**DEALS, **OWN}), False),
    ("counted, none seen", COUNTED, (account({"*": "edit"}),), False),
    ("added up", OF_DEALS, (account({"*": "edit"}), DEALS), True),
    ("added up, hidden", OF_DEALS, (account({"*": "edit"}), {**DEALS, "fields": {"*": "read", "amount": "hidden"}}), False),
    ("through a reference", OF_OWNER, (account({"*": "edit"}), PEOPLE), True),
    ("through a reference, not all seen", OF_OWNER, (account({"*": "edit"}), {**PEOPLE, **OWN}), False),
    ("the latest", LATEST, (account({"*": "edit"}), TALKS), True), ("the latest, not all seen", LATEST, (account({"*": "edit"}), {**TALKS, **OWN}), False),
    ("the latest, hidden", LATEST, (account({"*": "edit"}), {**TALKS, "fields": {"*": "read", "subject": "hidden"}}), False),
    ("rows of what shows", OF_ROWS, (account({"*": "edit"}), DEALS, ROWS), True),
    ("rows of what does not all show", OF_ROWS, (account({"*": "edit"}), {**DEALS, **OWN}, ROWS), False),
    ("a reference by number", BY_NUMBER, (account({"*": "edit"}),), True), ("a reference by code", BY_CODE, (account({"*": "edit"}),), False),
    ("a reference by code that shows", BY_CODE, (account({"*": "edit"}), PEOPLE), True),
)


@pytest.mark.parametrize(("node", "rules", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_dynamic_segment_shows_to_who_sees_its_fields_wholly(
    company: Company, accounts: dict[str, int], dynamic: Callable[..., int], node: Any, rules: tuple[dict[str, Any], ...], shown: bool
) -> None:
    segment = dynamic(node)
    frozen = snapshot(company, segment)
    with company.session(reader(company, *rules), write=False) as session:
        source, rows = session.table("segment"), session.table("account")
        assert (segment in set(session.execute(select(source.id).where(source.visible)).scalars())) == shown
        for number in (segment, frozen):
            through = rows.where(parse({"field": "segments.current", "op": "eq", "value": number}))
            there = set(session.execute(select(rows.id).where(rows.visible, through)).scalars())
            assert there == seen(session, number)
            if not shown:
                assert not there


@pytest.mark.parametrize(("scope", "shown"), [("all", True), ("own", False)])
def test_a_condition_over_rows_asks_whether_all_that_they_belong_to_shows(company: Company, dynamic: Callable[..., int], scope: str, shown: bool) -> None:
    (person,) = company.make("contact", {"name": "Марта Ткач"})
    (firm,) = company.make("account", {"name": "Обрій"})
    options = {"medium": ("interaction_medium", "call"), "direction": ("direction", "inbound"), "state": ("interaction_state", "held")}
    talk = {"subject": "Зустріч", "account": firm, "contact": person, "actual_minutes": 5, "held_at": datetime(2026, 3, 2, 9, tzinfo=UTC)}
    (number,) = company.make("interaction", {**talk, **{key: company.option(*one) for key, one in options.items()}}, source="demo")
    company.make("interaction_participant", {"interaction": number, "contact": person, "minutes": 3})
    segment = dynamic({"field": "participations.minutes", "op": "gt", "value": 1}, "contact")
    rows = {"entity": "interaction_participant", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    looker = reader(company, {**account({"*": "edit"}), "entity": "contact"}, {**TALKS, "scope": scope}, rows)
    with company.session(looker, write=False) as session:
        assert seen(session, segment, "contact") == ({person} if shown else set())


def test_of_a_segment_that_he_sees_a_reader_sees_the_members_that_he_sees(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    own = reader(company, account({"*": "edit"}, **OWN))
    with company.system() as session:
        records.change(session, "account", accounts["Хвиля"], {"owner": own})
        session.commit()
    with company.session(own, write=False) as session:
        assert seen(session, segment) == {accounts["Хвиля"]}
    with company.system() as session:
        assert seen(session, segment) == {accounts["Обрій"], accounts["Хвиля"]}


def test_nobody_makes_a_condition_over_what_he_does_not_see(company: Company, accounts: dict[str, int]) -> None:
    person = reader(company, account({"*": "edit", "revenue": "hidden"}))

    def refusal(node: Any) -> str:
        with company.session(person) as session, pytest.raises(Invalid) as refused:
            records.create(session, "segment", {"name": "Багаті", "kind": "dynamic", "condition": condition(node)})
        return str(refused.value.fields["condition"])

    assert refusal(RICH) == refusal({**RICH, "field": "nothing"})
    with company.session(person) as session:
        records.create(session, "segment", {"name": "Кияни", "kind": "dynamic", "condition": condition(IN_KYIV)})
        session.commit()


def test_a_segment_that_names_what_is_gone_shows_to_nobody_but_the_owner(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    person, owner = reader(company, account({"*": "edit"})), company.person("owner")
    with company.session(person, write=False) as session:
        assert seen(session, segment) == {accounts["Обрій"], accounts["Хвиля"]}
    kind = company.catalog.entity("account")
    without = replace(kind, fields=MappingProxyType({key: spec for key, spec in kind.fields.items() if key != "revenue"}))
    company.catalog = replace(company.catalog, entities=MappingProxyType({**company.catalog.entities, "account": without}))
    assert not recount(company, segment)
    assert len(stored(company, segment)) == 2
    with company.session(person, write=False) as session:
        assert seen(session, segment) == set()
    with company.session(person) as session, pytest.raises(NotFound):
        records.change(session, "segment", segment, {"name": "Інша"})
    with company.session(owner, write=False) as session:
        assert seen(session, segment) == {accounts["Обрій"], accounts["Хвиля"]}


def test_who_sees_not_every_segment_is_told_no_count_of_them_and_rows_are_seen_as_far_as_what_they_belong_to(company: Company) -> None:
    limited = reader(company, account({"*": "edit", "revenue": "hidden"}), ROWS, {**DEALS, **OWN})
    with company.session(limited) as session:
        assert not sees_all(session.sight, "segment", ["name"]) and not sees_all(session.sight, "segment_member", ["note"])
        assert sees_all(session.sight, "account", ["name"]) and not sees_all(session.sight, "account", ["revenue"])
        assert not sees_all(session.sight, "deal_line", ["price"])
    with company.session(company.person("owner")) as session:
        assert sees_all(session.sight, "segment", ["name"]) and sees_all(session.sight, "deal_line", ["price"])
