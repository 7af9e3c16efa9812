"""Nobody gains rights by editing people: not the address of someone mightier, not the place he stands at, not the last owner."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.undo import undo
from crm.errors import Forbidden, Invalid
from crm.organization.models import Membership, Role
from tests.company import Company


def membership(company: Company, person: int) -> int:
    with company.system(write=False) as session:
        return session.execute(select(Membership.id).where(Membership.user_id == person, Membership.deleted_at.is_(None))).scalars().one()


def refused(company: Company, person: int, deed: Callable[[DataSession], Any]) -> bool:
    with company.session(person) as session:
        try:
            deed(session)
        except (Forbidden, Invalid):
            return True
        return False


@pytest.fixture
def furnish() -> None:
    """Nobody is here yet: whoever is the last of his kind must be one of these tests' own."""


@pytest.fixture
def owner(company: Company) -> int:
    return company.person("owner", email="owner@firm.example")


@pytest.mark.parametrize("change", [{"email": "mine@else.example"}, {"active": False}])
def test_an_administrator_cannot_take_over_an_owner_but_looks_after_his_equals_and_others(company: Company, owner: int, change: dict[str, Any]) -> None:
    me, equal = company.person("administrator"), company.person("administrator", email="a@firm.example")
    seller = company.person("clerk", email="c@firm.example")
    assert refused(company, me, lambda s: records.change(s, "user", owner, change))
    assert not refused(company, me, lambda s: records.change(s, "user", equal, change))
    assert not refused(company, me, lambda s: records.change(s, "user", seller, change))
    assert not refused(company, me, lambda s: records.change(s, "user", owner, {"position": "директорка"}))


def test_an_administrator_cannot_remove_an_owner_nor_his_role(company: Company, owner: int) -> None:
    company.person("owner", email="other@firm.example")
    me, colleague = company.person("administrator"), company.person("clerk")
    assert refused(company, me, lambda s: records.remove(s, "user", owner))
    assert refused(company, me, lambda s: records.remove(s, "membership", membership(company, owner)))
    assert not refused(company, me, lambda s: records.remove(s, "membership", membership(company, colleague)))
    assert not refused(company, me, lambda s: records.remove(s, "user", colleague))


def test_nobody_but_an_owner_moves_himself_to_another_place(company: Company, owner: int) -> None:
    (department,) = company.make("department", {"name": "Збут"})
    me, colleague = company.person("administrator"), company.person("clerk")
    assert refused(company, me, lambda s: records.change(s, "user", me, {"department": department}))
    assert not refused(company, me, lambda s: records.change(s, "user", colleague, {"department": department}))
    assert not refused(company, owner, lambda s: records.change(s, "user", owner, {"department": department}))


def test_the_last_owner_remains(company: Company, owner: int) -> None:
    assert refused(company, owner, lambda s: records.remove(s, "user", owner))
    assert refused(company, owner, lambda s: records.change(s, "user", owner, {"active": False}))
    assert refused(company, owner, lambda s: records.change(s, "membership", membership(company, owner), {"until": "2030-01-01"}))
    assert refused(company, owner, lambda s: records.remove(s, "membership", membership(company, owner)))
    company.person("owner", email="second@firm.example")
    assert not refused(company, owner, lambda s: records.remove(s, "membership", membership(company, owner)))


def test_what_is_denied_to_the_giver_is_not_given(company: Company, owner: int) -> None:
    everything = {"entity": "account", "actions": ["read", "update"], "scope": "all"}
    deny = {"entity": "account", "effect": "deny", "actions": ["update"], "scope": "all", "fields": {"revenue": "hidden"}}
    people = [{"entity": "user", "actions": ["read"], "scope": "all"}, {"entity": "membership", "actions": ["read", "create"], "scope": "all"},
              {"entity": "role", "actions": ["read"], "scope": "all"}]
    company.role("giver", everything, *people)
    company.role("less", deny)
    company.role("wide", everything)
    company.role("narrow", everything, deny)
    with company.system(write=False) as session:
        role = session.catalog.entity("role").table
        roles = dict(session.execute(select(role.c.code, role.c.id)).all())
    free, bound, someone = company.person("giver"), company.person("giver", "less"), company.person()
    for giver, role_key, no in ((free, "wide", False), (bound, "wide", True), (bound, "narrow", False)):
        assert refused(company, giver, lambda s, r=role_key: records.create(s, "membership", {"user": someone, "role": roles[r]})) is no, (giver, role_key)


ALL = ["read", "create", "update", "delete", "assign"]
PEOPLE: tuple[dict[str, Any], ...] = tuple({"entity": e, "actions": ALL, "scope": "all"} for e in ("user", "membership", "role", "department", "territory"))
DEALS: dict[str, Any] = {"entity": "deal", "actions": ["read", "update"], "scope": "all"}
NO_DEALS: dict[str, Any] = {"entity": "deal", "effect": "deny", "actions": ["read"], "scope": "all"}


def roles(company: Company) -> dict[str, int]:
    with company.system(write=False) as session:
        return dict(session.execute(select(Role.code, Role.id).where(Role.deleted_at.is_(None))).all())


def held(company: Company, person: int, role: str) -> int:
    with company.system(write=False) as session:
        query = select(Membership.id).where(Membership.user_id == person, Membership.role_id == roles(company)[role], Membership.deleted_at.is_(None))
        return session.execute(query).scalars().one()


def done(company: Company, person: int, deed: Callable[[DataSession], Any]) -> Any:
    with company.session(person) as session:
        given = deed(session)
        session.commit()
    return given


@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_a_built_in_role_stays_and_its_code_is_nobody_elses(company: Company, owner: int, who: str) -> None:
    me = owner if who == "owner" else company.person("administrator")
    mine = done(company, me, lambda s: records.create(s, "role", {"name": "Моя", "code": "mine"}))
    for code in ("owner", "administrator", "head", "seller", "clerk", "approver"):
        assert refused(company, me, lambda s, c=code: records.remove(s, "role", roles(company)[c])), code
        assert refused(company, me, lambda s, c=code: records.create(s, "role", {"name": "Моя", "code": c})), code
        assert refused(company, me, lambda s, c=code: records.change(s, "role", mine, {"code": c})), code
    assert refused(company, me, lambda s: records.change(s, "role", mine, {"code": "other"}))
    assert refused(company, me, lambda s: records.create(s, "role", {"name": "Моя", "code": "Owner"}))
    assert not refused(company, me, lambda s: records.create(s, "role", {"name": "Моя", "code": "owners"}))
    assert not refused(company, me, lambda s: records.change(s, "role", mine, {"name": "Інша"}))
    done(company, me, lambda s: records.remove(s, "role", mine))
    assert not refused(company, me, lambda s: records.restore(s, "role", mine))


def test_the_text_of_a_code_makes_no_owner(company: Company, owner: int) -> None:
    """Not even where rows were changed past every rule: in a database whose built-in role was removed before this was refused."""
    me = company.person("administrator")
    mine = done(company, me, lambda s: records.create(s, "role", {"name": "Моя", "code": "mine"}))
    done(company, me, lambda s: records.create(s, "membership", {"user": me, "role": mine}))
    role = Role.__table__
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(role.update().where(role.c.code == "owner").values(deleted_at=datetime.now(UTC)))
    assert refused(company, me, lambda s: records.create(s, "role", {"name": "Моя", "code": "owner"})), "the built-in role has it in the bin too"
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(role.update().where(role.c.id == mine).values(code="owner"))
    assert not company.access(me).unlimited
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(role.update().where(role.c.id == mine).values(code="mine"))
        connection.execute(role.update().where(role.c.code == "owner").values(deleted_at=None))
    assert company.access(owner).unlimited


def test_a_role_that_allows_more_is_neither_removed_nor_restored(company: Company, owner: int) -> None:
    company.role("giver", *PEOPLE)
    company.role("dealer", DEALS)
    company.role("keeper", PEOPLE[0])
    me, known = company.person("giver"), roles(company)
    assert refused(company, me, lambda s: records.remove(s, "role", known["dealer"]))
    assert not refused(company, me, lambda s: records.remove(s, "role", known["keeper"]))
    for one in ("dealer", "keeper"):
        done(company, owner, lambda s, r=one: records.remove(s, "role", known[r]))
    assert refused(company, me, lambda s: records.restore(s, "role", known["dealer"]))
    assert not refused(company, me, lambda s: records.restore(s, "role", known["keeper"]))


@pytest.mark.parametrize("who", ["owner", "head"])
def test_the_mightier_keep_their_roles_whichever_field_is_changed(company: Company, owner: int, who: str) -> None:
    company.role("giver", *PEOPLE)
    company.role("keeper", PEOPLE[0])
    me, boss = company.person("giver"), owner if who == "owner" else company.person("head")
    equal, known = company.person("giver"), roles(company)
    changes: tuple[Mapping[str, Any], ...] = (
        {"role": known["keeper"]}, {"user": me}, {"user": equal}, {"since": "2020-01-01"}, {"until": "2020-01-01"}, {"role": known["keeper"], "user": me},
    )
    for change in changes:
        assert refused(company, me, lambda s, c=change: records.change(s, "membership", held(company, boss, who), c)), change
        assert not refused(company, me, lambda s, c=change: records.change(s, "membership", held(company, equal, "giver"), c)), change
    lesser = company.person("keeper")
    assert refused(company, me, lambda s: records.change(s, "membership", held(company, lesser, "keeper"), {"role": known[who]}))
    assert not refused(company, me, lambda s: records.change(s, "membership", held(company, lesser, "keeper"), {"role": known["giver"]}))
    assert refused(company, me, lambda s: records.change(s, "membership", held(company, lesser, "keeper"), {"user": boss}))
    assert not refused(company, me, lambda s: records.change(s, "membership", held(company, lesser, "keeper"), {"user": equal}))


def test_nobody_lifts_a_denial_that_binds_him(company: Company, owner: int) -> None:
    company.role("giver", *PEOPLE)
    company.role("dealer", DEALS)
    company.role("denied", NO_DEALS)
    company.role("equally", NO_DEALS, {**NO_DEALS, "actions": ["export"]})
    company.role("keeper", PEOPLE[0])
    me, free = company.person("giver", "dealer", "denied"), company.person("giver", "dealer")
    others, known = {r: company.person(r) for r in ("denied", "equally")}, roles(company)
    for change in ({"until": "2020-01-01"}, {"since": "2090-01-01"}, {"role": known["keeper"]}, {"user": free}):
        assert refused(company, me, lambda s, c=change: records.change(s, "membership", held(company, me, "denied"), c)), change
        for one, person in others.items():
            assert refused(company, me, lambda s, c=change, r=one, p=person: records.change(s, "membership", held(company, p, r), c)), (change, one)
            assert not refused(company, free, lambda s, c=change, r=one, p=person: records.change(s, "membership", held(company, p, r), c)), (change, one)
    assert refused(company, me, lambda s: records.remove(s, "membership", held(company, me, "denied")))
    assert not refused(company, free, lambda s: records.remove(s, "membership", held(company, me, "denied")))
    assert not refused(company, owner, lambda s: records.remove(s, "membership", held(company, me, "denied")))
    for one in ("denied", "equally"):
        assert refused(company, me, lambda s, r=one: records.remove(s, "role", known[r]))
        assert not refused(company, free, lambda s, r=one: records.remove(s, "role", known[r]))


def test_a_denial_that_has_not_begun_is_not_lifted_either(company: Company, owner: int) -> None:
    company.role("giver", *PEOPLE)
    company.role("denied", NO_DEALS)
    me, other, known = company.person("giver"), company.person("giver"), roles(company)
    (coming,) = company.make("membership", {"user": me, "role": known["denied"], "since": "2090-01-01"})
    assert refused(company, me, lambda s: records.remove(s, "membership", coming))
    assert refused(company, me, lambda s: records.remove(s, "role", known["denied"]))
    assert not refused(company, other, lambda s: records.remove(s, "membership", coming))
    assert not refused(company, other, lambda s: records.remove(s, "role", known["denied"]))


def test_a_role_that_denies_is_not_given_to_the_mightier(company: Company, owner: int) -> None:
    company.role("giver", *PEOPLE)
    company.role("denied", NO_DEALS)
    me, head, equal, known = company.person("giver"), company.person("head"), company.person("giver"), roles(company)
    assert refused(company, me, lambda s: records.create(s, "membership", {"user": head, "role": known["denied"]}))
    assert not refused(company, me, lambda s: records.create(s, "membership", {"user": equal, "role": known["denied"]}))
    assert not refused(company, owner, lambda s: records.create(s, "membership", {"user": head, "role": known["denied"]}))


def test_what_was_refused_is_not_reached_by_undoing(company: Company, owner: int) -> None:
    """The owner lays a denial on somebody and takes another's role away: neither is undone by those whom it binds."""
    company.role("giver", *PEOPLE)
    company.role("dealer", DEALS)
    company.role("denied", NO_DEALS)
    me, free, known = company.person("giver", "dealer"), company.person("giver", "dealer"), roles(company)

    def laid(session: DataSession) -> str:
        records.create(session, "membership", {"user": me, "role": known["denied"]})
        return session.batch

    batch = done(company, owner, laid)
    with company.session(me) as session:
        assert undo(session, batch).undone == 0
    with company.session(free) as session:
        assert undo(session, batch).undone == 1


@pytest.mark.parametrize(("entity", "scope"), [("department", "department_tree"), ("territory", "territory")])
def test_nobody_grows_the_tree_that_his_rights_reach(company: Company, owner: int, entity: str, scope: str) -> None:
    company.role("mover", *PEOPLE)
    company.role("branch", {**DEALS, "scope": scope})
    company.role("dealer", DEALS)
    company.role("denied", {**NO_DEALS, "scope": scope})
    top, other = company.make(entity, {"name": "Збут"}, {"name": "Інший"})
    inner, gone = company.make(entity, {"name": "Група", "parent": top}, {"name": "Закрита", "parent": top})
    with company.system() as session:
        records.remove(session, entity, gone)
        session.commit()
    me, mover, seer = company.person("mover", "branch", **{entity: top}), company.person("mover", **{entity: top}), \
        company.person("mover", "branch", "dealer", **{entity: top})
    assert refused(company, me, lambda s: records.change(s, entity, other, {"parent": top}))
    assert refused(company, me, lambda s: records.change(s, entity, other, {"parent": inner}))
    assert refused(company, me, lambda s: records.restore(s, entity, gone))
    for fine in (mover, seer, owner):
        assert not refused(company, fine, lambda s: records.change(s, entity, other, {"parent": inner}))
        assert not refused(company, fine, lambda s: records.restore(s, entity, gone))
    assert not refused(company, me, lambda s: records.create(s, entity, {"name": "Нова", "parent": inner})), "nothing stands in a new one"
    assert not refused(company, me, lambda s: records.change(s, entity, inner, {"parent": other}))
    assert not refused(company, me, lambda s: records.change(s, entity, inner, {"name": "Ще"}))
    bound = company.person("mover", "dealer", "denied", **{entity: top})
    assert refused(company, bound, lambda s: records.change(s, entity, inner, {"parent": other})), "what was denied there would be allowed"
    assert not refused(company, bound, lambda s: records.change(s, entity, other, {"parent": inner}))


@pytest.mark.parametrize("entity", ["department", "territory"])
def test_a_unit_is_moved_only_by_who_may_assign_it(company: Company, owner: int, entity: str) -> None:
    company.role("editor", {"entity": entity, "actions": ["read", "create", "update"], "scope": "all"})
    company.role("mover", {"entity": entity, "actions": ["read", "create", "update", "assign"], "scope": "all"})
    top, other = company.make(entity, {"name": "Збут"}, {"name": "Інший"})
    editor, mover = company.person("editor"), company.person("mover")
    assert refused(company, editor, lambda s: records.change(s, entity, other, {"parent": top}))
    assert refused(company, editor, lambda s: records.create(s, entity, {"name": "Нова", "parent": top}))
    with company.session(editor) as session:
        assert set(records.check_changes(session, entity, {other: {"parent": top}})[0]) == {"parent"}, "a trial says so too"
    assert not refused(company, editor, lambda s: records.change(s, entity, other, {"name": "Ще"}))
    assert not refused(company, editor, lambda s: records.create(s, entity, {"name": "Нова"}))
    assert not refused(company, mover, lambda s: records.change(s, entity, other, {"parent": top}))
    assert not refused(company, mover, lambda s: records.create(s, entity, {"name": "Нова", "parent": top}))
