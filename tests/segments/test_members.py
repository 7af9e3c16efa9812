"""Who comes into segments and leaves them, and what is kept of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.backoffice import records
from crm.backoffice.jobs import JobRow
from crm.backoffice.merging import merge
from crm.backoffice.undo import undo
from crm.errors import BramaError, Invalid
from tests.company import Company
from tests.segments.conftest import IN_KYIV, RICH, condition, freeze, recount, seen, snapshot, stored


@pytest.fixture
def static(company: Company) -> int:
    return company.make("segment", {"name": "Запрошені"})[0]


def now_in(company: Company, segment: int, of: str = "account") -> set[int]:
    with company.system(write=False) as session:
        return seen(session, segment, of)


def change(company: Company, entity: str, number: int, **values: Any) -> str:
    with company.system() as session:
        records.change(session, entity, number, values)
        session.commit()
        return session.batch


def test_who_is_added_by_hand_is_in_it_once_until_taken_out(company: Company, accounts: dict[str, int], static: int) -> None:
    one = accounts["Лан"]
    (member,) = company.make("segment_member", {"segment": static, "account": one})
    with pytest.raises(Invalid) as twice:
        company.make("segment_member", {"segment": static, "account": one})
    assert set(twice.value.fields) == {"account"}
    change(company, "segment_member", member, until=datetime.now(UTC))
    assert now_in(company, static) == set()
    company.make("segment_member", {"segment": static, "account": one})
    assert now_in(company, static) == {one}
    first, second = stored(company, static)
    assert (first.how, first.why_left, first.until is None) == ("hand", "hand", False)
    assert (second.how, second.why_left, second.until) == ("hand", None, None)


def test_one_who_stands_twice_among_those_added_is_refused(company: Company, accounts: dict[str, int], static: int) -> None:
    with pytest.raises(Invalid):
        company.make("segment_member", {"segment": static, "account": accounts["Лан"]}, {"segment": static, "account": accounts["Лан"]})
    assert stored(company, static) == []


def test_two_people_who_add_the_same_at_once_add_it_once(company: Company, accounts: dict[str, int], static: int) -> None:
    barrier, refused = Barrier(2), list[str]()

    def add() -> None:
        barrier.wait()
        try:
            company.make("segment_member", {"segment": static, "account": accounts["Лан"]})
        except BramaError as why:
            refused.append(type(why).__name__)

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(stored(company, static)) == 1


@pytest.mark.parametrize(("values", "at"), [
    ({"contact": True}, "contact"), ({}, "account"), ({"account": True, "since": datetime.now(UTC) + timedelta(days=2)}, "since"),
    ({"account": True, "since": datetime(2026, 3, 2, tzinfo=UTC), "until": datetime(2026, 3, 1, tzinfo=UTC)}, "until"),
])
def test_a_membership_that_makes_no_sense_is_refused(company: Company, accounts: dict[str, int], static: int, values: dict[str, Any], at: str) -> None:
    (person,) = company.make("contact", {"name": "Марта Ткач"})
    given = {"account": accounts["Лан"], "contact": person}
    with pytest.raises(Invalid) as refused:
        company.make("segment_member", {"segment": static, **{key: given[key] if value is True else value for key, value in values.items()}})
    assert set(refused.value.fields) == {at}


def test_a_dynamic_one_follows_its_condition_and_keeps_who_was_in_it(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    assert now_in(company, segment) == {accounts["Обрій"], accounts["Хвиля"]}
    change(company, "account", accounts["Обрій"], revenue=1)
    change(company, "account", accounts["Лан"], revenue=2000)
    recount(company, segment)
    recount(company, segment)  # once more changes nothing
    assert now_in(company, segment) == {accounts["Лан"], accounts["Хвиля"]}
    told = {row.account_id: (row.how, row.why_left, row.until is None) for row in stored(company, segment)}
    assert told == {
        accounts["Обрій"]: ("condition", "condition", False), accounts["Хвиля"]: ("condition", None, True), accounts["Лан"]: ("condition", None, True),
    }
    change(company, "account", accounts["Обрій"], revenue=3000)
    recount(company, segment)
    assert [row.until is None for row in stored(company, segment) if row.account_id == accounts["Обрій"]] == [False, True]


def test_a_changed_condition_is_asked_to_be_counted(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    change(company, "segment", segment, condition=condition(IN_KYIV))
    recount(company, segment)
    assert now_in(company, segment) == {accounts["Обрій"], accounts["Лан"]}
    with company.engine.connect() as connection:
        assert connection.execute(select(func.count()).where(JobRow.kind == "count_segment")).scalar() == 2


def test_nobody_is_put_into_a_dynamic_or_frozen_one_or_taken_out_by_hand(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    frozen = snapshot(company, segment)
    for number in (segment, frozen):
        member = stored(company, number)[0].id
        with pytest.raises(Invalid):
            company.make("segment_member", {"segment": number, "account": accounts["Лан"]})
        with pytest.raises(Invalid):
            change(company, "segment_member", member, until=datetime.now(UTC))
        with company.system() as session, pytest.raises(Invalid):
            records.remove(session, "segment_member", member)


def test_a_frozen_one_holds_what_the_other_held_at_that_moment(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    frozen = snapshot(company, segment)
    change(company, "account", accounts["Обрій"], revenue=1)
    recount(company, segment)
    change(company, "segment", segment, condition=condition(IN_KYIV))
    assert not recount(company, frozen)
    assert now_in(company, frozen) == {accounts["Обрій"], accounts["Хвиля"]}
    with company.system() as session:
        source = session.table("segment")
        assert session.execute(source.table.select().with_only_columns(source["condition"]).where(source.id == frozen)).scalar() == \
            '{"field":"revenue","op":"gt","value":"1000"}'
    for values in ({"condition": condition(IN_KYIV)}, {"kind": "static"}, {"of": "contact"}, {"frozen_from": None}):
        with pytest.raises(Invalid):
            change(company, "segment", frozen, **values)


def test_a_frozen_one_that_is_filled_later_holds_those_of_the_moment_when_it_was_made(
    company: Company, accounts: dict[str, int], dynamic: Callable[..., int]
) -> None:
    segment = dynamic(RICH)
    (frozen,) = company.make("segment", {"name": "Знімок", "kind": "frozen", "frozen_from": segment})
    change(company, "account", accounts["Обрій"], revenue=1)
    change(company, "account", accounts["Лан"], revenue=2000)
    recount(company, segment)
    assert freeze(company, frozen)
    assert now_in(company, frozen) == {accounts["Обрій"], accounts["Хвиля"]}
    assert not freeze(company, frozen)
    assert len(stored(company, frozen)) == 2


@pytest.mark.parametrize("values", [
    {"kind": "dynamic"}, {"kind": "static", "condition": condition(IN_KYIV)}, {"kind": "frozen"}, {"kind": "dynamic", "condition": "not json"},
    {"kind": "dynamic", "condition": condition({"field": "nothing", "op": "eq", "value": 1})},
    {"kind": "dynamic", "condition": condition({"field": "revenue", "op": "gt", "value": "багато"})},
    {"kind": "dynamic", "condition": condition({"field": "owner", "op": "eq", "value": "@me"})},
    {"kind": "dynamic", "condition": condition({"field": "segments.current", "op": "eq", "value": 1})},
    {"kind": "dynamic", "condition": condition({"count": "segments", "op": "gt", "value": 0})},
])
def test_a_segment_that_makes_no_sense_is_refused(company: Company, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        company.make("segment", {"name": "Сегмент", **values})
    assert set(refused.value.fields) <= {"condition", "frozen_from"}


def test_of_merged_records_one_membership_stays_and_comes_back(company: Company, accounts: dict[str, int], dynamic: Callable[..., int], static: int) -> None:
    into, going = accounts["Обрій"], accounts["Хвиля"]
    rich = dynamic(RICH)
    frozen = snapshot(company, rich)
    company.make("segment_member", {"segment": static, "account": into}, {"segment": static, "account": going})
    (other,) = company.make("segment", {"name": "Інший"})
    company.make("segment_member", {"segment": other, "account": going})
    with company.system() as session:
        merge(session, "account", into, [going], {})
        session.commit()
        batch = session.batch
    for number in (static, rich, frozen, other):
        assert now_in(company, number) == {into}
        assert [row.account_id for row in stored(company, number) if row.until is None] == [into]
    assert {row.why_left for row in stored(company, static) if row.until} == {"merge"}
    recount(company, rich)
    assert now_in(company, rich) == {into}
    with company.system() as session:
        undo(session, batch)
        session.commit()
    for number in (static, frozen):
        assert now_in(company, number) == {into, going}
    assert now_in(company, other) == {going}


def test_who_is_in_the_recycle_bin_is_in_no_segment(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    with company.system() as session:
        records.remove(session, "account", accounts["Хвиля"])
        session.commit()
    assert now_in(company, segment) == {accounts["Обрій"]}
    recount(company, segment)
    with company.system() as session:
        records.restore(session, "account", accounts["Хвиля"])
        session.commit()
    recount(company, segment)
    assert now_in(company, segment) == {accounts["Обрій"], accounts["Хвиля"]}


def test_undo_takes_out_who_was_added_and_brings_back_who_left(company: Company, accounts: dict[str, int], static: int) -> None:
    with company.system() as session:
        records.create_many(session, "segment_member", [{"segment": static, "account": accounts[name]} for name in ("Лан", "Обрій")])
        session.commit()
        added = session.batch
    with company.system() as session:
        assert undo(session, added).undone == 2
        session.commit()
    assert now_in(company, static) == set()
    (member,) = company.make("segment_member", {"segment": static, "account": accounts["Лан"]})
    left = change(company, "segment_member", member, until=datetime.now(UTC))
    with company.system() as session:
        assert undo(session, left).undone == 1
        session.commit()
    assert now_in(company, static) == {accounts["Лан"]}
