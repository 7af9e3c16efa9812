"""The one condition language as a predicate over what a reader may see, and as nothing else.

Truth has two values: an unknown comparison counts as false wherever it stands, and `not` negates plainly. A positive leaf may
yield NULL, which WHERE, AND and OR take as false; wherever something is negated, NULL is first made false.
"""

import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select, true, type_coerce

from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.fields.base import NEGATED, Field, FieldError
from crm.backoffice.fields.picklist import LARGEST_ID
from crm.errors import BadRequest, UnknownCondition, UnknownName
from crm.messages import m

if TYPE_CHECKING:
    from crm.backoffice.sight import Hop, Source

ME = "@me"
MAX_HELD = 20  # records that a set is asked to hold all of: each is a sub-query
SOME_OR_NONE = {("gt", 0): True, ("ge", 1): True, ("ne", 0): True, ("eq", 0): False, ("le", 0): False, ("lt", 1): False}  # of a count and its number
COMPARISONS = {"eq": operator.eq, "ne": operator.eq, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}


def compile_condition(node: Node, source: "Source") -> ColumnElement[bool]:
    """The predicate of `node` over `source`. Raises BadRequest for a wrong value, UnknownName for a hidden or missing field."""
    match node:
        case All(parts):
            return and_(true(), *(compile_condition(p, source) for p in parts))
        case Any_(parts):
            return or_(false(), *(compile_condition(p, source) for p in parts))
        case Not(part):
            return _negated(compile_condition(part, source))
        case Leaf(path, op, value):
            positive = NEGATED.get(op)
            if positive is not None:
                return _negated(_leaf(path, positive, value, source))
            return _leaf(path, op, value, source)
        case Aggregate():
            return _aggregate(node, source)
        case Latest():
            return _latest(node, source)
        case Saved():
            return _saved(node, source)


def _saved(node: Saved, source: "Source") -> ColumnElement[bool]:
    """What a saved condition says; which of its fields is hidden is not told."""
    if node.part is None:
        raise UnknownCondition(node.key)
    if node.entity != source.entity.key:
        raise _wrong(m("The saved condition “%(key)s” is about “%(entity)s” and cannot be asked of “%(other)s”.",
                       key=node.key, entity=node.entity, other=source.entity.key))
    try:
        return compile_condition(node.part, source)
    except UnknownName as unknown:
        raise UnknownCondition(node.key, hidden=unknown.hidden) from None


def _negated(predicate: ColumnElement[bool]) -> ColumnElement[bool]:
    return not_(func.coalesce(predicate, false()))


def _leaf(path: tuple[str, ...], op: str, value: Any, source: "Source") -> ColumnElement[bool]:
    name, rest = path[0], path[1:]
    if name == "id" and not rest and name not in source.entity.fields:
        return _number(source, op, value)
    relation = source.entity.relations.get(name)
    if relation is not None and name not in source.entity.fields:
        rows = source.rows_of(relation.entity, relation.field)
        if not rest and op != "not_empty":
            raise _wrong(m("Of the rows “%(name)s” only empty and not empty can be asked.", name=name))
        return _some(source, rows, *([_leaf(rest, op, value, rows.source)] if rest else []))
    spec = source.field(name)
    if rest:
        target = source.hop(name)
        return _some(source, target, _leaf(rest, op, value, target.source))
    return _comparison(spec, op, value, source)


def _some(source: "Source", hop: "Hop", *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a hop from `source` leads to some row that satisfies `conditions`."""
    return exists(select(1).select_from(hop.joined).where(hop.on, *conditions).correlate(source.table))


def _comparison(spec: Field, op: str, value: Any, source: "Source") -> ColumnElement[bool]:
    if op not in spec.operators and op not in ("eq", "in", "not_empty"):
        raise _wrong(m("“%(field)s” cannot be compared so.", field=spec.label))
    try:
        if spec.several:
            return _set(spec, op, value, source)
        if spec.target and op in ("eq", "in"):
            return _reference(spec, value if op == "in" else [value], source)
        operand = spec.operand(op, value, source.sight.reader)
        return spec.compare(lambda companion: source.column(spec.key, companion), op, operand)
    except FieldError as wrong:
        raise BadRequest(m("“%(field)s”: %(why)s", field=spec.label, why=wrong.message)) from None


def _reference(spec: Field, values: Any, source: "Source") -> ColumnElement[bool]:
    """A reference is compared by number, by code, by a stage's key, or with the reader himself."""
    ids, codes = _named(spec, values, source)
    column = source[spec.key]
    parts: list[ColumnElement[bool]] = [column.in_(sorted(ids))] if ids else []
    if codes:
        target = source.hop(spec.key)
        parts.append(_some(source, target, target.source["code"].in_(codes)))
    return or_(false(), *parts)


def _set(spec: Field, op: str, value: Any, source: "Source") -> ColumnElement[bool]:
    """Of a set: whether it holds one of the named records, all of them (`contains`), or anything at all."""
    if op == "not_empty":
        return _some(source, source.hop(spec.key))
    if op == "contains":
        wanted = value if isinstance(value, list) else [value]
        if len(wanted) > MAX_HELD:
            raise _wrong(m("At most %(count)s records can be asked for together.", count=MAX_HELD))
        return and_(true(), *(_holds_one(spec, [one], source) for one in wanted))
    return _holds_one(spec, value if op == "in" else [value], source)


def _holds_one(spec: Field, values: Any, source: "Source") -> ColumnElement[bool]:
    ids, codes = _named(spec, values, source)
    target = source.hop(spec.key)
    fitting: list[ColumnElement[bool]] = [target.source.id.in_(sorted(ids))] if ids else []
    if codes:
        fitting.append(target.source["code"].in_(codes))
    return _some(source, target, or_(false(), *fitting))


def _named(spec: Field, values: Any, source: "Source") -> tuple[set[int], list[str]]:
    """The records that values of a condition name: by number, and by code where only the database knows the number."""
    if not isinstance(values, list) or len(values) > 1000 or any(isinstance(v, bool | float | dict | list) or v is None for v in values):
        raise _wrong(m("“%(field)s” is compared with a code or a number.", field=spec.label))
    known = source.sight.catalog.configured.get(spec.target or "")
    ids = set(_possible(values))
    codes = [v for v in values if isinstance(v, str)]
    if ME in codes and spec.target == "user":
        codes.remove(ME)
        ids |= {source.sight.actor_id or 0}
    if known is not None:
        ids |= {c.id for c in known.values() if c.key in codes or c.code in codes}
        codes = []
    return ids, codes


def _number(source: "Source", op: str, value: Any) -> ColumnElement[bool]:
    """`id`, which is no field: for links to exactly these records; every record has one, so beyond a reference it asks whether it leads anywhere."""
    if op == "not_empty":
        return true()
    values = value if op == "in" else [value]
    if op not in ("eq", "in") or not isinstance(values, list) or len(values) > 1000 or any(type(v) is not int for v in values):
        raise _wrong(m("A record's number is compared with whole numbers."))
    return source.table.c.id.in_(_possible(values))


def _possible(values: list[Any]) -> list[int]:
    """The numbers among `values` that a record can have; any other number fits nothing, and one database would refuse it."""
    return [v for v in values if isinstance(v, int) and 0 < v <= LARGEST_ID]


def _aggregate(node: Aggregate, source: "Source") -> ColumnElement[bool]:
    if (some := _asks_for_some(node)) is not None:
        hop = source.rows_of(*node.of) if node.of is not None else _many(source, node.path[0])
        found = _some(source, hop, *([compile_condition(node.where, hop.source)] if node.where else []))
        return found if some else not_(found)
    value, spec = measured(node, source)
    low_high = _numbers(node, _count if spec is None else lambda v: spec.read(v, source.sight.reader))
    if node.op == "between":
        return value.between(low_high[0], low_high[1])
    compared: ColumnElement[bool] = COMPARISONS[node.op](value, low_high[0])
    return _negated(compared) if node.op == "ne" else compared


def _asks_for_some(node: Aggregate) -> bool | None:
    """Whether a count asks for some rows or for none; None where how many there are matters. A database stops at the first row, or joins all at once."""
    of_rows = node.function == "count" and len(node.path) == (1 if node.of is None else 0)
    return SOME_OR_NONE.get((node.op, node.value)) if of_rows and type(node.value) is int else None


def measured(node: Aggregate, source: "Source") -> tuple[ColumnElement[Any], Field | None]:
    """What an aggregate compares with its number, and the field of which it is a value; of none where it counts. Raises BadRequest, UnknownName."""
    path = node.path
    if node.of is not None:
        hop = source.rows_of(*node.of)
    else:
        if not path:
            raise UnknownName(node.function)
        hop = _many(source, path[0])
        path = path[1:]
    rows = hop.source
    if len(path) > 1 or (not path and node.function != "count"):
        raise _wrong(m("“%(function)s” takes one field of a relation.", function=node.function))
    told: ColumnElement[Any]
    spec = None
    if node.function == "count":
        told = func.count(rows[path[0]]) if path else func.count()
    else:
        spec = rows.field(path[0])
        if spec.several or spec.multiple or (node.function in ("sum", "avg") and not (spec.totals or spec.type in ("integer", "decimal", "money", "percent"))):
            raise _wrong(m("“%(field)s” cannot be added up.", field=spec.label))
        column = rows[path[0]]
        told = type_coerce(getattr(func, node.function)(column), column.type)
    inner = select(told).select_from(hop.joined).where(hop.on, *([compile_condition(node.where, rows)] if node.where else []))
    return inner.correlate(source.table).scalar_subquery(), spec


def latest(source: "Source", path: tuple[str, ...], by: str, at: str, companion: str = "") -> tuple[Field, ColumnElement[Any]]:
    """The field at the end of `path`, over references and then a relation, and its value in the row that stood when `at` of a record of `source`
    came: the one with the greatest `by` not after it, of equal ones the last made; null where there is none. Raises BadRequest, UnknownName."""
    *references, relation, key = path if len(path) > 1 else ("", *path)
    here, hops = source, []
    for step in references:
        if here.field(step).several:
            raise _wrong(m("“latest” takes a field of a relation, and two dates or two moments to compare."))
        hops.append(here.hop(step))
        here = hops[-1].source
    found = here.entity.relations.get(relation)
    if found is None or relation in here.entity.fields:
        raise UnknownName(relation or key)
    hops.append(here.rows_of(found.entity, found.field))
    rows = hops[-1].source
    spec = rows.field(key)
    if spec.several or not rows.field(by).type == source.field(at).type in ("date", "moment"):
        raise _wrong(m("“latest” takes a field of a relation, and two dates or two moments to compare."))
    inner = select(rows.column(key, companion)).select_from(*(hop.joined for hop in hops)).where(*(hop.on for hop in hops), rows[by] <= source[at])
    return spec, inner.order_by(rows[by].desc(), rows.table.c.id.desc()).limit(1).correlate(source.table).scalar_subquery()


def _latest(node: Latest, source: "Source") -> ColumnElement[bool]:
    positive = NEGATED.get(node.op)
    if positive is not None:
        return _negated(_latest(replace(node, op=positive), source))
    spec, column = latest(source, node.path, node.by, node.at)
    if node.op == "not_empty":
        return column.is_not(None)
    if node.op not in spec.operators and node.op not in ("eq", "in"):
        raise _wrong(m("“%(field)s” cannot be compared so.", field=spec.label))
    try:
        if spec.target:
            ids, codes = _named(spec, node.value if node.op == "in" else [node.value], source)
            target = source.sight.table(spec.target)
            named = select(target.id).where(target.visible, target["code"].in_(codes)) if codes else None
            return or_(column.in_(sorted(ids)), column.in_(named)) if named is not None else column.in_(sorted(ids))
        operand = spec.operand(node.op, node.value, source.sight.reader)
        return spec.compare(lambda companion: latest(source, node.path, node.by, node.at, companion)[1], node.op, operand)
    except FieldError as wrong:
        raise BadRequest(m("“%(field)s”: %(why)s", field=spec.label, why=wrong.message)) from None


def _many(source: "Source", name: str) -> "Hop":
    """What an aggregate adds up: the rows of a relation, or the records of a set. Raises UnknownName."""
    relation = source.entity.relations.get(name)
    if relation is not None:
        return source.rows_of(relation.entity, relation.field)
    if not source.field(name).several:
        raise UnknownName(name)
    return source.hop(name)


def _numbers(node: Aggregate, read: Any) -> list[Any]:
    values = node.value if node.op == "between" else [node.value]
    if not isinstance(values, list) or (node.op == "between" and len(values) != 2) or any(v is None for v in values):
        raise _wrong(m("A number is expected here."))
    try:
        return [read(v) for v in values]
    except FieldError as wrong:
        raise BadRequest(wrong.message) from None


def _count(value: Any) -> ColumnElement[int]:
    try:
        number = int(str(value))
    except ValueError:
        raise _wrong(m("A number is expected here.")) from None
    if abs(number) >= 2**63:
        raise _wrong(m("The number is too large."))
    return literal(number)


def _wrong(message: Any) -> BadRequest:
    return BadRequest(message)
