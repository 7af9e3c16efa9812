"""Boards: the records of a list in columns, one a value of a field, so that a record moves when its value changes. Everything through the reader's session.

A column is the list with one more condition, as a group is: what its head counts and adds up are the records that its cards are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm.backoffice.catalog import Catalog, Configured, Option
from crm.backoffice.conditions.tree import All, Leaf, Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.grouped import Sums, groups, leaf_of
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.worth import Worth
from crm.errors import BadRequest, UnknownName
from crm.messages import m

MOST = 60  # columns of one board
FEW = 12  # options of a field that a board takes by itself
NONE = "none"  # the column of the records that have no value


@dataclass(frozen=True)
class BoardColumn:
    """One column: the value that its records have (None: none at all; of a date a period), how many they are and what they add up to. `takes`: records
    may be given the value; `parent` is the row to which a stage belongs; `leaf` chooses the records among those of the list; `named` is its key where
    the value is none."""

    value: Any
    takes: bool
    parent: int | None
    count: int
    sums: Sums
    leaf: Leaf
    worths: Mapping[str, Worth] = field(default_factory=dict)
    named: str = ""

    @property
    def key(self) -> str:
        """What names the column in an address."""
        return self.named or (NONE if self.value is None else str(self.value))


def fields(session: DataSession, entity: str) -> list[Field]:
    """The fields by whose values this reader may see the records in columns, the product's own order."""
    kind = session.catalog.entity(entity)
    return [kind.fields[key] for key in session.sight.filterable(entity) if makes_columns(session, kind.fields[key])]


def makes_columns(session: DataSession, spec: Field) -> bool:
    """Whether a field has values of the configuration, one at a time and not too many."""
    if spec.several or spec.multiple or spec.system:
        return False
    known = session.catalog.configured.get(spec.target or "")
    if known is not None:
        return bool(known) and (_belong(known.values()) or len(known) <= MOST)
    return bool(spec.picklist) and 0 < len(_options(session, spec)) <= MOST


def stand_in_columns(catalog: Catalog, kind: Entity) -> bool:
    """Whether records of a kind can stand on a board at all, whoever looks."""
    one = (spec for spec in kind.fields.values() if not (spec.several or spec.multiple or spec.system))
    return any(spec.picklist or spec.type == "date" or spec.target in catalog.configured for spec in one)


def parse_by(session: DataSession, entity: str, text: str) -> Field:
    """The field of `?by=`; without one the stage, else the first choice with few options, else the first that can be.

    Raises UnknownName, alike for hidden, masked and missing; BadRequest for a field of another kind, and where there is none at all.
    """
    kind = session.catalog.entity(entity)
    offered = fields(session, entity)
    if not text:
        if not offered:
            raise BadRequest(m("“%(list)s” have no field to make columns of: a choice or a stage.", list=kind.plural))
        stages = (spec for spec in offered if _belong(session.catalog.configured.get(spec.target or "", {}).values()))
        few = (spec for spec in offered if spec.picklist and len(_options(session, spec)) <= FEW)
        return next(stages, None) or next(few, None) or offered[0]
    if text not in session.sight.filterable(entity):
        raise UnknownName(text, hidden=text in kind.fields)
    spec = kind.fields[text]
    if spec not in offered and (spec.type != "date" or spec.system):
        raise BadRequest(m("The columns of a board are the options of a choice, at most %(most)s, the stages, or the months of a date.", most=MOST))
    return spec


def addable(session: DataSession, entity: str) -> list[Field]:
    """The fields whose sums this reader may see above the columns, amounts of money first."""
    kind = session.catalog.entity(entity)
    found = [kind.fields[key] for key in session.sight.filterable(entity) if kind.fields[key].totals and not kind.fields[key].system]
    return sorted(found, key=lambda spec: spec.type != "money")


def parse_sum(session: DataSession, query: ListQuery, text: str) -> Field | None:
    """The field of `?sum=`; without one the first amount that the list shows. Raises UnknownName, BadRequest."""
    kind = session.catalog.entity(query.entity)
    offered = addable(session, query.entity)
    if not text:
        return next((spec for spec in offered if spec.key in query.columns), None)
    if text not in session.sight.filterable(query.entity):
        raise UnknownName(text, hidden=text in kind.fields)
    if kind.fields[text] not in offered:
        raise BadRequest(m("“%(field)s” cannot be added up.", field=kind.fields[text].label))
    return kind.fields[text]


def columns(session: DataSession, query: ListQuery, by: Field, added: Field | None, above: str | None) -> list[BoardColumn]:
    """The columns in the order of the options, by at most two queries. `above` is the field that narrows the choice (of a stage the pipeline):
    columns of another pipeline stand only where it has records, or where the filter names it. Raises BadRequest for too many."""
    found = groups(session, replace(query, columns=(added.key,) if added is not None else ()), by.key, "")
    held = {group.value: group for group in found.groups}
    made = []
    for value, takes, parent in _values(session, query, by, held, above):
        group = held.get(value)
        count, sums, worth = (group.count, group.sums, group.worths) if group is not None else (0, {}, {})
        made.append(BoardColumn(value, takes, parent, count, sums, leaf_of(session, by, value), worth))
    if len(made) > MOST:
        raise BadRequest(m("This board would have %(number)s columns; at most %(most)s fit. Narrow the filter.", number=len(made), most=MOST))
    return made


def column_of(session: DataSession, by: Field, key: str) -> Leaf:
    """The condition of one column by its key. Raises BadRequest for none that there is."""
    if key == NONE:
        return leaf_of(session, by, None)
    known: Collection[int] = session.catalog.configured[by.target] if by.target else [option.id for option in _options(session, by, retired=True)]
    value = int(key) if key.isascii() and key.isdecimal() and len(key) <= 10 else 0
    if value not in known:
        raise BadRequest(m("The board has no such column."))
    return leaf_of(session, by, value)


def parent_of(session: DataSession, by: Field, number: int | None) -> Configured | None:
    """The row to which the rows of a column belong: of a stage its pipeline."""
    rows = (session.catalog.configured.get(spec.target or "", {}) for spec in session.catalog.entity(by.target or "").fields.values() if spec.required)
    return next((known[number] for known in rows if number in known), None) if by.target and number is not None else None


# --- which values --------------------------------------------------------------------------------------------------


def _values(
    session: DataSession, query: ListQuery, by: Field, held: Collection[Any], above: str | None
) -> Iterator[tuple[int | None, bool, int | None]]:
    """Values in order, whether records may be given them, and to which row they belong; last none."""
    known = session.catalog.configured.get(by.target or "")
    rows: Sequence[tuple[Configured | Option, int | None]]
    if known is not None:
        rows = _arranged(session, query, known.values(), held, above)
    else:
        rows = [(option, None) for option in _options(session, by, retired=True)]
    for row, parent in rows:
        if not row.retired or row.id in held:
            yield row.id, not row.retired, parent
    if None in held:
        yield None, not by.required, None


def _arranged(
    session: DataSession, query: ListQuery, known: Collection[Configured], held: Collection[Any], above: str | None
) -> list[tuple[Configured, int | None]]:
    if not _belong(known):
        return [(row, None) for row in known]
    target = session.catalog.entity(query.entity).fields[above].target if above else None
    parents = session.catalog.configured.get(target or "", {})
    order = {number: n for n, number in enumerate(parents)}
    in_use = {row.parent_id for row in known if row.id in held} | _named(session, query, above)
    if not in_use:
        fitting = (p.id for p in parents.values() if not p.retired and p.values.get("entity") in (None, query.entity))
        in_use = {next(fitting, next((row.parent_id for row in known), None))}
    here = [row for row in known if row.parent_id in in_use]
    return [(row, row.parent_id) for row in sorted(here, key=lambda row: order.get(row.parent_id or 0, len(order)))]


def _named(session: DataSession, query: ListQuery, above: str | None) -> set[int | None]:
    """The rows that a plain condition of the filter names in the field `above`."""
    if above is None:
        return set()
    spec, found = session.catalog.entity(query.entity).fields[above], set[int | None]()
    for part in _parts(query.where):
        if isinstance(part, Leaf) and part.path == (above,) and part.op in ("eq", "in"):
            operand = spec.operand(part.op, part.value, session.reader)
            for one in operand if isinstance(operand, list | tuple) else (operand,):
                found |= set(one) if isinstance(one, tuple) else {one}
    return {one for one in found if isinstance(one, int)}


def _parts(where: Node | None) -> Sequence[Node]:
    return () if where is None else where.parts if isinstance(where, All) else (where,)


def _options(session: DataSession, spec: Field, *, retired: bool = False) -> list[Option]:
    known = session.catalog.picklists.get(spec.picklist or "")
    return [option for option in known.options if retired or not option.retired] if known is not None else []


def _belong(rows: Collection[Configured]) -> bool:
    """Whether rows stand within others, as stages do in their pipeline."""
    return any(row.parent_id is not None for row in rows)


def can_be(session: DataSession, kind: Entity) -> bool:
    """Whether this reader's records of an entity can stand in columns at all."""
    return bool(fields(session, kind.key))
