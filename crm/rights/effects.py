"""What one person gains and loses when his rights become others: records and fields counted by the database, one query an entity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select, true

from crm.backoffice.access import ACTIONS, APART, Access, Action, Rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.grants import Grants
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.planned import as_it_stands
from crm.backoffice.saving.rights import places
from crm.backoffice.sight import READ, Sight, Source
from crm.organization.comparing import same_rule

COUNTED: tuple[Action, ...] = tuple(a for a in ACTIONS if a not in APART)
Key = tuple[str | None, str]  # the field (None: the record), and what becomes of it
LOSE, GAIN, HIDE, SHOW, WEAKEN, WIDEN = "lose", "gain", "hide", "show", "weaken", "widen"


@dataclass(frozen=True)
class Effect:
    """What becomes of some records of an entity, or of a field on them, for one person. `kind`: `lose_read`, `gain_export` … of records (of
    `create` and `configure` the count says only that it is so: 1); `hide` and `show` of a field, `weaken` and `widen` where it stays shown or stays hidden."""

    entity: str
    field: str | None
    kind: str
    records: int


def touched(catalog: Catalog, before: Access, after: Access) -> list[Entity]:
    """The entities about which the rules differ, and the rows that are seen with their records."""
    named = {key for key in {*before.rules, *after.rules} if not _alike(before.of(key), after.of(key))}
    found = [e for e in catalog.entities.values() if e.key in named]
    return found + [e for e in catalog.entities.values() if e.key not in named and parent_of(e) in named]


def parent_of(entity: Entity) -> str | None:
    """The entity with whose records these rows are seen."""
    return entity.fields[entity.parent].target if entity.parent else None


def effects(session: SystemSession, kind: Entity, before: Access, after: Access, over: Catalog | None = None) -> list[Effect]:
    """What changes about one entity; nothing of whose records it is. `over` is a catalog, `kind` of it, with fields and kinds of records that are only
    planned: rules may ask for them, and nothing is told of them."""
    found = [Effect(kind.key, None, effect, 1) for effect in _apart(kind, before, after)]
    old, new = (Side(over or session.catalog, kind, access, name) for access, name in ((before, "o"), (after, "n")))
    standing = (spec for spec in kind.fields.values() if spec.number >= 0)
    differing = [spec for spec in standing if not all(alike(a, b) for a, b in zip(old.modes(spec), new.modes(spec), strict=True))]
    # Most fields get what the others get, so that they are counted together.
    together: dict[Any, list[Field]] = {}
    for spec in differing:
        together.setdefault((old.rests_on(spec), new.rests_on(spec)), []).append(spec)
    fields = [group[0] for group in together.values()]
    # Each rule is tried once on each record; what follows from the answers is worked out of those, not of the rules again.
    tried = old.tried([*COUNTED], fields) | new.tried([*COUNTED], fields)
    if over is not None:
        tried = {name: as_it_stands(test) for name, test in tried.items()}
    inner = select(*(test.label(name) for name, test in tried.items())).select_from(old.source.table).where(old.alive).offset(0).subquery()
    answers = inner.c
    levels = [level.label(f"{side.name}_{spec.key}") for spec in fields for side in (old, new) for level in (side.level(spec, answers),)]
    acts = [side.on(action, answers).label(f"{side.name}_on_{action}") for action in COUNTED for side in (old, new)]
    middle = select(*acts, *levels).select_from(inner).offset(0).subquery().c
    counts: dict[Key, ColumnElement[bool]] = {}
    for action in COUNTED:
        was, becomes = (middle[f"{name}_on_{action}"] for name in ("o", "n"))
        counts |= {(None, f"{LOSE}_{action}"): and_(was == 1, becomes == 0), (None, f"{GAIN}_{action}"): and_(was == 0, becomes == 1)}
    both = and_(middle.o_on_read == 1, middle.n_on_read == 1)
    for spec in fields:
        counts |= {(spec.key, name): and_(both, test) for name, test in _levels(middle[f"o_{spec.key}"], middle[f"n_{spec.key}"])}
    row = session.execute(select(*(func.coalesce(func.sum(case((test, 1), else_=0)), 0).label(f"c{n}") for n, test in enumerate(counts.values())))).one()
    sharing: dict[str | None, list[str | None]] = {group[0].key: [spec.key for spec in group] for group in together.values()}
    numbers = [(key, name, int(number)) for (key, name), number in zip(counts, row, strict=True) if number]
    return found + [Effect(kind.key, field, name, number) for key, name, number in numbers for field in sharing.get(key, [key])]


class Side:
    """One of the two rights over an alias of the table that both share: grants as predicates over what `tried` selects."""

    def __init__(self, catalog: Catalog, kind: Entity, access: Access, name: str) -> None:
        self.kind, self.name = kind, name
        self.sight = Sight(access, catalog, Reader(access.language, access.zone, access.today, catalog))
        self.source: Source = self.sight.table(kind.key)
        self.names: dict[tuple[int, int], str] = {}

    @property
    def alive(self) -> ColumnElement[bool]:
        """Every record that is not deleted, whoever sees it."""
        columns = self.source.table.c
        return columns.deleted_at.is_(None) if "deleted_at" in columns else true()

    def records(self, *actions: Action) -> Grants:
        """Export is of what is also read, by the same rule."""
        wanted = frozenset(actions) | (READ if "export" in actions else frozenset())
        return self.sight.records(self.kind, wanted)

    def modes(self, spec: Field) -> tuple[Grants, ...]:
        """Everything on which it rests how the field shows."""
        grants, edit = self.sight.grants, frozenset[Action]({"update"})
        given = (grants(self.kind, spec, READ, "masked"), grants(self.kind, spec, READ, "read"), grants(self.kind, spec, edit, "edit"))
        return (*given, self.records("update"), *([self.records("assign")] if spec.key in places(self.kind) else []))

    def rests_on(self, spec: Field) -> tuple[Any, ...]:
        """The same for fields that show alike."""
        kinds = tuple(tuple((id(g.rule), id(g.condition)) for g in some) for given in self.modes(spec) for some in (given.allowed, given.denied))
        return (spec.system or spec.derived, spec.key in places(self.kind), kinds)

    def tried(self, actions: Sequence[Action], fields: Sequence[Field]) -> dict[str, ColumnElement[Any]]:
        """Whether each record is seen, and whether each rule and condition that matters holds on it: 0 or 1, by name."""
        found: dict[str, ColumnElement[Any]] = {f"{self.name}_seen": _bit(self.source.visible)}
        for given in (*(self.records(a) for a in actions), *(g for spec in fields for g in self.modes(spec))):
            for grant in (*given.allowed, *given.denied):
                place = (id(grant.rule), id(grant.condition))
                if not grant.everywhere and place not in self.names:
                    self.names[place] = f"{self.name}_{len(self.names)}"
                    found[self.names[place]] = _bit(self.source._term(grant))
        return found

    def on(self, action: Action, answers: Any) -> ColumnElement[int]:
        """1 where the person may do it: nothing without seeing the record."""
        seen = answers[f"{self.name}_seen"] == 1
        return _bit(seen if action == "read" else and_(seen, self._holds(self.records(action), answers)))

    def level(self, spec: Field, answers: Any) -> ColumnElement[int]:
        """3 where the field may be changed, 2 where it shows, 1 where its mask does, 0 where it is hidden: of a record that is seen."""
        masked, read, *edit = (self._holds(given, answers) for given in self.modes(spec))
        changed = false() if spec.system or spec.derived else and_(read, *edit)
        return case((changed, 3), (read, 2), (masked, 1), else_=0)

    def _holds(self, given: Grants, answers: Any) -> ColumnElement[bool]:
        if given.never:
            return false()
        allowed, denied = (
            [true() if g.everywhere else answers[self.names[id(g.rule), id(g.condition)]] == 1 for g in some] for some in (given.allowed, given.denied)
        )
        return and_(or_(*allowed), *(not_(one) for one in denied))


def _bit(test: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where it is true, 0 where it is false or unknown."""
    return case((test, 1), else_=0)


def _levels(before: ColumnElement[int], after: ColumnElement[int]) -> Iterator[tuple[str, ColumnElement[bool]]]:
    yield HIDE, and_(before >= 2, after < 2)
    yield SHOW, and_(before < 2, after >= 2)
    yield WEAKEN, and_(before > after, or_(before < 2, after >= 2))
    yield WIDEN, and_(before < after, or_(before >= 2, after < 2))


def _apart(kind: Entity, before: Access, after: Access) -> Iterator[str]:
    """What concerns no record that stands: making records, and configuring the entity."""
    for action, was, becomes in (
        ("create", before.may(kind.key, "create"), after.may(kind.key, "create")), ("configure", before.configures(kind.key), after.configures(kind.key)),
    ):
        if was != becomes:
            yield f"{LOSE if was else GAIN}_{action}"


def _alike(one: Sequence[Rule], other: Sequence[Rule]) -> bool:
    return len(one) == len(other) and all(any(same_rule(rule, also) for also in other) for rule in one) and all(
        any(same_rule(rule, also) for also in one) for rule in other)


def alike(one: Grants, other: Grants) -> bool:
    """Whether two grants admit the same by the same rules."""
    return all(
        len(mine) == len(theirs) and all(any(g.condition == h.condition and same_rule(g.rule, h.rule) for h in theirs) for g in mine)
        and all(any(g.condition == h.condition and same_rule(g.rule, h.rule) for g in mine) for h in theirs)
        for mine, theirs in ((one.allowed, other.allowed), (one.denied, other.denied))
    )
