"""From what a writer gave to a complete draft: values cleaned, defaults filled in, rules applied, problems collected."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from crm.backoffice import links, rules
from crm.backoffice.catalog import Option
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, FieldError
from crm.backoffice.fields.formula import result
from crm.backoffice.guard import DataSession, SystemSession, aside
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.errors import UnknownName
from crm.messages import Message, m

Row = Mapping[str, Any]
EMPTY: Row = MappingProxyType({})
STANDING = ("department", "territory")


class Problems(dict[int, dict[str, Message]]):
    """Position of a record among those given → field → why it is refused."""

    def add(self, position: int, key: str, message: Message) -> None:
        self.setdefault(position, {}).setdefault(key, message)

    def join(self, others: Mapping[int, Mapping[str, Message]]) -> None:
        """Further problems; the first that is known of a field stays."""
        for position, found in others.items():
            for key, message in found.items():
                self.add(position, key, message)


def clean(session: DataSession, kind: Entity, values: Row) -> tuple[dict[str, Any], dict[str, Message]]:
    """The accepted form of given values, and what was not accepted. Raises UnknownName for a field that cannot be given."""
    accepted: dict[str, Any] = {}
    refused: dict[str, Message] = {}
    for key, value in values.items():
        spec = kind.fields.get(key)
        if spec is None or (spec.system and not isinstance(session, SystemSession)):
            raise UnknownName(key)
        if spec.derived:
            refused[key] = m("“%(field)s” is computed and cannot be given.", field=spec.label)
            continue
        try:
            accepted[key] = spec.clean(value)
        except FieldError as wrong:
            refused[key] = wrong.message
    return accepted, refused


def fill_in(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> None:
    """What a new record gets without being told: field defaults, the company's currency, its writer as owner, the owner's place."""
    defaults = [(key, spec.default) for key, spec in kind.fields.items() if not spec.system and spec.default is not None]
    defaults += [(spec.key, 0) for spec in kind.added_up if spec.rollup is not None and spec.rollup.function == "count"]
    for draft in drafts:
        for key, default in defaults:
            if draft.new.get(key) is None:
                draft[key] = default
        if "currency" in kind.fields and draft["currency"] is None:
            draft["currency"] = session.catalog.company.currency
        if kind.is_record and kind.declared.own == "owner" and draft["owner"] is None and "owner" not in draft.given:
            draft["owner"] = session.actor_id
    if not kind.is_record or kind.declared.own != "owner":
        return
    places = _places(session, {d["owner"] for d in drafts if d["owner"] is not None})
    for draft in drafts:
        for key, place in zip(STANDING, places.get(draft["owner"], (None, None)), strict=True):
            if draft[key] is None and key not in draft.given:
                draft[key] = place


def _places(session: DataSession, owners: Collection[int]) -> dict[int, tuple[int | None, int | None]]:
    if not owners:
        return {}
    user = session.catalog.entity("user").table
    rows = session.kernel(select(user.c.id, user.c.department_id, user.c.territory_id).where(user.c.id.in_(owners)))
    return {row.id: (row.department_id, row.territory_id) for row in rows}


def judge(session: DataSession, kind: Entity, drafts: Sequence[Draft], problems: Problems, *, checked: bool = True) -> None:
    """Apply the entity's rules, then ask what every value must satisfy: required, an existing option, a visible target, uniqueness."""
    asked = [(key, spec) for key, spec in kind.fields.items() if (spec.required and not spec.system) or spec.picklist]
    for position, draft in enumerate(drafts):
        rules.apply(draft)
        _compute(draft)
        for key, message in draft.problems.items():
            problems.add(position, key, message)
        for key, spec in asked:
            value = draft.new.get(key)
            if value is None:
                if spec.required and not spec.system:
                    problems.add(position, key, m("“%(field)s” is required.", field=spec.label))
            elif spec.picklist and draft.changed(key):
                held = draft.old.get(key) if spec.multiple and draft.old else None
                for number in value if spec.multiple else (value,):
                    option = _option(session, spec.picklist, number)
                    if option is None:
                        problems.add(position, key, m("“%(field)s” has no such option.", field=spec.label))
                    elif option.retired and draft.takes(key) and number not in (held or ()):
                        problems.add(position, key, m("“%(option)s” is no longer used.", option=option.label))
    if checked:
        _targets(session, kind, drafts, problems)
    _unique(session, kind, drafts, problems)


def _compute(draft: Draft) -> None:
    """Computed fields follow the others; what does not fit refuses the save at the field."""
    for spec in draft.entity.computed:
        try:
            draft[spec.key] = result(spec, draft.new)
        except FieldError as wrong:
            draft.refuse(spec.key, m("“%(field)s”: %(why)s", field=spec.label, why=wrong.message))


def _option(session: DataSession, picklist: str, value: Any) -> Option | None:
    known = session.catalog.picklists.get(picklist)
    return known.by_id(value) if known else None


def _targets(session: DataSession, kind: Entity, drafts: Sequence[Draft], problems: Problems) -> None:
    """A reference may only be set to a record that the writer sees; one that he does not see does not exist for him."""
    for key, spec in kind.fields.items():
        if spec.target is None or spec.system:
            continue
        fresh = [_newly_named(draft, key, spec) for draft in drafts]
        wanted = frozenset[int]().union(*fresh)
        configured = session.catalog.configured.get(spec.target)
        if configured is not None and wanted <= set(configured):
            continue
        missing = wanted - visible(session, spec.target, wanted)
        for position, draft in enumerate(drafts):
            if fresh[position] & missing and (key in draft.given or isinstance(session, SystemSession)):
                problems.add(position, key, m("“%(field)s”: there is no such record.", field=spec.label))


def _newly_named(draft: Draft, key: str, spec: Field) -> frozenset[int]:
    """The records that a changed reference or the set of a new record names."""
    if spec.several:  # of a set that is changed `sets` has judged the names
        return links.held(draft.new, key) if draft.is_new else frozenset()
    return frozenset({draft[key]}) if draft[key] is not None and draft.changed(key) else frozenset()


@aside
def visible(session: DataSession, entity: str, ids: Iterable[int]) -> set[int]:
    """Those of `ids` that this session may know of."""
    found: set[int] = set()
    wanted = sorted(ids)
    for part in in_parts(wanted):
        source = session.table(entity)
        found |= set(session.scalars(select(source.id).where(source.id.in_(part), source.visible)))
    return found


def _unique(session: DataSession, kind: Entity, drafts: Sequence[Draft], problems: Problems) -> None:
    """Unique among what is not deleted, inside this save too."""
    table = kind.table
    for key, spec in kind.fields.items():
        if not spec.unique:
            continue
        wanted: dict[Any, int] = {}
        for position, draft in enumerate(drafts):
            value = draft[key]
            if value is None or not draft.changed(key):
                continue
            if value in wanted:
                problems.add(position, key, m("“%(field)s”: “%(value)s” stands twice.", field=spec.label, value=value))
            wanted.setdefault(value, position)
        values = list(wanted)
        own = {d.id for d in drafts}
        for part in in_parts(values):
            query = select(table.c.id, table.c[spec.attribute]).where(table.c[spec.attribute].in_(part), table.c.deleted_at.is_(None))
            for row_id, value in session.kernel(query):
                if row_id not in own or drafts[wanted[value]].id != row_id:
                    problems.add(wanted[value], key, m("“%(field)s”: “%(value)s” is already taken.", field=spec.label, value=value))
