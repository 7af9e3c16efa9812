"""Who sees one record, and how each field shows to each: the rules of many people tried on it by few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.access import Access, Mode
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.grants import Grants
from crm.backoffice.guard import SystemSession
from crm.backoffice.saving.rights import STANDING
from crm.backoffice.sight import Sight
from crm.errors import NotFound
from crm.rights.effects import Side, parent_of
from crm.rights.known import rest_on_the_seen, sees_what_decides

AT_ONCE = 1000  # rules that one statement tries: databases take no more columns than some 1,600
PERSONAL = frozenset({"own", "department", "department_tree", "territory"})


@dataclass(frozen=True)
class Sees:
    """Whether a person sees the record, and the mode of each field to him."""

    sees: bool
    modes: Mapping[str, Mode]


def who_sees(session: SystemSession, kind: Entity, record_id: int, people: Sequence[Access]) -> dict[int, Sees]:
    """By the number of the person. Raises NotFound for no such record."""
    sides = {access.user_id: Side(session.catalog, kind, access, f"p{n}") for n, access in enumerate(people)}
    fields = list(kind.fields.values())
    tried = {number: side.tried(["read"], fields) for number, side in sides.items()}
    answers: dict[str, Any] = {}
    waiting: dict[str, Any] = {}
    for columns in tried.values():
        if len(waiting) + len(columns) > AT_ONCE:
            answers |= _answered(session, sides, record_id, waiting)
            waiting = {}
        waiting |= columns
    answers |= _answered(session, sides, record_id, waiting) if waiting else {}
    return {number: _of(side, fields, answers) for number, side in sides.items()}


def _answered(session: SystemSession, sides: Mapping[int, Side], record_id: int, columns: Mapping[str, Any]) -> dict[str, Any]:
    side = next(iter(sides.values()))  # all of them stand on one alias
    query = select(*(test.label(name) for name, test in columns.items())).select_from(side.source.table)
    row = session.execute(query.where(side.source.table.c.id == record_id, side.alive)).mappings().first()
    if row is None:
        raise NotFound()
    return dict(row)


def _of(side: Side, fields: Sequence[Field], answers: Mapping[str, Any]) -> Sees:
    if not answers[f"{side.name}_seen"]:
        return Sees(False, {spec.key: "hidden" for spec in fields})
    return Sees(True, {spec.key: _mode(side, spec, answers) for spec in fields})


def _mode(side: Side, spec: Field, answers: Mapping[str, Any]) -> Mode:
    masked, read, *edit = (_holds(side, given, answers) for given in side.modes(spec))
    if not read:
        return "masked" if masked else "hidden"
    return "edit" if all(edit) and not (spec.system or spec.derived) else "read"


def _holds(side: Side, given: Grants, answers: Mapping[str, Any]) -> bool:
    allowed, denied = (
        [g.everywhere or bool(answers[side.names[id(g.rule), id(g.condition)]]) for g in some] for some in (given.allowed, given.denied)
    )
    return any(allowed) and not any(denied)


def may_be_told(asker: Sight, kind: Entity, shown: frozenset[str], access: Access) -> bool:
    """Whether it tells the asker nothing that he does not see how this person's rules take the record: `shown` are the fields that stand unmasked
    on it for him."""
    above = asker.catalog.entities.get(parent_of(kind) or "")
    personal = {rule.scope for rule in access.of(kind.key)} & PERSONAL
    if not sees_what_decides(asker, kind, shown, access) or (personal and not STANDING & kind.fields.keys() <= shown):
        return False
    return above is None or rest_on_the_seen(asker, above, access.of(above.key))
