"""The JSON of a condition as typed nodes, bounded in depth, size and joins. Nothing here knows an entity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from crm.errors import BadRequest
from crm.messages import m

MAX_DEPTH = 12
MAX_NODES = 200
MAX_HOPS = 4
MAX_JOINS = 16

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "starts", "empty", "not_empty", "between", "within"]
Function = Literal["count", "sum", "min", "max", "avg"]
OPS = frozenset(get_args(Op))
FUNCTIONS: tuple[Function, ...] = get_args(Function)
AGGREGATE_OPS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "between"})


@dataclass(frozen=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Any_:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    part: "Node"


@dataclass(frozen=True)
class Leaf:
    """One comparison; `path` goes over references or relations to a field: ("account", "industry")."""

    path: tuple[str, ...]
    op: str
    value: Any = None


@dataclass(frozen=True)
class Aggregate:
    """A count, sum, minimum, maximum or average over a relation, compared with a number."""

    function: Function
    path: tuple[str, ...]  # relation and field: ("deals", "amount"); with `of` the field alone
    of: tuple[str, str] | None  # (entity, its reference that points here)
    where: "Node | None"
    op: str
    value: Any


@dataclass(frozen=True)
class Latest:
    """A comparison with one field of a row that stood at a moment: of the rows that `path` leads to ("deal", "stage_history", "stage") the one
    whose `by` is the greatest that is not after `at` of this record."""

    path: tuple[str, ...]
    by: str
    at: str
    op: str
    value: Any = None


Node = All | Any_ | Not | Leaf | Aggregate | Latest


def parse(raw: Any) -> Node:
    """The tree of a condition. Raises BadRequest when it is malformed, too deep or too large."""
    node = _parse(raw, 1)
    nodes = list(walk(node))
    if len(nodes) > MAX_NODES or sum(max(len(n.path) - 1, 0) for n in nodes if isinstance(n, Leaf | Aggregate | Latest)) > MAX_JOINS:
        raise BadRequest(m("The condition is too large."))
    return node


def dump(node: Node) -> dict[str, Any]:
    """The JSON of a tree: what `parse` reads back to the same tree."""
    match node:
        case All(parts):
            return {"all": [dump(p) for p in parts]}
        case Any_(parts):
            return {"any": [dump(p) for p in parts]}
        case Not(part):
            return {"not": dump(part)}
        case Leaf(path, op, value):
            return {"field": ".".join(path), "op": op} | _operand(op, value)
        case Latest(path, by, at, op, value):
            return {"latest": ".".join(path), "by": by, "at": at, "op": op} | _operand(op, value)
        case Aggregate():
            of = {"of": ".".join(node.of)} if node.of else {}
            where = {"where": dump(node.where)} if node.where else {}
            return {node.function: ".".join(node.path)} | of | where | {"op": node.op, "value": node.value}


def _operand(op: str, value: Any) -> dict[str, Any]:
    return {} if op in ("empty", "not_empty") else {"value": value}


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything inside it."""
    yield node
    match node:
        case All(parts) | Any_(parts):
            for part in parts:
                yield from walk(part)
        case Not(part):
            yield from walk(part)
        case Aggregate(where=where) if where is not None:
            yield from walk(where)


def names(node: Node) -> Iterator[str]:
    """Every name of a field or a relation in a condition, wherever it leads."""
    for one in walk(node):
        match one:
            case Leaf(path):
                yield from path
            case Latest(path, by, at):
                yield from (*path, by, at)
            case Aggregate(path=path, of=of):
                yield from (*path, *(of or ()))


def _parse(raw: Any, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise BadRequest(m("The condition is nested too deeply."))
    if not isinstance(raw, Mapping):
        raise BadRequest(m("A condition is an object with “all”, “any”, “not” or “field”."))
    for name, kind in (("all", All), ("any", Any_)):
        if name in raw:
            _only(raw, {name})
            if not isinstance(raw[name], list):
                raise BadRequest(m("“%(name)s” takes a list of conditions.", name=name))
            return kind(tuple(_parse(part, depth + 1) for part in raw[name]))
    if "not" in raw:
        _only(raw, {"not"})
        return Not(_parse(raw["not"], depth + 1))
    function = next((f for f in FUNCTIONS if f in raw), None)
    if function:
        return _aggregate(raw, function, depth)
    named = {"latest", "by", "at"} if "latest" in raw else {"field"}
    _only(raw, {*named, "op", "value"})
    op = raw.get("op")
    if not isinstance(op, str) or op not in OPS:
        raise BadRequest(m("“%(op)s” is not a comparison.", op=str(op)[:40]))
    if "latest" not in raw:
        return Leaf(_path(raw.get("field")), op, raw.get("value"))
    return Latest(_path(raw["latest"]), _name(raw.get("by")), _name(raw.get("at")), op, raw.get("value"))


def _aggregate(raw: Mapping[str, Any], function: Function, depth: int) -> Aggregate:
    _only(raw, {function, "of", "where", "op", "value"})
    op = raw.get("op")
    if not isinstance(op, str) or op not in AGGREGATE_OPS:
        raise BadRequest(m("“%(op)s” is not a comparison.", op=str(op)[:40]))
    of = None
    if raw.get("of") is not None:
        pair = _path(raw["of"])
        if len(pair) != 2:
            raise BadRequest(m("“of” names an entity and its reference: tender.customer."))
        of = (pair[0], pair[1])
    path = _path(raw[function]) if raw[function] not in (None, "", "*") else ()
    where = _parse(raw["where"], depth + 1) if raw.get("where") is not None else None
    return Aggregate(function, path, of, where, op, raw.get("value"))


def _path(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, str) or not raw or len(raw) > 200:
        raise BadRequest(m("A condition names a field."))
    path = tuple(raw.split("."))
    if len(path) > MAX_HOPS:
        raise BadRequest(m("The path “%(path)s” has too many steps.", path=raw[:80]))
    return path


def _name(raw: Any) -> str:
    path = _path(raw)
    if len(path) > 1:
        raise BadRequest(m("The path “%(path)s” has too many steps.", path=raw[:80]))
    return path[0]


def _only(raw: Mapping[str, Any], keys: set[str]) -> None:
    extra = set(raw) - keys
    if extra:
        raise BadRequest(m("A condition does not know “%(key)s”.", key=", ".join(sorted(map(str, extra)))[:80]))
