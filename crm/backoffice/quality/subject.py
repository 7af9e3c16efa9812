"""What an area says of the quality of its records: which of them are looked at, and what may be wrong with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.likeness.duplicates import involved
from crm.messages import Label

MOST = 20_000  # records that a check names one by one
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """Something that may be wrong with a record: a condition that finds those records, or, where no condition can say it, their numbers (None
    when they are too many)."""

    key: str
    label: Label
    help: Label
    needs: tuple[str, ...] = ()
    where: Callable[[DataSession], Json] | None = None
    ids: Callable[[DataSession], list[int] | None] | None = None


@dataclass(frozen=True)
class Subject:
    """Records of an entity whose quality is looked at, by the report `name`; `base` chooses them, None takes all."""

    name: str
    entity: str
    important: tuple[str, ...]
    checks: tuple[Check, ...]
    base: Json | None = None
    base_needs: tuple[str, ...] = ()


def incomplete(important: tuple[str, ...]) -> Check:
    """One of the important fields is empty."""
    return Check(
        "incomplete", Label("Неповні", "Incomplete"), Label("Бракує бодай одного з важливих полів", "At least one of the important fields is empty"), important,
        where=lambda session: {"any": [{"field": key, "op": "empty"} for key in important]},
    )


def double(entity: str) -> Check:
    """There may be another record of the same thing, as far as the reader may know of both."""
    return Check(
        "duplicates", Label("Дублікати", "Duplicates"), Label("Можливо, є інший запис про те саме", "There may be another record of the same thing"),
        ids=lambda session: involved(session, session.catalog.entity(entity), MOST),
    )


def unowned() -> Check:
    """Nobody answers for it: no owner, or one who has left."""
    return Check(
        "unowned", Label("Нічиї", "Nobody’s"), Label("Без відповідального, або він уже не працює", "Without an owner, or he has left"), ("owner.active",),
        where=lambda session: {"any": [{"field": "owner", "op": "empty"}, {"field": "owner.active", "op": "eq", "value": False}]},
    )


def bad_phones(entity: str, fields: tuple[str, ...]) -> Check:
    """What stands for a phone is no number that can be dialled."""

    def found(session: DataSession) -> list[int] | None:
        source = session.table(entity)
        wrong = or_(*(source[key].is_not(None) & source[key].not_like("+%") for key in fields))
        rows = session.execute(select(source.id).where(source.visible, wrong).order_by(source.id).limit(MOST + 1)).scalars().all()
        return list(rows) if len(rows) <= MOST else None

    return Check(
        "bad_phones", Label("Мертві телефони", "Dead phones"), Label("Записане в полі телефону не є номером", "What stands in the phone is no number"), fields,
        ids=found,
    )
