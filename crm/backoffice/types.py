"""Column types that mean the same on SQLite and on PostgreSQL: exact decimals, moments in UTC, text compared by its bytes."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, DateTime, Dialect, Integer, Numeric, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType, floordiv, mul, truediv
from sqlalchemy.types import TypeDecorator, TypeEngine

MONEY_PLACES = 4
PERCENT_PLACES = 6
PRECISION = 19  # digits in all; integers of 64 bits hold 18 of them safely


class UtcMoment(TypeDecorator[datetime]):
    """A moment: an aware datetime in UTC. SQLite keeps text of fixed width, whose order is the order of time; PostgreSQL timestamptz."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def __repr__(self) -> str:
        return "UtcMoment()"


class ScaledDecimal(TypeDecorator[Decimal]):
    """A Decimal with `scale` places, exact: a scaled integer on SQLite, NUMERIC on PostgreSQL. `func.sum` over it is an exact Decimal.

    A product of two such columns means nothing on SQLite, where both are scaled; it is refused here. Multiply in Python or by
    `product()`. `func.avg` is a float there: divide the sum by the count.
    """

    impl = Numeric
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal]):
        """Arithmetic that means the same on both databases, or none."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> Any:
            if op in (mul, truediv, floordiv) and any(isinstance(getattr(o, "type", None), ScaledDecimal) for o in other):
                raise TypeError("scaled columns are not multiplied or divided directly; see crm.backoffice.types.product")
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator

    def __init__(self, scale: int) -> None:
        super().__init__(PRECISION, scale)
        self.scale = scale
        self.unit = Decimal(1).scaleb(-scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else Numeric(PRECISION, self.scale))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float is not an exact number")
        exact = Decimal(value).quantize(self.unit, ROUND_HALF_UP)
        return int(exact.scaleb(self.scale)) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, Decimal):
            return value
        return Decimal(round(value)).scaleb(-self.scale)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        if op in (mul, truediv, floordiv):
            if isinstance(value, int):
                return Integer()
            raise TypeError("a scaled column is multiplied by whole numbers only; see crm.backoffice.types.product")
        return self

    def __repr__(self) -> str:
        return f"ScaledDecimal({self.scale})"


class MoneyType(ScaledDecimal):
    """An amount of money with four places; its currency stands beside it."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(MONEY_PLACES)

    def __repr__(self) -> str:
        return "MoneyType()"


class KeyText(TypeDecorator[str]):
    """Text compared and ordered by its bytes on both databases: keys, codes, sort and search companions. Without `length` unlimited."""

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(self.length, collation="C" if dialect.name == "postgresql" else None))

    def __repr__(self) -> str:
        return f"KeyText({self.length or ''})"


class NumberSet(TypeDecorator[tuple[int, ...]]):
    """Different whole numbers as text, each between commas: `,3,17,`. A tuple in ascending order; None instead of an empty one."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(collation="C" if dialect.name == "postgresql" else None))

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return f",{','.join(map(str, sorted(value)))}," if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[int, ...] | None:
        return tuple(map(int, value.strip(",").split(","))) if value else None

    def __repr__(self) -> str:
        return "NumberSet()"


@dataclass(frozen=True)
class FileRef:
    """What is known of a kept file: its key (see `files`), the name it came with, bytes, media type, SHA-256; of a picture also the key
    of the small one and its size in points."""

    key: str
    name: str
    size: int
    media: str
    sha256: str
    small: str = ""
    width: int = 0
    height: int = 0


class KeptFile(TypeDecorator[FileRef]):
    """A `FileRef` as JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return json.dumps(asdict(value), ensure_ascii=False, sort_keys=True) if value is not None else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> FileRef | None:
        return FileRef(**json.loads(value)) if value else None

    def __repr__(self) -> str:
        return "KeptFile()"


class product(FunctionElement[Decimal]):
    """`amount × factor` of two scaled columns in the type of `amount`, each product rounded half up to its decimals, on both databases.

    On SQLite exact while the factor, as the scaled integer it is kept as, stays below nine billion: shares and usual quantities do.
    """

    name = "product"
    inherit_cache = True

    def __init__(self, amount: ColumnElement[Any], factor: ColumnElement[Any]) -> None:
        super().__init__(amount, factor)
        self.type = amount.type


@compiles(product)
def _rounded(element: product, compiler: SQLCompiler, **kwargs: Any) -> str:
    amount, factor = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"round({amount} * {factor}, {_scale(element.type)})"


@compiles(product, "sqlite")
def _in_integers(element: product, compiler: SQLCompiler, **kwargs: Any) -> str:
    amount, factor = (f"({compiler.process(clause, **kwargs)})" for clause in element.clauses)
    one = 10 ** _scale(list(element.clauses)[1].type)
    # Whole and rest apart: the plain product of two 64-bit integers would turn into a float.
    size = f"(abs({amount}) / {one} * abs({factor}) + (abs({amount}) % {one} * abs({factor}) + {one // 2}) / {one})"
    return f"CASE WHEN ({amount} < 0) <> ({factor} < 0) THEN -{size} ELSE {size} END"


def _scale(kind: TypeEngine[Any]) -> int:
    if not isinstance(kind, ScaledDecimal):
        raise TypeError("product() multiplies scaled columns")
    return kind.scale


class Collected(TypeDecorator[tuple[Any, ...]]):
    """What `collected` gives: a tuple of numbers in ascending order, or of (number, value) pairs; None instead of an empty one."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Any, ...] | None:
        if value is None:
            return None
        return tuple(sorted(one if isinstance(one, int) else tuple(one) for one in value))


class collected(FunctionElement[tuple[Any, ...]]):
    """All rows of a query as one value: their numbers, or pairs of number and value. Numbers are different."""

    name = "collected"
    inherit_cache = True

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        super().__init__(*columns)
        self.type = Collected()


@compiles(collected)
def _json_agg(element: collected, compiler: SQLCompiler, **kwargs: Any) -> str:
    parts = [compiler.process(clause, **kwargs) for clause in element.clauses]
    return f"json_agg({parts[0] if len(parts) == 1 else f'json_build_array({parts[0]}, {parts[1]})'})"


@compiles(collected, "sqlite")
def _json_group_array(element: collected, compiler: SQLCompiler, **kwargs: Any) -> str:
    parts = [compiler.process(clause, **kwargs) for clause in element.clauses]
    return f"nullif(json_group_array({parts[0] if len(parts) == 1 else f'json_array({parts[0]}, {parts[1]})'}), '[]')"


class names_any(FunctionElement[bool]):
    """Whether a JSON object has one of the keys."""

    name = "names_any"
    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], *keys: str) -> None:
        super().__init__(column, *(literal(key, String()) for key in keys))


@compiles(names_any)
def _object_keys(element: names_any, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, *keys = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_object_keys({column}) AS known (key) WHERE known.key IN ({', '.join(keys)}))"  # noqa: S608  # compiled parts


@compiles(names_any, "sqlite")
def _json_each(element: names_any, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, *keys = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS known WHERE known.key IN ({', '.join(keys)}))"  # noqa: S608  # compiled parts
