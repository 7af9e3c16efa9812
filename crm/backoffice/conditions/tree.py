"""The JSON of a condition as typed nodes, bounded in depth, size and joins. Nothing here knows an entity."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, get_args

from crm.errors import BadRequest, UnknownCondition
from crm.messages import m

MAX_DEPTH = 12
MAX_NODES = 200
MAX_HOPS = 4
MAX_JOINS = 16
LONGEST_KEY = 64  # of a saved condition

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


@dataclass(frozen=True)
class Saved:
    """A condition over `entity` that the configuration keeps under a name, with what it says; `part` None: it is only named."""

    key: str
    entity: str = ""
    part: "Node | None" = None


Node = All | Any_ | Not | Leaf | Aggregate | Latest | Saved
Lookup = Callable[[str], Saved]  # the saved condition of a key; raises UnknownCondition


def unsaved(key: str) -> Saved:
    """Where no saved conditions are known."""
    raise UnknownCondition(key)


def as_stored(key: str) -> Saved:
    """For who reads a condition as it is kept: a saved one stays a name."""
    return Saved(key)


def parse(raw: Any, saved: Lookup = unsaved) -> Node:
    """The tree of a condition; `{"saved": key}` becomes what that one says, within the same bounds. Raises BadRequest when it is malformed, too
    deep or too large, UnknownCondition."""
    node = _parse(raw, 1, saved)
    nodes = list(islice(walk(node), MAX_NODES + 1))
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
        case Saved(key):
            return {"saved": key}


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
        case Saved(part=part) if part is not None:
            yield from walk(part)


def saved_in(node: Node) -> Iterator[str]:
    """The keys of the saved conditions in a condition, as it is kept."""
    return (one.key for one in walk(node) if isinstance(one, Saved))


def expanded(node: Node) -> Node:
    """The same without names: what saved conditions say stands in their place."""
    match node:
        case All(parts):
            return All(tuple(map(expanded, parts)))
        case Any_(parts):
            return Any_(tuple(map(expanded, parts)))
        case Not(part):
            return Not(expanded(part))
        case Aggregate(where=where):
            return replace(node, where=expanded(where)) if where is not None else node
        case Saved(part=part):
            return expanded(part) if part is not None else node
        case Leaf() | Latest():
            return node


def meaning(raw: Any, saved: Lookup) -> Any:
    """The JSON of a condition with what saved ones say in their place; as it stands where it names none, or reads no more."""
    try:
        node = parse(raw, saved)
    except BadRequest:
        return raw
    return dump(expanded(node)) if any(saved_in(node)) else raw


def depth(node: Node) -> int:
    """How many levels a condition has."""
    match node:
        case All(parts) | Any_(parts):
            return 1 + max((depth(part) for part in parts), default=0)
        case Not(part):
            return 1 + depth(part)
        case Aggregate(where=where):
            return 1 + (depth(where) if where is not None else 0)
        case Saved(part=part):
            return depth(part) if part is not None else 1
        case Leaf() | Latest():
            return 1


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


def _parse(raw: Any, level: int, saved: Lookup) -> Node:
    if level > MAX_DEPTH:
        raise BadRequest(m("The condition is nested too deeply."))
    if not isinstance(raw, Mapping):
        raise BadRequest(m("A condition is an object with “all”, “any”, “not” or “field”."))
    for name, kind in (("all", All), ("any", Any_)):
        if name in raw:
            _only(raw, {name})
            if not isinstance(raw[name], list):
                raise BadRequest(m("“%(name)s” takes a list of conditions.", name=name))
            return kind(tuple(_parse(part, level + 1, saved) for part in raw[name]))
    if "not" in raw:
        _only(raw, {"not"})
        return Not(_parse(raw["not"], level + 1, saved))
    if "saved" in raw:
        return _saved(raw, level, saved)
    function = next((f for f in FUNCTIONS if f in raw), None)
    if function:
        return _aggregate(raw, function, level, saved)
    named = {"latest", "by", "at"} if "latest" in raw else {"field"}
    _only(raw, {*named, "op", "value"})
    op = raw.get("op")
    if not isinstance(op, str) or op not in OPS:
        raise BadRequest(m("“%(op)s” is not a comparison.", op=str(op)[:40]))
    if "latest" not in raw:
        return Leaf(_path(raw.get("field")), op, raw.get("value"))
    return Latest(_path(raw["latest"]), _name(raw.get("by")), _name(raw.get("at")), op, raw.get("value"))


def _saved(raw: Mapping[str, Any], level: int, saved: Lookup) -> Saved:
    _only(raw, {"saved"})
    if not isinstance(raw["saved"], str) or not raw["saved"] or len(raw["saved"]) > LONGEST_KEY:
        raise BadRequest(m("“saved” takes the key of a saved condition."))
    found = saved(raw["saved"])
    if level - 1 + depth(found) > MAX_DEPTH:
        raise BadRequest(m("The condition is nested too deeply."))
    return found


def _aggregate(raw: Mapping[str, Any], function: Function, level: int, saved: Lookup) -> Aggregate:
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
    where = _parse(raw["where"], level + 1, saved) if raw.get("where") is not None else None
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
