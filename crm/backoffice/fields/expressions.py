"""Formulas as trees of known nodes: `amount * (1 - discount)`, `if(closed - opened > 30, 1, 0)`. Nothing in them runs; a tree is valued.

Numbers are exact. Empty in, empty out: what is reckoned with an empty field is empty, and so is a division by nothing; `coalesce` and
`empty` say otherwise. A condition that is empty counts as not met.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, localcontext
from functools import lru_cache
from typing import Any, Literal

from crm.errors import FieldError
from crm.messages import m

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 1_000, 200, 40
PLACES = 12  # decimals to which `round` may be asked
EXACT = Context(prec=50, rounding=ROUND_HALF_UP)
_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]{1,18}(?:\.[0-9]{1,12})?)|(?P<name>[a-z_][a-z0-9_]{0,62})|(?P<sign><=|>=|<>|!=|[-+*/()<>=,]))")

Kind = Literal["number", "money", "boolean", "date"]
FIELD_KINDS: Mapping[str, Kind] = {
    "integer": "number", "decimal": "number", "money": "money", "percent": "number", "duration": "number", "boolean": "boolean", "date": "date",
}
SIGNS: Mapping[str, int] = {"=": 1, "<>": 1, "!=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3}
FUNCTIONS: Mapping[str, tuple[int, int]] = {  # how many values each takes
    "if": (3, 3), "min": (1, 20), "max": (1, 20), "abs": (1, 1), "round": (1, 2), "coalesce": (1, 20), "empty": (1, 1), "not": (1, 1),
    "and": (1, 20), "or": (1, 20),
}


@dataclass(frozen=True)
class Node:
    """A number, a field by its name, or an operation over other nodes."""

    what: Literal["number", "field", "call"]
    name: str = ""  # of a field, a function or a sign; unary minus is "neg"
    number: Decimal = Decimal(0)
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Formula:
    """A formula that reads; `sources` are the fields it names."""

    text: str
    root: Node
    sources: tuple[str, ...]


@lru_cache(maxsize=1024)
def parse(text: str) -> Formula:
    """Raises FieldError with what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise FieldError(m("A formula has at most %(limit)s characters.", limit=MAX_LENGTH))
    tokens = _tokens(text)
    reading = _Reading(tokens)
    root = reading.expression(0, 0)
    if reading.at < len(tokens):
        raise _wrong(tokens[reading.at][1])
    return Formula(text, root, tuple(dict.fromkeys(n.name for n in _all(root) if n.what == "field")))


def renamed(text: str, old: str, new: str) -> str:
    """The formula with a field called otherwise. Raises FieldError when it does not read."""
    if old not in parse(text).sources:
        return text
    found: list[str] = []
    at, whole = 0, text.rstrip()
    while at < len(whole):
        token = _TOKEN.match(whole, at)
        assert token is not None  # it reads
        before = whole[at : token.end()]
        is_call = whole[token.end() :].lstrip().startswith("(")
        found.append(before[: -len(old)] + new if token.lastgroup == "name" and token["name"] == old and not is_call else before)
        at = token.end()
    return "".join(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, whole = 0, text.rstrip()
    while at < len(whole):
        token = _TOKEN.match(whole, at)
        if token is None or token.lastgroup is None:
            raise _wrong(whole[at : at + 10].strip())
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    if not found:
        raise FieldError(m("The formula is empty."))
    if len(found) > 3 * MAX_NODES:
        raise FieldError(m("The formula has too many parts."))
    return found


class _Reading:
    """Reads tokens by the strength of their signs."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.nodes = tokens, 0, 0

    def next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, *signs: str) -> str:
        kind, text = self.next()
        if kind != "sign" or text not in signs:
            raise _wrong(text)
        self.at += 1
        return text

    def made(self, node: Node, depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise FieldError(m("The formula has too many parts."))
        return node

    def expression(self, strength: int, depth: int) -> Node:
        if depth > MAX_DEPTH:  # before what is inside is read, for that goes as deep
            raise FieldError(m("The formula has too many parts."))
        left = self.unary(depth + 1)
        while (sign := self.next()) and sign[0] == "sign" and SIGNS.get(sign[1], 0) > strength:
            self.at += 1
            left = self.made(Node("call", sign[1], parts=(left, self.expression(SIGNS[sign[1]], depth + 1))), depth)
        return left

    def unary(self, depth: int) -> Node:
        kind, text = self.next()
        self.at += 1
        if kind == "number":
            return self.made(Node("number", number=Decimal(text)), depth)
        if kind == "name":
            return self.made(self.call(text, depth) if self.next() == ("sign", "(") else Node("field", text), depth)
        if (kind, text) == ("sign", "-"):
            return self.made(Node("call", "neg", parts=(self.unary(depth + 1),)), depth)
        if (kind, text) == ("sign", "("):
            inside = self.expression(0, depth + 1)
            self.take(")")
            return self.made(inside, depth)
        raise _wrong(text)

    def call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            raise FieldError(m("A formula knows no function “%(name)s”; it knows %(known)s.", name=name, known=", ".join(FUNCTIONS)))
        self.take("(")
        parts = [self.expression(0, depth + 1)]
        while self.take(",", ")") == ",":
            parts.append(self.expression(0, depth + 1))
        least, most = FUNCTIONS[name]
        if not least <= len(parts) <= most:
            raise FieldError(m("“%(name)s” takes another number of values.", name=name))
        return Node("call", name, parts=tuple(parts))


def _wrong(text: str) -> FieldError:
    return FieldError(m("The formula cannot be read at “%(text)s”.", text=text) if text else m("The formula ends too early."))


def _all(node: Node) -> list[Node]:
    return [node, *(inner for part in node.parts for inner in _all(part))]


def kind_of(formula: Formula, types: Mapping[str, str]) -> Kind:
    """What the formula gives, by the types of its fields (key → field type). Raises FieldError when it makes no sense."""
    return _kind(formula.root, types)


def _kind(node: Node, types: Mapping[str, str]) -> Kind:
    if node.what == "number":
        return "number"
    if node.what == "field":
        if node.name not in types:
            raise FieldError(m("There is no field “%(name)s”.", name=node.name))
        if types[node.name] not in FIELD_KINDS:
            raise FieldError(m("“%(name)s” cannot be reckoned with.", name=node.name))
        return FIELD_KINDS[types[node.name]]
    kinds = [_kind(part, types) for part in node.parts]
    found = _result(node, kinds)
    if found is None and "money" in kinds and node.name not in ("*", "/"):
        # A number that is written out beside money is money: `amount > 1000`, `coalesce(amount, 0)`.
        found = _result(node, ["money" if kind == "number" and _is_constant(part) else kind for kind, part in zip(kinds, node.parts, strict=True)])
    if found is None:
        raise FieldError(m("“%(name)s” is given values that do not go together.", name=node.name))
    return found


def _is_constant(node: Node) -> bool:
    return node.what == "number" or (node.what == "call" and all(map(_is_constant, node.parts)))


def _result(node: Node, kinds: list[Kind]) -> Kind | None:
    """What an operation over values of these kinds gives; None when they do not go together. Money by a number is money, money by money a number."""
    same, amounts = len(set(kinds)) == 1, kinds[0] in ("number", "money")
    match node.name:
        case "+" | "-" if kinds == ["date", "number"]:
            return "date"
        case "-" if kinds == ["date", "date"]:
            return "number"
        case "*" if sorted(kinds) == ["money", "number"]:
            return "money"
        case "/" if kinds == ["money", "number"]:
            return "money"
        case "/" if kinds == ["money", "money"]:
            return "number"
        case "*" | "/" if same and kinds[0] == "number":
            return "number"
        case "+" | "-" | "neg" | "abs" if same and amounts:
            return kinds[0]
        case "round" if amounts and kinds[1:] in ([], ["number"]):
            return kinds[0]
        case "=" | "<>" | "!=" if same:
            return "boolean"
        case "<" | "<=" | ">" | ">=" if same and kinds[0] != "boolean":
            return "boolean"
        case "min" | "max" if same and kinds[0] != "boolean":
            return kinds[0]
        case "coalesce" if same:
            return kinds[0]
        case "if" if kinds[0] == "boolean" and kinds[1] == kinds[2]:
            return kinds[1]
        case "not" | "and" | "or" if same and kinds[0] == "boolean":
            return "boolean"
        case "empty":
            return "boolean"
    return None


def value(formula: Formula, values: Mapping[str, Any]) -> Any:
    """What the formula gives over `values`: Decimal, bool, date or None. Raises FieldError when the number leaves all bounds."""
    try:
        with localcontext(EXACT):
            return _value(formula.root, values)
    except (DecimalException, OverflowError) as wrong:
        raise FieldError(m("The result is too large.")) from wrong


def _value(node: Node, values: Mapping[str, Any]) -> Any:
    if node.what == "number":
        return node.number
    if node.what == "field":
        given = values.get(node.name)
        return Decimal(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if node.name == "if":
        return _value(node.parts[1] if _value(node.parts[0], values) else node.parts[2], values)
    parts = [_value(part, values) for part in node.parts]
    if node.name in _OVER_EMPTY:
        return _OVER_EMPTY[node.name](parts)
    return None if None in parts else _OPERATIONS[node.name](*parts)


def _plus(left: Any, right: Any) -> Any:
    return left + timedelta(days=int(right)) if isinstance(left, date) else left + right


def _minus(left: Any, right: Any) -> Any:
    if not isinstance(left, date):
        return left - right
    return Decimal((left - right).days) if isinstance(right, date) else left - timedelta(days=int(right))


def _rounded(number: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-max(0, min(PLACES, int(places)))))


_OVER_EMPTY: Mapping[str, Callable[[list[Any]], Any]] = {
    "coalesce": lambda parts: next((part for part in parts if part is not None), None),
    "empty": lambda parts: parts[0] is None,
    "not": lambda parts: not parts[0],
    "and": all,
    "or": any,
}
_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "+": _plus, "-": _minus, "*": lambda a, b: a * b, "/": lambda a, b: a / b if b else None, "neg": lambda a: -a, "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "min": lambda *parts: min(parts), "max": lambda *parts: max(parts), "abs": abs, "round": _rounded,
}
