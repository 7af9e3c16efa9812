"""Nobody gains rights by editing people: not the address of someone mightier, not the place he stands at, not the last owner."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.errors import Forbidden, Invalid
from crm.organization.models import Membership
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
        role = session.catalog.entity("role").cls.__table__
        roles = dict(session.execute(select(role.c.code, role.c.id)).all())
    free, bound, someone = company.person("giver"), company.person("giver", "less"), company.person()
    for giver, role_key, no in ((free, "wide", False), (bound, "wide", True), (bound, "narrow", False)):
        assert refused(company, giver, lambda s, r=role_key: records.create(s, "membership", {"user": someone, "role": roles[r]})) is no, (giver, role_key)
