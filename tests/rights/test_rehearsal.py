"""What a rehearsal counts is what explanations say before and after, person by person and record by record."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, select

from crm.backoffice.access import RANK, Access, parse_rule
from crm.backoffice.guard import user_session
from crm.backoffice.sight import Sight
from crm.organization.models import Membership, Role
from crm.permissions import Inquiry, would_be
from crm.rights.effects import COUNTED, effects, touched
from crm.rights.rehearsal import Rehearsal, rehearse
from tests.company import Company
from tests.rights.random_roles import ENTITIES, FIELDS, World, build, role

Counts = dict[tuple[str, str | None, str], int]


def by_hand(world: World, before: Access, after: Access) -> Counts:
    """The same counts, of every record and field by itself; of FIELDS only."""
    company, found = world.company, Counter[Any]()
    for entity in ENTITIES:
        kind = company.catalog.entity(entity)
        may = [access.may(entity, "create") for access in (before, after)]
        if may[0] != may[1]:
            found[entity, None, "lose_create" if may[0] else "gain_create"] = 1
        for record in world.ids[entity]:
            answers = []
            for access in (before, after):
                with company_session(company, access) as session:
                    inquiry = Inquiry(session, kind, record)
                    actions = {a: inquiry.answer(None, a).allowed for a in COUNTED}
                    answers.append((actions, {f: inquiry.answer(f, "read").mode or "hidden" for f in FIELDS[entity]}))
            (did, showed), (does, shows) = answers
            for action in COUNTED:
                if did[action] != does[action]:
                    found[entity, None, f"{'lose' if did[action] else 'gain'}_{action}"] += 1
            if not (did["read"] and does["read"]):
                continue
            for field in FIELDS[entity]:
                was, becomes = RANK[showed[field]], RANK[shows[field]]
                if was != becomes:
                    crossed = (was >= 2) != (becomes >= 2)
                    found[entity, field, ("hide" if becomes < was else "show") if crossed else ("weaken" if becomes < was else "widen")] += 1
    return dict(found)


def company_session(company: Company, access: Access) -> Any:
    return user_session(company.engine, access, company.catalog)


def counted(world: World, before: Access, after: Access) -> Counts:
    company = world.company
    with company.system(write=False) as session:
        found = [one for kind in touched(company.catalog, before, after) for one in effects(session, kind, before, after)]
    return {(e.entity, e.field, e.kind): e.records for e in found if e.entity in ENTITIES and (e.field is None or e.field in FIELDS[e.entity])}


def holders(company: Company, code: str) -> list[int]:
    with company.system(write=False) as session:
        held = select(Membership.user_id, Membership.since, Membership.until).join(Role, Role.id == Membership.role_id).where(Role.code == code)
        day = session.reader.today
        return sorted({u for u, since, until in session.execute(held) if (since is None or since <= day) and (until is None or until >= day)})


def test_every_count_is_what_explanations_say_before_and_after(company: Company) -> None:
    rng = Random(20261126)
    world = build(company, rng, 6)
    kinds: Counter[str] = Counter()
    for n in range(6):
        code = f"r{n}"
        rules = [parse_rule(code, i, raw) for i, raw in enumerate(role(rng), 1)]
        for user in holders(company, code)[:2]:
            before = company.access(user)
            after = would_be(company.engine, before, code, rules)
            says = counted(world, before, after)
            assert says == by_hand(world, before, after), (code, user)
            kinds.update(kind for _, _, kind in says)
    assert {"lose_read", "gain_read", "hide", "show", "weaken", "widen"} <= kinds.keys(), kinds


def test_a_rehearsal_adds_up_what_each_person_gains_and_loses(company: Company) -> None:
    rng = Random(4)
    world = build(company, rng, 8)
    for n in range(8):
        code = f"r{n}"
        rules = [parse_rule(code, i, raw) for i, raw in enumerate(role(rng), 1)]
        found = rehearsed(company, code, rules)
        each: dict[Any, list[int]] = defaultdict(list)
        people = holders(company, code)
        assert (found.holders, found.counted) == (len(people), len(people))
        for user in people:
            before = company.access(user)
            for place, number in counted(world, before, would_be(company.engine, before, code, rules)).items():
                each[place].append(number)
        told = {(o.entity, o.field, o.kind): (o.people, o.least, o.most) for o in found.outcomes
                if o.entity in ENTITIES and (o.field is None or o.field in FIELDS[o.entity])}
        assert told == {place: (len(numbers), min(numbers), max(numbers)) for place, numbers in each.items()}, code


def rehearsed(company: Company, code: str, rules: Any, **options: Any) -> Rehearsal:
    with company.system(write=False) as session:
        number = session.execute(select(Role.id).where(Role.code == code)).scalar_one()
    found = rehearse(company.engine, company.catalog, number, code, rules, **{"seconds": 600.0, **options})
    assert found is not None
    return found


READ = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "margin": "read"}}


def test_people_for_whom_the_rules_mean_the_same_are_counted_once(company: Company) -> None:
    company.role("r", READ)
    people = [company.person("r") for _ in range(30)]
    [account] = company.make("account", {"name": "А"})
    company.make("deal", *({"name": f"У{n}", "account": account, "owner": people[0]} for n in range(7)))
    statements: list[str] = []
    with counting(company, statements):
        found = rehearsed(company, "r", [parse_rule("r", 1, READ | {"fields": {"*": "read", "amount": "masked"}})])
    assert sorted((o.field, o.kind, o.people, o.least, o.most) for o in found.outcomes) == [("amount", "hide", 30, 7, 7), ("margin", "hide", 30, 7, 7)]
    assert len([s for s in statements if "FROM deal AS" in s]) == 1
    found = rehearsed(company, "r", [parse_rule("r", 1, READ | {"scope": "own"})])
    assert [(o.kind, o.people, o.least, o.most) for o in found.outcomes if o.entity == "deal"] == [("lose_read", 29, 7, 7)]  # but who owns them


@contextmanager
def counting(company: Company, into: list[str]) -> Iterator[None]:
    def hear(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        into.append(" ".join(statement.replace('"', "").split()))

    event.listen(company.engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(company.engine, "before_cursor_execute", hear)


def test_time_runs_out_after_the_first_person_and_is_told(company: Company) -> None:
    company.role("r", READ)
    for _ in range(3):
        company.person("r")
    found = rehearsed(company, "r", [], seconds=-1.0)
    assert (found.holders, found.counted, found.whole) == (3, 1, False)


@pytest.mark.parametrize("hidden", ["margin", "memberships", "scope"])
def test_whoever_could_not_count_himself_is_told_nothing(company: Company, hidden: str) -> None:
    company.role("r", READ, {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    company.person("r")
    [account] = company.make("account", {"name": "А"})
    company.make("deal", {"name": "У", "account": account})
    everything = [{"entity": e, "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}} for e in ("user", "role", "membership", "account")]
    deals: dict[str, Any] = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "margin": "read"}}
    if hidden == "memberships":
        everything[2]["scope"] = "own"
    if hidden == "scope":
        deals["scope"] = "own"
    if hidden == "margin":
        deals["fields"] = {"*": "read"}
    keeper = company.access(company.person(company.role("keeper", *everything, deals)))
    asker = Sight(keeper, company.catalog, company.catalog.reader())
    rules = [parse_rule("r", 1, READ | {"where": {"field": "margin", "op": "gt", "value": 0}})]
    with company.system(write=False) as session:
        number = session.execute(select(Role.id).where(Role.code == "r")).scalar_one()
    found = rehearse(company.engine, company.catalog, number, "r", rules, asker=asker)
    if hidden == "memberships":
        assert found is None
        return
    assert found is not None and "deal" in found.untold
    assert {o.entity for o in found.outcomes} == {"account"}  # which he sees wholly
    whole = rehearse(company.engine, company.catalog, number, "r", rules)
    assert whole is not None and {o.entity for o in whole.outcomes} == {"account", "deal"}
