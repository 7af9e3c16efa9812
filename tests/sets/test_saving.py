"""Sets of references through the one door: what a save changes, what it leaves, and what is kept of it."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from crm.backoffice import lists, records
from crm.backoffice.entities import Base
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.history import history
from crm.backoffice.journal import JournalRow
from crm.backoffice.outbox import OutboxRow
from crm.backoffice.undo import undo
from crm.errors import Conflict, Forbidden, Invalid, UnknownName
from tests.company import Company

CATEGORIES = {"entity": "product_category", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}
ACCOUNTS = {"entity": "account", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit"}}


@pytest.fixture
def categories(company: Company) -> tuple[int, int, int]:
    """Two categories of a person who sees no others, and one that he does not see; his number is that of their owner."""
    me = company.person(company.role("r", CATEGORIES, ACCOUNTS))
    a, b, unseen = company.make("product_category", {"name": "А", "owner": me}, {"name": "Б", "owner": me}, {"name": "В"})
    return a, b, unseen


def person(company: Company, categories: tuple[int, int, int]) -> int:
    with company.system(write=False) as session:
        owner = lists.record(session, "product_category", categories[0]).values["owner"]
        return int(owner.id)


def linked(company: Company, account: int) -> set[int]:
    """What stands in the table of links, whoever may see it."""
    links = Base.metadata.tables["account__interests"]
    with company.engine.connect() as connection:
        return set(connection.execute(select(links.c.target_id).where(links.c.owner_id == account)).scalars())


def journal_of(company: Company, account: int) -> list[tuple[str, Any]]:
    with company.engine.connect() as connection:
        table = JournalRow.__table__
        rows = connection.execute(select(table.c.action, table.c.changes).where(table.c.entity == "account", table.c.record_id == account).order_by(table.c.id))
        return [(action, changes.get("interests")) for action, changes in rows]


def test_a_set_is_written_changed_and_emptied_in_one_save_each(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, c = categories
    (account,) = company.make("account", {"name": "К", "interests": [b, a, b]})
    assert linked(company, account) == {a, b}
    with company.system() as session:
        saved = records.change(session, "account", account, {"interests": [a, c]})
        assert (saved.changed, saved.row_version) == ({"interests"}, 2)
        assert records.change(session, "account", account, {"interests": (c, a)}).changed == frozenset(), "the same set in another order"
        assert records.change(session, "account", account, {"interests": None}).row_version == 3
        session.commit()
    assert linked(company, account) == set()
    assert journal_of(company, account) == [("create", [None, [a, b]]), ("update", [[a, b], [a, c]]), ("update", [[a, c], None])]


def test_a_save_that_is_refused_leaves_the_links_as_they_were(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, _ = categories
    (account,) = company.make("account", {"name": "К", "interests": [a]})
    with company.system() as session:
        with pytest.raises(Invalid):
            records.change_many(session, "account", {account: {"interests": [b], "name": ""}})
        with pytest.raises(Invalid) as refused:
            records.change(session, "account", account, {"interests": [a, 10**6]})
        assert set(refused.value.fields) == {"interests"}
        records.change(session, "account", account, {"interests": [b]})
        session.rollback()
    assert linked(company, account) == {a}


@pytest.mark.parametrize("wrong", ["x", 5, {"a": 1}, [None, "x"], [0], [-1], [2**40], [True], [1.5], list(range(1, 1200)), [[1]]])
def test_what_is_no_set_is_refused_with_a_sentence(company: Company, wrong: Any) -> None:
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "account", {"name": "К", "interests": wrong})
    assert set(refused.value.fields) == {"interests"}


def test_what_the_writer_does_not_see_stays_and_what_he_may_not_see_is_refused_as_if_it_did_not_exist(
    company: Company, categories: tuple[int, int, int]
) -> None:
    a, b, unseen = categories
    me = person(company, categories)
    (account,) = company.make("account", {"name": "К", "interests": [a, unseen]})
    with company.session(me) as session:
        saved = records.change(session, "account", account, {"interests": [b]})
        assert saved.changed == {"interests"}
        assert [r.id for r in lists.record(session, "account", account).values["interests"]] == [b]
        assert records.change(session, "account", account, {"interests": [b]}).changed == frozenset()
        refusals = []
        for wanted in (unseen, 10**6):
            with pytest.raises(Invalid) as refused:
                records.create(session, "account", {"name": "н", "interests": [a, wanted]})
            refusals.append(str(refused.value.fields["interests"]))
        assert refusals[0] == refusals[1]
        records.change(session, "account", account, {"interests": None})
        assert lists.record(session, "account", account).values["interests"] is None
        session.commit()
    assert linked(company, account) == {unseen}


def test_naming_an_unseen_record_that_is_in_the_set_already_is_refused_all_the_same(company: Company, categories: tuple[int, int, int]) -> None:
    a, _, unseen = categories
    me = person(company, categories)
    holding, without = company.make("account", {"name": "К", "interests": [a, unseen]}, {"name": "Л", "interests": [a]})
    with company.session(me) as session:
        answers = []
        for account in (holding, without):
            with pytest.raises(Invalid) as refused:
                records.change(session, "account", account, {"interests": [a, unseen]})
            answers.append(str(refused.value.fields["interests"]))
        assert answers[0] == answers[1], "whether it is in the set cannot be found out by trying"


def test_both_sides_of_a_set_merge_by_themselves(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, c = categories
    (account,) = company.make("account", {"name": "К", "interests": [a, b]})
    with company.system() as session:
        records.change(session, "account", account, {"interests": [b, c]}, seen_version=1)  # takes a out, puts c in
        saved = records.change(session, "account", account, {"interests": [a], "name": "Л"}, seen_version=1)  # has seen a and b: takes b out
        session.commit()
        assert saved.changed == {"interests", "name"}
    assert linked(company, account) == {c}, "what one put in stays, what either took out is out"
    with company.system() as session, pytest.raises(Conflict) as collided:
        records.change(session, "account", account, {"interests": [a], "name": "М"}, seen_version=2)
    assert collided.value.fields == ("name",)


def test_an_addition_that_the_writer_could_not_see_neither_collides_nor_is_lost(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, unseen = categories
    me = person(company, categories)
    (account,) = company.make("account", {"name": "К", "interests": [a]})
    with company.system() as session:
        records.change(session, "account", account, {"interests": [a, unseen]})
        session.commit()
    with company.session(me) as session:
        records.change(session, "account", account, {"interests": [a, b]}, seen_version=1)
        session.commit()
    assert linked(company, account) == {a, b, unseen}


def test_adding_and_taking_without_naming_the_rest(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, unseen = categories
    me = person(company, categories)
    (account,) = company.make("account", {"name": "К", "interests": [a, unseen]})
    with company.session(me) as session:
        records.change(session, "account", account, {"interests": SetChange(added=frozenset({b}), taken=frozenset({a}))})
        records.change(session, "account", account, {"interests": SetChange(taken=frozenset({unseen}))})
        session.commit()
    assert linked(company, account) == {b, unseen}
    with company.system() as session:
        made = records.create(session, "account", {"name": "Н", "interests": SetChange(added=frozenset({a}))})
        session.commit()
    assert linked(company, made) == {a}


def test_a_set_is_changed_only_with_the_right_to_its_field(company: Company, categories: tuple[int, int, int]) -> None:
    fields = {"read": {"*": "edit", "interests": "read"}, "masked": {"*": "edit", "interests": "masked"}, "hidden": {"*": "edit", "interests": "hidden"}}
    (account,) = company.make("account", {"name": "К"})
    for name, modes in fields.items():
        me = company.person(company.role(name, {**CATEGORIES, "scope": "all"}, {**ACCOUNTS, "fields": modes}))
        with company.session(me) as session, pytest.raises(UnknownName if name == "hidden" else Forbidden):
            records.change(session, "account", account, {"interests": [categories[0]]})
    where = {"field": "city", "op": "eq", "value": "Київ"}
    modes = {"*": "edit", "interests": {"mode": "edit", "where": where}}
    me = company.person(company.role("where", {**CATEGORIES, "scope": "all"}, {**ACCOUNTS, "fields": modes}))
    (kyiv,) = company.make("account", {"name": "К", "city": "Київ"})
    with company.session(me) as session:
        assert records.change(session, "account", kyiv, {"interests": [categories[0]]}).changed == {"interests"}
        with pytest.raises(Forbidden):
            records.change(session, "account", account, {"interests": [categories[0]]})


def test_a_batch_with_sets_is_taken_back(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, unseen = categories
    me = person(company, categories)
    (account,) = company.make("account", {"name": "К", "interests": [a, unseen]})
    with company.session(me) as session:
        batch = session.batch
        records.change(session, "account", account, {"interests": [b]})
        session.commit()
    with company.session(me) as session:
        assert undo(session, batch).undone == 1
        session.commit()
    assert linked(company, account) == {a, unseen}


def test_a_record_that_sets_of_others_hold_is_not_taken_back(company: Company) -> None:
    with company.system() as session:
        batch = session.batch
        held, free = records.create_many(session, "product_category", [{"name": "А"}, {"name": "Б"}])
        session.commit()
    company.make("account", {"name": "К", "interests": [held]})
    with company.system() as session:
        result = undo(session, batch)
        session.commit()
    assert result.undone == 1
    assert [(k.entity, k.code) for k in result.kept] == [("product_category", f"PC-{held}")]
    assert free


def test_the_journal_tells_a_reader_only_of_what_he_sees(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, unseen = categories
    me = person(company, categories)
    (account,) = company.make("account", {"name": "К", "interests": [a]})
    with company.system() as session:
        records.change(session, "account", account, {"interests": [a, unseen]})
        records.change(session, "account", account, {"interests": [b, unseen]})
        session.commit()
    entity = company.catalog.entity("account")
    with company.session(me) as session:
        happenings, _ = history(session, entity, account)
        told = [(c.field.key, c.old, c.new) for h in happenings for c in h.changes if c.field.key == "interests"]
    assert told == [("interests", (a,), (b,)), ("interests", None, (a,))]
    assert [h.action for h in happenings] == ["update", "create"], "the change that put in what he does not see is none for him"


def test_listeners_are_told_that_a_set_changed(company: Company, categories: tuple[int, int, int]) -> None:
    (account,) = company.make("account", {"name": "К"})
    with company.system() as session:
        records.change(session, "account", account, {"interests": [categories[0]]})
        session.commit()
        posted = session.execute(select(OutboxRow.payload).where(OutboxRow.key == f"account:{account}:2")).scalar()
    assert posted["fields"] == ["interests"]


def test_a_removed_target_keeps_its_place_in_sets_that_are_changed_meanwhile(company: Company, categories: tuple[int, int, int]) -> None:
    a, b, c = categories
    (account,) = company.make("account", {"name": "К", "interests": [a, c]})
    with company.system() as session:
        records.remove(session, "product_category", c)
        records.change(session, "account", account, {"interests": [b]})
        with pytest.raises(Invalid):
            records.change(session, "account", account, {"interests": [b, c]})
        session.commit()
    assert linked(company, account) == {b, c}


def test_two_links_of_one_pair_cannot_stand(company: Company, categories: tuple[int, int, int]) -> None:
    from sqlalchemy.exc import IntegrityError

    (account,) = company.make("account", {"name": "К", "interests": [categories[0]]})
    links = Base.metadata.tables["account__interests"]
    with company.engine.execution_options(writer=True).connect() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(links), {"owner_id": account, "target_id": categories[0]})
