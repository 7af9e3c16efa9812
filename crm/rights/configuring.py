"""What data is made of, changed in the name of a person: planned, judged, put in force, taken back — all by the document of a configuration file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from crm.backoffice import versions
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode import made_apply
from crm.backoffice.lowcode.apply import Applied, apply, foreseen, still_needed, undoing
from crm.backoffice.lowcode.adding import missing, standing_otherwise
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.document import Document, from_raw, read
from crm.backoffice.lowcode.made_plan import LOSING, without_dropped, without_repeats, without_spent
from crm.backoffice.lowcode.packages import PackageSpec
from crm.backoffice.lowcode.parsing import only
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.lowcode.reconciling import Clash, brought_over, combined, since
from crm.backoffice.lowcode.uses import told as use_in_words
from crm.backoffice.saving.next_numbers import Next
from crm.backoffice.sight import Sight
from crm.errors import BadRequest, Invalid, NotFound
from crm.messages import m
from crm.permissions import access_now
from crm.rights.conditions_judged import judge_conditions
from crm.rights.configuring_judged import judge, may_configure_picklist, seen_whole
from crm.rights.numbering import next_numbers
from crm.rights.option_merges import judge_merges, sees_holders
from crm.rights.planned_rights import PlannedRole, planned_roles
from crm.rights.stage_changes import judge_stages, sees_standing
from crm.rights.stage_requirements import judge_requirements, sees_moves

SECTIONS = ("entities", "fields", "checks", "removed", "conditions", "picklists", "layouts", "merged", "pipelines", "merged_stages")  # of a file, on data
KINDS = frozenset({"entity", "field", "rule", "picklist", "option", "layout", "pipeline", "stage", "condition", "requirement", "moves"})  # of changes
MOST_VERSIONS = 200
REPEATED = m("Several records hold the same value, so the field cannot be unique.")
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What somebody wants, over the configuration in force; `clashes` are what others have changed as well since he began."""

    document: Document
    clashes: tuple[Clash, ...] = ()


Making = Callable[[SystemSession], Asked]


class Outdated(Exception):
    """The same things have changed since the plan was shown, or since it was begun."""


class Unagreed(Exception):
    """Values may be lost or converted, and nobody has agreed to it."""


@dataclass(frozen=True)
class Plan:
    """What would change over the version in force. `told`: of each change whether its reader may know how many records it touches."""

    version: int
    changes: tuple[Change, ...]
    told: tuple[bool, ...]
    before: Catalog
    after: Catalog
    document: Document
    clashes: tuple[Clash, ...] = ()
    numbers: Mapping[tuple[str, str], list[Next]] = field(default_factory=dict)  # of fields whose mask changes: what is given next, as far as it may be told
    roles: tuple[PlannedRole, ...] = ()  # those whose rights change

    @property
    def loses(self) -> bool:
        """Whether values may be lost or converted; said also where there may be none, when their number is a secret."""
        pairs = zip(self.changes, self.told, strict=True)
        return any(c.kind in ("entity", "field") and c.effect in LOSING and (c.records or not told) for c, told in pairs)


@dataclass(frozen=True)
class Past:
    """A version that concerns data alone: its number, when and by whom, and what it changed."""

    version: int
    at: Any
    actor_id: int | None
    changes: tuple[Change, ...]


def of_raw(raw: Raw, base: int = 0) -> Making:
    """The document of what a screen has put together over the version `base`; 0: over what is in force."""
    return of_pieces([(raw, base)])


def of_pieces(pieces: Sequence[tuple[Raw, int]]) -> Making:
    """The same of several changes, each over a version of its own."""

    def make(session: SystemSession) -> Asked:
        clashes: list[Clash] = []
        found: list[Raw] = []
        for raw, base in pieces:
            only(raw, SECTIONS, m("the file"))
            over, both = brought_over(session, raw, base) if base else (raw, [])
            found.append(over)
            clashes += both
        return Asked(from_raw(combined(found), session.catalog), tuple(clashes))

    return make


def of_package(text: str, *, whole: bool) -> Making:
    """The document of a package, or the part of it that is not there yet."""

    def make(session: SystemSession) -> Asked:
        document = read(text, session.catalog)
        return Asked(document if whole else missing(session, document))

    return make


@dataclass(frozen=True)
class Compared:
    """A package beside what is in force: how many changes would add to it, and what stands otherwise; `after` is the catalog it would make."""

    package: PackageSpec
    adds: int
    others: tuple[Change, ...]
    after: Catalog


def compared(engine: Engine, catalog: Catalog, user_id: int, text: str) -> Compared:
    """Raises BadRequest for what is no package."""
    with working(engine, catalog, user_id, write=False) as session:
        document = read(text, session.catalog)
        if document.package is None:
            raise BadRequest(m("The file is no package."))
        others = tuple(standing_otherwise(session, document))
        return Compared(document.package, len(plan(session, missing(session, document))), others, foreseen(session.catalog, document))


def of_undo(version: int, *, everything: bool = False) -> Making:
    """The document that brings back what a version changed. Raises NotFound for one that changed anything but data, unless `everything` is meant."""

    def make(session: SystemSession) -> Asked:
        row = session.execute(select(ConfigVersion.changes).where(ConfigVersion.id == version)).first()
        if row is None or not (everything or {change["kind"] for change in row.changes} <= KINDS):
            raise NotFound(m("There is no version %(version)s of the configuration.", version=version))
        return Asked(undoing(session, version))

    return make


def planned(engine: Engine, catalog: Catalog, user_id: int, making: Making) -> Plan:
    """What would be done, with what becomes of values whose type changes. Raises BadRequest, Forbidden, NotFound."""
    with working(engine, catalog, user_id, write=False) as session:
        return _planned(session, engine, user_id, making, reports=True)


def publish(
    engine: Engine, catalog: Catalog, user_id: int, making: Making, version: int, *, agreed: bool, closing: Callable[[SystemSession], None] | None = None,
) -> Applied:
    """Put it in force as it was planned over a version; what others have published since does not matter as long as it is about other things.
    `closing` is done in the same transaction. Raises Outdated, Unagreed, BadRequest, Forbidden, Invalid, Busy."""
    with working(engine, catalog, user_id, write=True) as session:
        versions.one_at_a_time(session)
        later = since(session, version)
        found = _planned(session, engine, user_id, making)
        touched = {(change.kind, change.entity, change.field) for change in found.changes}
        if found.clashes or any(touched & one.touched for one in later):
            raise Outdated
        if found.loses and not agreed:
            raise Unagreed
        try:
            applied = apply(session, found.document)
            if closing is not None:
                closing(session)
        except IntegrityError:  # the index of a field that is to be unique
            raise Invalid({"unique": REPEATED}) from None
        session.commit()
    return applied


def past(engine: Engine, catalog: Catalog, access: Access) -> list[Past]:
    """The versions that changed data that this person may configure, the newest first; whoever is limited by nothing is told of all."""
    row = ConfigVersion.__table__
    with working(engine, catalog, access.user_id, write=False) as session:
        found = session.execute(select(row.c.id, row.c.at, row.c.actor_id, row.c.changes).order_by(row.c.id.desc()).limit(MOST_VERSIONS)).all()
    made = (Past(one.id, one.at, one.actor_id, tuple(map(Change.recorded, one.changes))) for one in found)
    if access.unlimited:
        return [one for one in made if one.changes]
    return [one for one in made if one.changes and {c.kind for c in one.changes} <= KINDS and all(_concerns(catalog, access, c) for c in one.changes)]


def _concerns(catalog: Catalog, access: Access, change: Change) -> bool:
    if change.kind in ("picklist", "option"):
        return may_configure_picklist(access, catalog, change.entity)
    return access.configures(change.entity if change.entity in catalog.entities else "*")


def working(engine: Engine, catalog: Catalog, user_id: int, *, write: bool) -> SystemSession:
    return system_session(engine, "configuration of data", catalog, write=write, source="ui", actor_id=user_id)


def _planned(session: SystemSession, engine: Engine, user_id: int, making: Making, *, reports: bool = False) -> Plan:
    if versions.in_force(session) != session.catalog.version:
        made_apply.follow(session)
    asked, before = making(session), session.catalog
    document = asked.document
    # By the rules in force at this moment: what the page was shown with may have been taken away since.
    sight = Sight(access_now(engine, user_id, before), before, session.reader)
    after = foreseen(before, document)
    judge(sight, document, after)
    judge_merges(session, sight, document)
    judge_conditions(session, sight, document, after)
    judge_stages(session, sight, document)
    judge_requirements(sight, document, after)
    without_dropped(session, after.made)
    without_repeats(session, after.made)
    without_spent(session, after.made)
    changes = tuple(plan(session, document, reports=reports))
    for change in changes:
        _still_needed(sight, change)
    numbers = next_numbers(session, sight, document)
    return Plan(before.version, changes, tuple(_told(sight, change) for change in changes), before, after, document, asked.clashes, numbers,
                tuple(planned_roles(session, document, after)))


def _still_needed(sight: Sight, change: Change) -> None:
    """Raises BadRequest for the removal of a field that something asks for; whose rule or condition that is, only the owner is told."""
    if change.needed_by is not None:
        raise still_needed(change, use_in_words(change.needed_by) if _by_nothing_limited(sight) else m("a rule or a condition"))


def _told(sight: Sight, change: Change) -> bool:
    kind = sight.catalog.entities.get(change.entity)
    if change.kind == "option" and change.effect in ("merge", "unmerge"):
        return sees_holders(sight, change.entity)
    if change.kind == "stage" and change.effect in ("merge", "unmerge"):
        return sees_standing(sight)
    if change.kind in ("requirement", "moves"):
        return sees_moves(sight, change.entity)
    if change.kind == "rules":
        return _by_nothing_limited(sight)
    if change.kind not in ("entity", "field", "rule", "condition"):
        return True
    if kind is None:
        return change.kind != "rule" or _by_nothing_limited(sight)
    key = (change.field or "").partition(".")[0]  # of a rule: the field that has it
    return seen_whole(sight, kind.key, *([key] if key in kind.fields else []))


def _by_nothing_limited(sight: Sight) -> bool:
    return sight.access is None or sight.access.unlimited
