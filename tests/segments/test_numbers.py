"""The number of a membership tells nothing of others: neither how many there are, nor which a job has written."""

from collections.abc import Callable, Mapping
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import update

from crm.backoffice.personal import mentions
from crm.backoffice.saving import numbers
from crm.contacts.segments import counting
from tests.company import Company
from tests.segments.conftest import MEMBER, RICH, recount, snapshot, stored


@pytest.fixture
def static(company: Company) -> int:
    return company.make("segment", {"name": "Запрошені"})[0]


def next_ones(company: Company, *joined: Mapping[str, Any]) -> list[int]:
    """The numbers that new memberships would get now."""
    with company.system() as session:
        return numbers.next_ids(session, company.catalog.entity("segment_member"), joined)


def test_what_a_job_writes_moves_no_number(company: Company, accounts: dict[str, int], dynamic: Callable[..., int], static: int) -> None:
    mine = {"segment": static, "account": accounts["Лан"]}
    before = next_ones(company, mine)
    segment = dynamic(RICH)
    snapshot(company, segment)
    assert company.make("segment_member", mine) == before


def test_a_job_and_a_hand_give_the_same_numbers(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic({"field": "city", "op": "eq", "value": "Ніде"})
    wanted = next_ones(company, *({"segment": segment, "account": accounts[name]} for name in ("Обрій", "Хвиля")))
    with company.system() as session:
        session.kernel(update(counting.SEGMENT).where(counting.SEGMENT.c.id == segment).values(condition='{"field":"revenue","op":"gt","value":"1000"}'))
        session.commit()
    recount(company, segment)
    assert {row.account_id: row.id for row in stored(company, segment)} == dict(zip((accounts["Обрій"], accounts["Хвиля"]), wanted, strict=True))


def test_who_joins_once_more_has_another_number(company: Company, accounts: dict[str, int], dynamic: Callable[..., int]) -> None:
    segment = dynamic(RICH)
    for _ in range(3):
        with company.system() as session:
            session.kernel(update(MEMBER).values(current_id=None))
            session.commit()
        recount(company, segment)
    found = [row.id for row in stored(company, segment)]
    assert len(found) == len(set(found)) == 8
    assert all(1 <= number <= numbers.HIGHEST for number in found)


def test_a_taken_number_is_given_to_nobody_else(company: Company, accounts: dict[str, int], static: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "HIGHEST", 4)
    made = company.make("segment_member", *({"segment": static, "account": one} for one in accounts.values()))
    (other,) = company.make("segment", {"name": "Інший"})
    made += company.make("segment_member", {"segment": other, "account": accounts["Лан"]})
    assert sorted(made) == [1, 2, 3, 4]


def test_those_who_write_at_once_get_different_numbers(
    company: Company, accounts: dict[str, int], static: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "HIGHEST", 6)
    segments = [static, *company.make("segment", {"name": "Інший"})]
    barrier, made = Barrier(2), list[int]()

    def add(segment: int) -> None:
        barrier.wait()
        made.extend(company.make("segment_member", *({"segment": segment, "account": one} for one in accounts.values())))

    threads = [Thread(target=add, args=(segment,)) for segment in segments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [1, 2, 3, 4, 5, 6]


def test_rows_whose_numbers_stand_far_apart_are_looked_through_in_few_parts(
    company: Company, accounts: dict[str, int], static: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "CHUNK", 2)
    made = company.make("segment_member", *({"segment": static, "account": one} for one in accounts.values()))
    with company.system() as session:
        parts = list(mentions._ranges(session, MEMBER, [MEMBER.c.id]))
        found = [number for part in parts for number in session.kernel(MEMBER.select().with_only_columns(MEMBER.c.id).where(part)).scalars()]
    assert len(parts) == 2
    assert sorted(found) == sorted(made)
