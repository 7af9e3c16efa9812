"""Conflicting roles: declared by file, refused where a membership is given, allowed with a reason, found where they are held all the same."""

from collections.abc import Mapping
from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.errors import BadRequest, Invalid
from crm.messages import render
from crm.organization.models import Membership, Role
from tests.company import Company

STRICT = "conflicts: {money: {roles: [seller, approver]}}"
SOFT = "conflicts: {money: {roles: [seller, approver], with_reason: true}}"
JUNE, JULY = (date(2026, 6, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 7, 31))


def put(company: Company, text: str) -> list[tuple[str, str | None, str, int]]:
    with company.system() as session:
        applied = apply(session, read(text, session.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.field, c.effect, c.records) for c in applied.changes]


def role(company: Company, code: str) -> int:
    with company.system(write=False) as session:
        return session.execute(select(Role.id).where(Role.code == code, Role.deleted_at.is_(None))).scalar_one()


def given(session: DataSession, company: Company, person: int, code: str, period: tuple[date | None, date | None] = (None, None), **more: Any) -> int:
    return records.create(session, "membership", {"user": person, "role": role(company, code), "since": period[0], "until": period[1], **more})


def give(company: Company, person: int, code: str, period: tuple[date | None, date | None] = (None, None), **more: Any) -> int:
    with company.system() as session:
        made = given(session, company, person, code, period, **more)
        session.commit()
    return made


def sentences(refused: pytest.ExceptionInfo[Invalid]) -> Mapping[str, str]:
    return {key: render(why, "en") for key, why in refused.value.fields.items()}


def test_two_roles_that_conflict_are_not_held_at_one_time(company: Company) -> None:
    put(company, STRICT)
    person = company.person("seller")
    with pytest.raises(Invalid) as refused:
        give(company, person, "approver", reason="Наказ 12")
    assert sentences(refused) == {"role": "“Approver” does not go with “Seller”, which this person holds at that time."}
    give(company, person, "clerk")
    give(company, company.person(), "approver")


def test_one_after_the_other_is_no_conflict(company: Company) -> None:
    put(company, STRICT)
    person = company.person()
    first = give(company, person, "seller", JUNE)
    second = give(company, person, "approver", JULY)
    for number, values in ((first, {"until": JULY[0]}), (second, {"since": None})):
        with company.system() as session, pytest.raises(Invalid):
            records.change(session, "membership", number, values)
    with company.system() as session:
        records.change(session, "membership", first, {"role": role(company, "approver"), "until": JULY[1]})  # the same role twice is none


def test_both_at_once_and_what_comes_back_are_judged_too(company: Company) -> None:
    put(company, STRICT)
    person = company.person("seller")
    with company.system() as session:
        other = records.create(session, "user", {"name": "Інша"})
        with pytest.raises(Invalid):
            records.create_many(session, "membership", [{"user": other, "role": role(company, code)} for code in ("seller", "approver")])
        held = session.execute(select(session.catalog.entity("membership").table.c.id)).scalars().all()
        records.remove_many(session, "membership", held)
        given(session, company, person, "approver")
        with pytest.raises(Invalid):
            records.restore(session, "membership", held[0])


def test_a_reason_allows_it_where_the_conflict_says_so(company: Company) -> None:
    put(company, SOFT)
    person = company.person("seller")
    for reason in (None, "  "):
        with pytest.raises(Invalid) as refused:
            give(company, person, "approver", reason=reason)
    assert list(sentences(refused)) == ["reason"]
    made = give(company, person, "approver", reason="Наказ 12 від 1 червня")
    with company.system() as session, pytest.raises(Invalid):
        records.change(session, "membership", made, {"reason": None})


def test_what_is_held_already_is_counted_and_may_be_shortened_but_not_widened(company: Company) -> None:
    person = company.person("seller")
    made = give(company, person, "approver", JUNE)
    assert put(company, STRICT) == [("conflict", "money", "create", 1)]
    with company.system() as session:
        records.change(session, "membership", made, {"until": date(2026, 6, 10)})
        with pytest.raises(Invalid):
            records.change(session, "membership", made, {"until": JULY[1]})
        records.remove(session, "membership", made)


def test_who_does_not_see_the_other_role_is_not_told_which_it_is(company: Company) -> None:
    put(company, STRICT)
    approving = [{"entity": "account", "actions": ["read"], "scope": "all"}]
    put(company, "roles: {signer: {label: {uk: Підписувач, en: Signer}, rules: [{entity: account, actions: [read], scope: all}]}}\n"
                 "conflicts: {money: {roles: [seller, signer]}}")
    company.role(
        "giver", *approving, {"entity": "user", "actions": ["read"], "scope": "all"},
        {"entity": "role", "actions": ["read"], "where": {"field": "code", "op": "eq", "value": "signer"}},
        {"entity": "membership", "actions": ["read", "create"], "scope": "all", "fields": {"*": "edit"}},
    )
    giver, person = company.person("giver", email="giver@firm.example"), company.person("seller")
    with company.session(giver) as session, pytest.raises(Invalid) as refused:
        given(session, company, person, "signer")
    assert sentences(refused) == {"role": "“Signer” does not go with another role that this person holds."}


def test_a_file_is_applied_exported_changed_lifted_and_undone(company: Company) -> None:
    assert [c[:3] for c in put(company, STRICT)] == [("conflict", "money", "create")]
    made = company.catalog.version
    assert put(company, STRICT) == []
    assert [c[:3] for c in put(company, SOFT)] == [("conflict", "money", "change")]
    changed = company.catalog.version
    with company.system(write=False) as session:
        told = export.whole(session)["conflicts"]
    assert told == {"money": {"roles": ["approver", "seller"], "with_reason": True}}
    for version, left in ((changed, False), (made, None)):
        with company.system() as session:
            undo(session, version)
            session.commit()
        company.catalog = load_catalog(company.engine)
        assert (company.catalog.conflicts["money"].with_reason if company.catalog.conflicts else None) is left
    put(company, STRICT)
    assert [c[:3] for c in put(company, "conflicts: {money: {roles: []}}")] == [("conflict", "money", "remove")]
    assert not company.catalog.conflicts


@pytest.mark.parametrize("spec", [
    "{roles: [seller]}", "{roles: seller}", "{roles: [seller, seller]}", "{roles: [seller, nobody]}", "{}", "{roles: [1, 2]}", "{roles: [a, b], why: x}",
    "{roles: [seller, head], with_reason: maybe}", "5", "{roles: [" + ", ".join(f"r{n}" for n in range(21)) + "]}",
])
def test_a_wrong_conflict_is_a_sentence_and_changes_nothing(company: Company, spec: str) -> None:
    with pytest.raises(BadRequest):
        put(company, f"conflicts: {{money: {spec}}}")
    assert not load_catalog(company.engine).conflicts


def test_of_two_who_give_the_two_roles_at_the_same_moment_one_is_refused(company: Company) -> None:
    put(company, STRICT)
    person, begin, refusals = company.person(), Barrier(2), list[str]()

    def give_one(code: str) -> None:
        begin.wait(20)
        try:
            give(company, person, code)
        except Invalid:
            refusals.append(code)

    for _ in range(5):
        threads = [Thread(target=give_one, args=(code,)) for code in ("seller", "approver")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with company.system() as session:
            held = session.execute(select(Membership.id).where(Membership.user_id == person, Membership.deleted_at.is_(None))).scalars().all()
            assert len(held) == 1 and len(refusals) == 1
            records.remove(session, "membership", held[0])
            session.commit()
        refusals.clear()


def test_a_role_out_of_the_bin_brings_no_conflict_with_it(company: Company) -> None:
    company.role("approver2", {"entity": "account", "actions": ["read"], "scope": "all"})
    put(company, "conflicts: {money: {roles: [seller, approver2]}}")
    person, number = company.person("approver2"), role(company, "approver2")
    with company.system() as session:
        records.remove(session, "role", number)
        session.commit()
    give(company, person, "seller")
    with company.system() as session, pytest.raises(Invalid):
        records.restore(session, "role", number)
    with company.system() as session:
        held = select(Membership.id).where(Membership.user_id == person, Membership.role_id == number)
        records.remove(session, "membership", session.execute(held).scalar_one())
        records.restore(session, "role", number)
        session.commit()
