"""Companies of several sizes and cities, and segments over them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.contacts.segments import counting
from crm.contacts.segments.models import SegmentMember
from tests.company import Company

MEMBER = SegmentMember.__table__
RICH = {"field": "revenue", "op": "gt", "value": "1000"}
IN_KYIV = {"field": "city", "op": "eq", "value": "Київ"}


def condition(node: Any) -> str:
    return json.dumps(node)


@pytest.fixture
def accounts(company: Company) -> dict[str, int]:
    """Three companies by name."""
    rows = {"Обрій": ("Київ", 5000), "Лан": ("Київ", 100), "Хвиля": ("Одеса", 9000)}
    made = company.make("account", *({"name": name, "city": city, "revenue": revenue} for name, (city, revenue) in rows.items()))
    return dict(zip(rows, made, strict=True))


@pytest.fixture
def dynamic(company: Company) -> Callable[..., int]:
    """Makes a dynamic segment and counts it."""

    def make(node: Any, of: str = "account", name: str = "Динамічний") -> int:
        (number,) = company.make("segment", {"name": name, "of": of, "kind": "dynamic", "condition": condition(node)})
        recount(company, number)
        return number

    return make


def recount(company: Company, number: int) -> bool:
    with company.system(source="job") as session:
        done = counting.count(session, number)
        session.commit()
    return done


def snapshot(company: Company, of: int) -> int:
    """A frozen segment of another one, filled."""
    (number,) = company.make("segment", {"name": "Знімок", "kind": "frozen", "frozen_from": of})
    freeze(company, number)
    return number


def freeze(company: Company, number: int) -> bool:
    with company.system(source="job") as session:
        done = counting.freeze(session, number)
        session.commit()
    return done


def seen(session: DataSession, segment: int, of: str = "account") -> set[int]:
    """Who is in the segment now, to this reader."""
    rows = session.table("segment_member")
    return set(session.execute(select(rows[of]).where(rows.visible, rows["current"] == segment)).scalars())


def stored(company: Company, segment: int) -> list[Any]:
    """Every membership as it is kept, in order."""
    with company.engine.connect() as connection:
        query = select(MEMBER).where(MEMBER.c.segment_id == segment, MEMBER.c.deleted_at.is_(None))
        return list(connection.execute(query.order_by(MEMBER.c.created_at, MEMBER.c.id)))
