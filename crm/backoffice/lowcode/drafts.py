"""Changes of the configuration that an administrator has kept and not published: his own, until he publishes them together or throws them away."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Table, Text, UniqueConstraint, delete, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.guard import SystemSession
from crm.backoffice.types import UtcMoment
from crm.errors import BadRequest
from crm.messages import m

Raw = Mapping[str, Any]
MOST_KEPT = 100  # of one person
LONGEST = 500_000  # characters of what was typed in one


class DraftRow(Base):
    """A change of one thing, kept by one person."""

    __tablename__ = "config_draft"
    __table_args__ = (UniqueConstraint("user_id", "what"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    what: Mapped[str] = mapped_column(String(255))  # the thing that changes, as `things` names it
    subjects: Mapped[str] = mapped_column(Text)  # what others are told of, each between commas: ,entity:<key>,picklist:<key>,
    title: Mapped[str] = mapped_column(String(255))
    page: Mapped[str] = mapped_column(String(500))  # the address of the form
    typed: Mapped[list[Any]] = mapped_column(JSON)  # pairs of control and value
    said: Mapped[dict[str, Any]] = mapped_column(JSON)  # as a configuration file says it
    base: Mapped[int]  # the version over which it was made
    kept_at: Mapped[datetime] = mapped_column(UtcMoment())


TABLE: Table = DraftRow.metadata.tables["config_draft"]


@dataclass(frozen=True)
class Draft:
    """One kept change."""

    id: int
    what: str
    title: str
    page: str
    typed: list[tuple[str, str]]
    said: Raw
    base: int
    kept_at: datetime


@dataclass(frozen=True)
class Elsewhere:
    """Somebody's open draft of the same thing, of which no more is told than that."""

    user_id: int
    kept_at: datetime


def things(said: Raw) -> list[tuple[str, str]]:
    """What a file of one change names: the thing, and the entity or picklist of which others are told."""
    found = [(f"entity:{key}", f"entity:{key}") for key in said.get("entities", {})]
    found += [(f"field:{entity}.{one.get('renamed_from') or key}", f"entity:{entity}") for entity, named in said.get("fields", {}).items()
              for key, one in named.items()]
    found += [(f"check:{entity}.{key}", f"entity:{entity}") for entity, named in said.get("checks", {}).items() for key in named]
    found += [(f"picklist:{key}", f"picklist:{key}") for key in said.get("picklists", {})]
    found += [(f"merge:{key}.{old}", f"picklist:{key}") for key, pairs in said.get("merged", {}).items() for old in pairs]
    for key, one in said.get("pipelines", {}).items():
        stages = one.get("stages", ())
        place = f"{key}.{stages[0]['key']}" if len(stages) == 1 else key  # of one stage alone: what it asks for
        found.append((f"pipeline:{place}", f"entity:{one.get('entity', 'deal')}"))
    found += [(f"stages:{key}.{old}", "entity:deal") for key, pairs in said.get("merged_stages", {}).items() for old in pairs]
    found += [(f"condition:{key}", f"entity:{one['entity']}" if one else f"condition:{key}") for key, one in said.get("conditions", {}).items()]
    for entity, one in said.get("layouts", {}).items():
        found += [(f"layout:{entity}.{role}", f"entity:{entity}") for role in one.get("roles", {"": None})]
    return found + [(f"removal:{one}", f"entity:{one.split('.')[0]}") for one in said.get("removed", ())]


def what(said: Raw) -> str:
    """What a change is known by: two of the same things are one draft."""
    whole = ",".join(what for what, _ in things(said))
    return whole if len(whole) <= 255 else f"{whole[:190]}…{sha256(whole.encode()).hexdigest()}"


def subjects(said: Raw) -> list[str]:
    """The entities and picklists that a file concerns."""
    return list(dict.fromkeys(subject for _, subject in things(said)))


def keep(session: SystemSession, user_id: int, title: str, page: str, typed: list[tuple[str, str]], said: Raw, base: int) -> None:
    """Keep a change; one of the same thing is replaced. Raises BadRequest."""
    if len(json.dumps([typed, said])) > LONGEST or len(page) > 500:
        raise BadRequest(m("This is too long for a draft: publish it, or bring it in with a file."))
    found = things(said)
    if not found:
        raise BadRequest(m("Nothing would change."))
    named = what(said)
    session.execute(delete(TABLE).where(TABLE.c.user_id == user_id, TABLE.c.what == named))
    number = session.execute(select(func.count()).select_from(TABLE).where(TABLE.c.user_id == user_id)).scalar_one()
    if number >= MOST_KEPT:
        raise BadRequest(m("A draft holds at most %(count)s changes: publish some of them first.", count=MOST_KEPT))
    session.execute(insert(TABLE).values(
        user_id=user_id, what=named, subjects=f",{','.join(subjects(said))},", title=title[:255], page=page, typed=[list(one) for one in typed],
        said=dict(said), base=base, kept_at=datetime.now(UTC),
    ))


def of(session: SystemSession, user_id: int) -> list[Draft]:
    """What a person has kept, in the order in which he did."""
    rows = session.execute(select(TABLE).where(TABLE.c.user_id == user_id).order_by(TABLE.c.id)).all()
    return [Draft(r.id, r.what, r.title, r.page, [(name, value) for name, value in r.typed], r.said, r.base, r.kept_at) for r in rows]


def stamp(kept: Iterable[Draft]) -> str:
    """What changes as soon as one of the kept changes does: a change that is kept again is a new row."""
    return sha256(json.dumps([(one.id, one.kept_at.isoformat()) for one in kept]).encode()).hexdigest()[:32]


def throw_away(session: SystemSession, user_id: int, ids: Iterable[int]) -> list[str]:
    """Forget these of a person's own; their titles."""
    chosen = (TABLE.c.user_id == user_id) & TABLE.c.id.in_(list(ids))
    titles = list(session.execute(select(TABLE.c.title).where(chosen).order_by(TABLE.c.id)).scalars())
    session.execute(delete(TABLE).where(chosen))
    return titles


def published(session: SystemSession, user_id: int, said: Raw) -> None:
    """What is in force is no draft any more."""
    session.execute(delete(TABLE).where(TABLE.c.user_id == user_id, TABLE.c.what == what(said)))


def rebase(session: SystemSession, user_id: int, version: int) -> None:
    """The person has seen what stands at `version` and goes on with his own."""
    session.execute(update(TABLE).where(TABLE.c.user_id == user_id, TABLE.c.base < version).values(base=version))


def elsewhere(session: SystemSession, user_id: int, concerned: Collection[str]) -> list[Elsewhere]:
    """Who else keeps changes of these entities and picklists, each person once, the newest first."""
    if not concerned:
        return []
    newest = func.max(TABLE.c.kept_at)
    meant = or_(*(TABLE.c.subjects.contains(f",{one},", autoescape=True) for one in concerned))
    query = select(TABLE.c.user_id, newest).where(meant, TABLE.c.user_id != user_id).group_by(TABLE.c.user_id)
    return [Elsewhere(number, at) for number, at in session.execute(query.order_by(newest.desc()).limit(20)).all()]
