"""The index of likeness: what each record is found by, kept by the one door; and the records that a reader sees and that resemble given values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Base, Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.likeness import evidence, words
from crm.backoffice.parts import in_parts
from crm.backoffice.sight import Source
from crm.backoffice.text import fold

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession
    from crm.backoffice.rules import Draft

MOST_KEYS = 12  # of one value
LOOKED_AT = 60  # records that share most keys, of which the likeness is worked out
ENOUGH = 0.84  # resemblance of names that is worth a look


class LikenessKey(Base):
    """One key by which a record is found in one of its fields."""

    __tablename__ = "likeness_key"
    __table_args__ = (Index("ix_likeness_found", "entity", "field", "key", "record_id"),)

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)


KEYS = LikenessKey.__table__


@dataclass(frozen=True)
class Likeness:
    """A record that resembles what was asked about: by which fields, and how much (1: one of them is the same)."""

    id: int
    fields: tuple[str, ...]
    much: float


def is_name(spec: Field) -> bool:
    """Whether the field is compared by sound; every other one is the same or is not."""
    return spec.type == "text"


def keys_of(spec: Field, value: Any) -> frozenset[str]:
    """What a value is found by."""
    if value is None or value == "":
        return frozenset()
    if is_name(spec):
        heard = words.heard(str(value))
        keys = heard.keys if len(heard.keys) <= MOST_KEYS else frozenset(sorted(heard.keys)[:MOST_KEYS])
        return keys | {heard.whole} if heard.whole else keys
    return frozenset({fold(str(value))[:80]})


# --- kept by the one door --------------------------------------------------------------------------------------------


def keep(session: "DataSession", kind: Entity, drafts: Iterable["Draft"]) -> None:
    """Bring the keys of written records up to date."""
    added: list[dict[str, Any]] = []
    gone: dict[str, list[int]] = {}
    for draft in drafts:
        for name in kind.declared.alike:
            spec = kind.fields[name]
            before = frozenset() if draft.is_new else keys_of(spec, draft.old.get(name))
            now = keys_of(spec, draft.new.get(name))
            if before == now:
                continue
            if not draft.is_new:
                gone.setdefault(name, []).append(draft.id)
            added += [{"entity": kind.key, "record_id": draft.id, "field": name, "key": key} for key in sorted(now)]
    for name, ids in gone.items():
        evidence.forget(session, kind.key, name, ids)
        for part in in_parts(ids):
            session.kernel(delete(KEYS).where(KEYS.c.entity == kind.key, KEYS.c.field == name, KEYS.c.record_id.in_(part)))
    if added:
        session.kernel(insert(KEYS), added)


# --- asked -----------------------------------------------------------------------------------------------------------


def resembling(session: "DataSession", kind: Entity, values: Mapping[str, Any], *, but: int | None = None, most: int = 5) -> list[Likeness]:
    """The records that this reader sees and that resemble `values`, the most alike first. Only fields that show to him on the record count, so
    nothing is told of what he may not see."""
    usable = set(session.sight.filterable(kind.key))
    asked = {name: values[name] for name in kind.declared.alike if name in usable and values.get(name) not in (None, "")}
    source = session.table(kind.key)
    candidates: dict[int, None] = {}
    for name, value in asked.items():
        candidates |= dict.fromkeys(_sharing(session, kind, source, name, value))
    candidates.pop(but or 0, None)
    if not candidates:
        return []
    query = lists.ListQuery(kind.key, tuple(asked), Leaf(("id",), "in", list(candidates)), (("id", False),), size=len(candidates))
    found = [one for row in lists.page(session, query).rows if (one := _judged(kind, asked, row)) is not None]
    return sorted(found, key=lambda one: (-one.much, one.id))[:most]


def _sharing(session: "DataSession", kind: Entity, source: Source, name: str, value: Any) -> Sequence[int]:
    spec = kind.fields[name]
    wanted = set(keys_of(spec, value))
    if is_name(spec):
        for other in words.other_layouts(str(value)):
            wanted |= keys_of(spec, other)
    shared = func.count()
    query = (
        select(KEYS.c.record_id).select_from(KEYS.join(source.table, source.table.c.id == KEYS.c.record_id))
        .where(KEYS.c.entity == kind.key, KEYS.c.field == name, KEYS.c.key.in_(sorted(wanted)), source.visible, source.shows(name))
        .group_by(KEYS.c.record_id).order_by(shared.desc(), KEYS.c.record_id.desc()).limit(LOOKED_AT)
    )
    return session.kernel(query).scalars().all()


def _judged(kind: Entity, asked: Mapping[str, Any], row: lists.RowView) -> Likeness | None:
    same: list[str] = []
    much = 0.0
    for name, value in asked.items():
        stored = row.values.get(name)
        if stored is None or isinstance(stored, lists.Masked):
            continue
        likeness = words.resemblance(str(stored), str(value), ENOUGH) if is_name(kind.fields[name]) else float(fold(str(stored)) == fold(str(value)))
        if likeness >= ENOUGH:
            same.append(name)
            much = max(much, likeness)
    return Likeness(row.id, tuple(same), much) if same else None
