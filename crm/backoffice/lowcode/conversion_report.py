"""What a change of a field's type would make of its values, told before it is done: how many pass, are rounded, shortened or lost, and which."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.converting import Conversion, reaching
from crm.backoffice.turning import Outcome, said_of, turner
from crm.messages import Message

MOST = 20_000  # different values that are looked at, the frequent ones first
NAMED = 50  # of which something is told one by one
FIRST: Mapping[str, int] = {"lost": 0, "shortened": 1, "rounded": 2, "decided": 3}


@dataclass(frozen=True)
class Value:
    """A value that does not simply pass: as decisions name it, as its reader sees it before and after, and how many records hold it."""

    said: str
    shown: str
    records: int
    outcome: Outcome
    becomes: str = ""
    why: Message | None = None


@dataclass(frozen=True)
class Report:
    """Records by what becomes of their values; the values that do not simply pass, the worst first; of how many `different` ones, and whether
    that is all of them."""

    records: Mapping[str, int]
    values: tuple[Value, ...]
    different: int
    whole: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "records": dict(self.records), "different": self.different, "whole": self.whole,
            "values": [{"value": one.said, "records": one.records, "outcome": one.outcome, "becomes": one.becomes} for one in self.values],
        }


def report(session: SystemSession, one: Conversion, reader: Reader) -> Report:
    """Looks at each different value once. Raises FieldError for a decision that makes no sense."""
    column = reaching(one).c[one.was.attribute]
    query = select(column, func.count()).where(column.is_not(None)).group_by(column).order_by(func.count().desc(), column).limit(MOST + 1)
    found = session.kernel(query).all()
    turned, before, after = turner(one.was, one.new, reader, one.decided.values), one.was.formatter(reader), one.new.formatter(reader)
    counts, told = Counter[str](), list[Value]()
    for value, records in found[:MOST]:
        became = turned(value)
        counts[became.outcome] += records
        if became.outcome != "clean":
            becomes = after(became.value) if became.value is not None else ""
            told.append(Value(said_of(value, one.was, reader), before(value), records, became.outcome, becomes, became.why))
    told.sort(key=lambda value: (FIRST[value.outcome], -value.records, value.said))
    return Report(dict(counts), tuple(told[:NAMED]), min(len(found), MOST), len(found) <= MOST)
