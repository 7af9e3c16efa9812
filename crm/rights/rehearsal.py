"""A change of a role before it is made: how many people gain or lose what on how many records. Counts only, and only those that whoever asks
could count himself."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, or_, select

from crm.backoffice.access import Access, Rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import ME
from crm.backoffice.conditions.tree import Leaf, Node, walk
from crm.backoffice.entities import Entity
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.saving.rights import STANDING
from crm.backoffice.sight import Sight
from crm.organization.models import Membership
from crm.permissions import accesses, today, would_be
from crm.rights.effects import Effect, effects, parent_of, touched
from crm.rights.known import rest_on_the_seen, sees_all

SECONDS = 6.0  # after which no further person is counted


@dataclass
class Outcome:
    """What changes for `people` persons: for each of them between `least` and `most` records."""

    entity: str
    field: str | None
    kind: str  # as in `Effect`
    people: int = 0
    least: int = 0
    most: int = 0

    def add(self, records: int) -> None:
        self.least = records if not self.people else min(self.least, records)
        self.most = max(self.most, records)
        self.people += 1


@dataclass
class Rehearsal:
    """`counted` of the `holders` of the role today were looked at (all, but where time or number forbade it); `untold` are entities whose
    counts would tell the one who asks more than he sees, `unclear` those of which nothing can be counted before it is done."""

    holders: int
    counted: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.counted == self.holders

    def as_dicts(self) -> list[dict[str, Any]]:
        """The form of `flask config plan`."""
        return [
            {"entity": o.entity, "field": o.field, "effect": o.kind, "people": o.people, "least": o.least, "most": o.most} for o in self.outcomes
        ]


def rehearse(
    engine: Engine, catalog: Catalog, role_id: int, code: str, rules: Sequence[Rule], *, asker: Sight | None = None, seconds: float = SECONDS,
    over: Catalog | None = None, unclear: Collection[str] = (),
) -> Rehearsal | None:
    """What would change for those who hold the role today, were these its rules. `asker` is the sight of whoever asks, None the operator; None
    when that person may not know who holds which role. `over` is what stands with what is only planned beside it, which the rules may ask for;
    of the entities `unclear` nothing is counted."""
    if asker is not None and not knows_people(asker):
        return None
    if asker is not None and over is not None:
        asker = Sight(asker.access, over, asker.reader)
    ends = time.monotonic() + seconds
    with system_session(engine, "rehearsal of a role", catalog, source="ui") as session:
        people = _holders(session, role_id, catalog)
        found = Rehearsal(len(people))
        outcomes: dict[tuple[str, str | None, str], Outcome] = {}
        known: dict[Any, list[Effect]] = {}
        untold: dict[str, None] = {}
        skipped: dict[str, None] = {}
        for before in accesses(engine, people, catalog):
            if found.counted and time.monotonic() > ends:
                break
            found.counted += 1
            if before.unlimited:
                continue
            after = would_be(engine, before, code, rules)
            for kind in ((over or catalog).entity(one.key) for one in touched(catalog, before, after)):
                if kind.key in unclear or parent_of(kind) in unclear:
                    skipped[kind.key] = None
                    continue
                if asker is not None and not _may_count(asker, kind, before, after):
                    untold[kind.key] = None
                    continue
                for one in _once(known, session, kind, before, after, over):
                    if asker is None or one.field is None or one.field in asker.readable(kind.key):
                        place = (one.entity, one.field, one.kind)
                        outcomes.setdefault(place, Outcome(*place)).add(one.records)
    found.outcomes, found.untold, found.unclear = list(outcomes.values()), list(untold), list(skipped)
    return found


def _holders(session: SystemSession, role_id: int, catalog: Catalog) -> list[int]:
    """Whoever holds the role today and still works here, and so the same people whom `accesses` knows."""
    held, day, user = Membership.__table__, today(catalog), catalog.entity("user").table
    query = select(held.c.user_id).distinct().join(user, user.c.id == held.c.user_id).where(
        held.c.role_id == role_id, held.c.deleted_at.is_(None), or_(held.c.since.is_(None), held.c.since <= day),
        or_(held.c.until.is_(None), held.c.until >= day), or_(held.c.taken_until.is_(None), held.c.taken_until > datetime.now(UTC)),
        user.c.deleted_at.is_(None), user.c.active.is_(True),
    )
    return sorted(session.execute(query).scalars())


def _once(
    known: dict[Any, list[Effect]], session: SystemSession, kind: Entity, before: Access, after: Access, over: Catalog | None,
) -> list[Effect]:
    """People for whom the rules mean the same records are counted once."""
    place = (kind.key, before.roles, *_personal(session.catalog, kind, before, after))
    if place not in known:
        known[place] = effects(session, kind, before, after, over)
    return known[place]


def _personal(catalog: Catalog, kind: Entity, before: Access, after: Access) -> Iterable[Any]:
    """What of the person the rules look at."""
    above = parent_of(kind)
    rules = [rule for access in (before, after) for key in (kind.key, above) if key for rule in access.of(key)]
    scopes = {rule.scope for rule in rules}
    yield before.user_id if "own" in scopes or any(_names_me(node) for node in _conditions(rules)) else None
    yield (before.department_id, before.departments, after.departments) if {"department", "department_tree"} & scopes else None
    yield (before.territories, after.territories) if "territory" in scopes else None
    yield (before.zone.key, before.today) if any(_conditions(rules)) else None


def _conditions(rules: Iterable[Rule]) -> list[Node]:
    return [node for rule in rules for node in (rule.where, *(mode.where for mode in (rule.fields or {}).values())) if node is not None]


def _names_me(node: Node) -> bool:
    return any(isinstance(part, Leaf) and (part.value == ME or (isinstance(part.value, list) and ME in part.value)) for part in walk(node))


# --- what may be told ----------------------------------------------------------------------------------------------


def knows_people(asker: Sight) -> bool:
    """Whether the one who asks sees every membership, role and person."""
    wanted = {"membership": ("user", "role", "since", "until"), "role": (), "user": ("active", "department", "territory")}
    return all(sees_all(asker, key, fields) for key, fields in wanted.items())


def _may_count(asker: Sight, kind: Entity, before: Access, after: Access) -> bool:
    """Whether he sees all the records and everything by which the rules tell them apart, so that he could count them himself."""
    above = parent_of(kind)
    for key in (kind.key, above):
        if key is None:
            continue
        entity = asker.catalog.entity(key)
        rules = [*before.of(key), *after.of(key)]
        standing = sorted(STANDING & entity.fields.keys()) if {r.scope for r in rules} - {"all", "none", "where"} else []
        if not sees_all(asker, key, standing) or not rest_on_the_seen(asker, entity, rules):
            return False
    return True
