"""What a user's session lets through and what it refuses. Every refusal stands beside the same thing done rightly."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, literal, literal_column, select, text, union_all, update
from sqlalchemy.orm import Session, aliased

from crm.backoffice import records
from crm.backoffice.guard import UserSession
from crm.errors import GuardRefusal, UnknownName
from crm.organization.models import User
from crm.sales.models import Deal
from tests.company import Company
from tests.conftest import Furnish

RULES = (
    {"entity": "deal", "actions": ["read", "create", "update", "delete"], "scope": "own", "fields": {"*": "edit", "amount": "hidden"}},
    {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read", "phone": "masked"}},
    {"entity": "stage_history", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
)


@pytest.fixture
def furnish() -> Furnish:
    return _narrowed


def _narrowed(engine: Engine) -> None:
    company = Company(engine)
    role = company.role("narrow", *RULES)
    me, other = company.person(role, name="Я"), company.person()
    accounts = company.make("account", {"name": "Моя", "owner": me, "phone": "+380441234567"}, {"name": "Чужа", "owner": other})
    company.make(
        "deal",
        *({"name": f"Угода {n}", "owner": owner, "account": account, "amount": Decimal(100 + n), "margin": Decimal(7)} for n, (owner, account) in
          enumerate([(me, accounts[0]), (other, accounts[1]), (me, accounts[1])])),
    )


@pytest.fixture
def mine(company: Company) -> Iterator[UserSession]:
    with company.system(write=False) as session:
        me = session.execute(select(User.id).where(User.name == "Я")).scalar_one()
    with company.session(me) as session:
        yield session


def refused(session: UserSession, statement: Any) -> None:
    with pytest.raises((GuardRefusal, UnknownName)):
        session.execute(statement).all()


def test_a_query_of_sealed_parts_shows_own_rows(mine: UserSession) -> None:
    deal = mine.table("deal")
    assert mine.execute(select(deal["name"]).where(deal.visible).order_by(deal["name"])).scalars().all() == ["Угода 0", "Угода 2"]


def test_rows_in_bulk_are_those_that_show_one_by_one(company: Company) -> None:
    narrow = company.person(company.role("narrow", *RULES))
    deals = company.make("deal", {"name": "Моя", "owner": narrow}, {"name": "Чужа"}, {"name": "У кошику", "owner": narrow})
    lead = company.stage("lead")
    moves = company.make("stage_history", *({"deal": deal, "stage": lead, "entered_at": datetime(2026, 3, 2, tzinfo=UTC)} for deal in deals), source="import")
    with company.system() as session:
        records.remove(session, "deal", deals[2])
        session.commit()
    for session, known in ((company.session(narrow), moves[:1]), (company.system(write=False), moves[:2])):
        with session as reader:
            move = reader.table("stage_history")
            each, in_bulk = (set(reader.execute(select(move.id).where(scope)).scalars()) & set(moves) for scope in (move.visible, move.visible_in_bulk))
            assert each == in_bulk == set(known)


def test_a_count_over_a_subquery_counts_own_rows(mine: UserSession) -> None:
    deal = mine.table("deal")
    inner = select(deal.id).where(deal.visible).subquery()
    assert mine.execute(select(func.count()).select_from(inner)).scalar_one() == 2


def test_a_union_of_scoped_parts_passes(mine: UserSession) -> None:
    parts = []
    for _ in range(2):
        deal = mine.table("deal")
        parts.append(select(deal.id).where(deal.visible))
    assert len(mine.execute(union_all(*parts)).all()) == 4


def test_a_source_without_its_scope_is_refused(mine: UserSession) -> None:
    refused(mine, select(mine.table("deal").id))


def test_a_scope_inside_or_does_not_count(mine: UserSession) -> None:
    deal = mine.table("deal")
    refused(mine, select(deal.id).where(deal.visible | (literal(1) == 1)))


def test_a_scope_of_another_source_does_not_count(mine: UserSession) -> None:
    deal, other = mine.table("deal"), mine.table("deal")
    refused(mine, select(deal.id, other.id).where(deal.visible))


def test_an_outer_join_scopes_only_its_right_side(mine: UserSession) -> None:
    deal, account = mine.table("deal"), mine.table("account")
    on = (account.id == deal["account"]) & account.visible
    joined = deal.table.outerjoin(account.table, on)
    rows = mine.execute(select(deal["name"], account["name"]).select_from(joined).where(deal.visible).order_by(deal["name"])).all()
    assert [tuple(r) for r in rows] == [("Угода 0", "Моя"), ("Угода 2", None)]
    refused(mine, select(deal["name"]).select_from(joined))
    refused(mine, select(deal["name"]).select_from(deal.table.outerjoin(account.table, (account.id == deal["account"]) & deal.visible)))


def test_rows_beside_their_record_show_with_it_and_only_where_it_stands_with_its_scope(mine: UserSession) -> None:
    deal, move, account = mine.table("deal"), mine.table("stage_history"), mine.table("account")
    joined = deal.table.join(move.table, move.beside(deal))
    named = select(deal["name"]).order_by(deal["name"])
    assert mine.execute(named.select_from(joined).where(deal.visible)).scalars().all() == ["Угода 0", "Угода 2"]
    refused(mine, named.select_from(joined))  # nobody says which deals
    refused(mine, select(move.id).select_from(move.table.join(account.table, account.visible)).where(move.beside(deal)))
    # an outer join leaves the rows whose record does not show; those are beside none
    outer = move.table.outerjoin(deal.table, (move["deal"] == deal.id) & deal.visible)
    assert mine.execute(select(func.count()).select_from(outer).where(move.beside(deal))).scalar_one() == 2
    refused(mine, select(func.count()).select_from(move.table.outerjoin(deal.table, move.beside(deal) & deal.visible)))
    inside = select(move.id).where(move.beside(deal)).correlate(deal.table).exists()
    assert len(mine.execute(select(deal.id).where(deal.visible, inside)).all()) == 2
    refused(mine, select(deal.id).where(inside))
    for wrong in (account, mine.table("deal", deleted=True)):
        with pytest.raises(ValueError, match="no parent"):
            move.beside(wrong)


@pytest.mark.parametrize("place", ["select", "where", "order", "group", "having", "aggregate", "case"])
def test_a_hidden_column_is_refused_wherever_it_stands(mine: UserSession, place: str) -> None:
    deal = mine.table("deal")
    hidden = deal.table.c.amount
    base = select(deal.id).where(deal.visible)
    refused(mine, {
        "select": select(hidden).where(deal.visible), "where": base.where(hidden > 1), "order": base.order_by(hidden), "group": base.group_by(hidden),
        "having": base.group_by(deal.id).having(func.max(hidden) > 1), "aggregate": select(func.sum(hidden)).where(deal.visible),
        "case": base.order_by(func.coalesce(hidden, 0).desc()),
    }[place])
    with pytest.raises(UnknownName):
        deal["amount"]


def test_a_sensitive_column_nobody_named_is_hidden(mine: UserSession) -> None:
    with pytest.raises(UnknownName):
        mine.table("deal")["margin"]


def test_a_masked_column_is_hidden_but_for_its_mask(mine: UserSession) -> None:
    account = mine.table("account")
    with pytest.raises(UnknownName):
        account["phone"]
    mask = account.masked("phone")
    shown = mine.execute(select(mask).where(account.visible)).scalars().all()
    assert len(shown) == 1 and shown[0] is not None and "441234567" not in shown[0]


@pytest.mark.parametrize("statement", [
    text("select id from deal"), select(text("id")).select_from(Deal.__table__), select(literal_column("margin")), select(Deal.__table__.c.id), select(Deal),
    select(Deal.id), select(aliased(Deal).id), select(func.pg_read_file("/etc/passwd")), select(func.load_extension("x")),
    insert(Deal).values(name="x"), update(Deal).values(name="x"), delete(Deal), insert(Deal.__table__).from_select(["name"], select(Deal.__table__.c.name)),
    select(Deal).from_statement(text("select * from deal")), select(literal(1)).select_from(text("deal")),
    select(Deal.__table__.alias().c.id), select(select(Deal.__table__.c.margin).scalar_subquery()),
], ids=lambda s: None)
def test_what_the_guard_does_not_understand_is_refused(mine: UserSession, statement: Any) -> None:
    refused(mine, statement)


@pytest.mark.parametrize("doing", [
    lambda s: s.connection(), lambda s: s.get(Deal, 1), lambda s: s.add(Deal(name="x")), lambda s: s.query(Deal), lambda s: s.merge(Deal(id=1)),
    lambda s: s.bulk_save_objects([]), lambda s: s.bulk_insert_mappings(Deal, []), lambda s: s.bulk_update_mappings(Deal, [{"id": 2}]),
    lambda s: s.execute(update(Deal), [{"id": 2, "name": "x"}]), lambda s: s.refresh(Deal(id=1)), lambda s: s.delete(Deal(id=1)),
    lambda s: s.scalars(text("select 1")), lambda s: s.scalar(select(Deal.__table__.c.id)),
], ids=range(13))
def test_the_session_has_no_other_door(mine: UserSession, doing: Any) -> None:
    with pytest.raises(GuardRefusal):
        doing(mine)


def test_the_connection_below_runs_only_what_passed(mine: UserSession) -> None:
    deal = mine.table("deal")
    mine.execute(select(deal.id).where(deal.visible))
    connection = Session.connection(mine)
    for statement in (text("select id from deal"), select(Deal.__table__.c.id)):
        with pytest.raises(GuardRefusal):
            connection.execute(statement)
    with pytest.raises(GuardRefusal):
        connection.exec_driver_sql("select id from deal")


def test_what_one_sight_sealed_another_session_refuses(mine: UserSession, company: Company) -> None:
    owner = company.person("owner")
    with company.session(owner, write=False) as wide:
        deal = wide.table("deal")
        statement = select(deal["amount"]).where(deal.visible)
        assert len(wide.execute(statement).all()) == 3
        refused(mine, statement)


def test_a_subquery_in_from_is_walked_too(mine: UserSession) -> None:
    deal = mine.table("deal")
    refused(mine, select(func.count()).select_from(select(deal.id).subquery()))
    refused(mine, select(select(deal.table.c.amount).where(deal.visible).subquery().c.amount))


def test_a_correlated_subquery_may_not_bring_in_an_unscoped_source(mine: UserSession) -> None:
    deal, other = mine.table("deal"), mine.table("deal")
    inner = select(func.count(other.id)).where(other["account"] == deal["account"])
    refused(mine, select(deal.id, inner.scalar_subquery()).where(deal.visible))
    scoped = inner.where(other.visible).correlate(deal.table).scalar_subquery()
    assert len(mine.execute(select(deal.id, scoped).where(deal.visible)).all()) == 2
