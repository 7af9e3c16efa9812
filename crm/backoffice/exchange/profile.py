"""What the columns of a file hold, seen from its first rows: samples for the eye, distinct values, and what kind of values they seem to be."""

import re
from collections.abc import Iterable, Mapping as Map
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from crm.backoffice.exchange.convert import NO, YES, cell_text, fits
from crm.backoffice.exchange.table import Cell, Table
from crm.backoffice.fields.phone import number as phone_number

ROWS = 2_000  # that are looked at
SAMPLES = 3
SHOWN = 60  # characters of a sample
VALUES = 120  # distinct values that are kept; of a column with more, none but the first
JUDGED = 300  # values by which the kind is told
ENOUGH = 0.9  # of them must be of the kind

Kind = Literal["email", "phone", "url", "date", "integer", "number", "boolean", "text", "empty"]

# In the order of likelihood here: a day before a month, as Europe writes.
DATE_FORMS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
)
NOTHING = frozenset({"null", "n/a", "#n/a", "none", "nan", "nil", "(null)"})  # how programs write "no value"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
URL = re.compile(r"(https?://|www\.)\S+|[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|ua|org|net|eu|info|biz|gov|edu)(/\S*)?", re.IGNORECASE)
WRITTEN_PHONE = re.compile(r"[+(]?[0-9][0-9\s().\-/]{6,24}")
NUMBER = re.compile(
    r"[+−-]?([0-9]+([.,][0-9]+)?|[0-9]{1,3}([\s\u00a0\u202f'’][0-9]{3})+([.,][0-9]+)?|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?)"
)
CURRENCY = re.compile(r"\s*(₴|грн\.?|uah|\$|usd|€|eur)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column. `values` are its distinct texts, all of them when `few`; `forms` the forms that fit all its dates, likeliest first."""

    name: str
    samples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    few: bool = False
    filled: int = 0
    kind: Kind = "empty"
    forms: tuple[str, ...] = ()
    comma: bool = False  # its numbers, if it holds any, have a decimal comma
    nothing: tuple[str, ...] = ()  # words in it that mean "no value"


@dataclass(frozen=True)
class Profile:
    """A file as its first `rows` rows show it; `whole` when there are no more."""

    format: str
    encoding: str | None
    delimiter: str | None
    columns: tuple[Column, ...]
    rows: int
    whole: bool
    sheets: tuple[str, ...] = ()  # of a workbook

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def from_dict(raw: Map[str, Any]) -> Profile:
    """The inverse of `as_dict`."""
    columns = tuple(_from_dict(one) for one in raw["columns"])
    return Profile(raw["format"], raw["encoding"], raw["delimiter"], columns, raw["rows"], raw["whole"], tuple(raw["sheets"]))


def _from_dict(raw: Map[str, Any]) -> Column:
    several = {key: tuple(raw[key]) for key in ("samples", "values", "forms", "nothing")}
    return Column(name=raw["name"], few=raw["few"], filled=raw["filled"], kind=raw["kind"], comma=raw["comma"], **several)


def profile(table: Table, sheets: tuple[str, ...] = ()) -> Profile:
    """Look at the first rows; `sheets` are the names of a workbook's. Raises Unreadable when the file breaks among them."""
    rows = list(islice(table.rows(), ROWS + 1))
    whole = len(rows) <= ROWS
    good = [row for row in rows[:ROWS] if row.problem is None and not row.blank]
    columns = tuple(_column(name, [row.cells[at] for row in good]) for at, name in enumerate(table.columns))
    return Profile(table.format, table.encoding, table.delimiter, columns, min(len(rows), ROWS), whole, sheets)


def _column(name: str, cells: Iterable[Cell]) -> Column:
    seen: dict[str, Cell] = {}
    filled = 0
    nothing: dict[str, None] = {}
    for cell in cells:
        text = cell_text(cell)
        if not text:
            continue
        if text.casefold() in NOTHING:
            nothing[text] = None
            continue
        filled += 1
        if len(seen) <= max(VALUES, JUDGED):
            seen.setdefault(text, cell)
    texts = list(seen)
    few = len(texts) <= VALUES
    kind, forms = _kind([seen[t] for t in texts[:JUDGED]])
    comma = kind in ("number", "text") and _has_comma(texts[:JUDGED])
    kept = tuple(t[:200] for t in texts[:VALUES])
    return Column(name, tuple(t[:SHOWN] for t in texts[:SAMPLES]), kept, few, filled, kind, forms, comma, tuple(nothing)[:5])


def _kind(cells: list[Cell]) -> tuple[Kind, tuple[str, ...]]:
    if not cells:
        return "empty", ()
    if _most(cells, lambda c: isinstance(c, bool)):
        return "boolean", ()
    if _most(cells, lambda c: isinstance(c, date | datetime)):
        return "date", ()
    if _most(cells, lambda c: isinstance(c, int | Decimal) and not isinstance(c, bool)):
        return ("integer" if all(isinstance(c, int) for c in cells) else "number"), ()
    texts = [cell_text(c) for c in cells]
    if _most(texts, lambda t: EMAIL.fullmatch(t) is not None):
        return "email", ()
    if _most(texts, _like_a_date):
        forms = tuple(form for form in DATE_FORMS if all(fits(t, form) for t in texts)) or _nearly(texts)
        if forms:
            return "date", forms
    if len(texts) <= 4 and all(t.casefold() in YES | NO for t in texts):
        return "boolean", ()
    if _most(texts, lambda t: URL.fullmatch(t) is not None):
        return "url", ()
    if _most(texts, _is_phone) and any(t[:1] in "+(" or re.search(r"[\s().-]", t) for t in texts):
        return "phone", ()
    if _most(texts, lambda t: t.isdecimal() and t.isascii() and (t == "0" or not t.startswith("0")) and len(t) < 16):
        return "integer", ()
    if _most(texts, lambda t: NUMBER.fullmatch(CURRENCY.sub("", t.removesuffix("%"))) is not None) and not any(_coded(t) for t in texts):
        return "number", ()
    return "text", ()


def _most(values: list[Any], holds: Any) -> bool:
    return sum(1 for value in values if holds(value)) >= ENOUGH * len(values)


def _like_a_date(text: str) -> bool:
    return 6 <= len(text) <= 30 and sum(1 for c in text if c.isdigit()) >= 3


def _nearly(texts: list[str]) -> tuple[str, ...]:
    """Forms of a column of dates with a few cells that are none."""
    scores = {form: sum(1 for t in texts if fits(t, form)) for form in DATE_FORMS}
    best = max(scores.values())
    return tuple(form for form in DATE_FORMS if scores[form] == best) if best >= ENOUGH * len(texts) else ()


def _is_phone(text: str) -> bool:
    if phone_number(text) is not None:
        return True
    digits = sum(1 for c in text if c.isdigit())
    return WRITTEN_PHONE.fullmatch(text) is not None and 7 <= digits <= 15 and not NUMBER.fullmatch(text)


def _coded(text: str) -> bool:
    """Digits that are no amount: a code with leading zeros."""
    return re.fullmatch(r"0[0-9]+", text) is not None


def _has_comma(texts: list[str]) -> bool:
    numbers = [bare for t in texts if NUMBER.fullmatch(bare := CURRENCY.sub("", t.removesuffix("%")))]
    commas = sum(1 for t in numbers if re.search(r",[0-9]{1,2}$|,[0-9]{4,}$", t))
    points = sum(1 for t in numbers if re.search(r"\.[0-9]{1,2}$|\.[0-9]{4,}$", t))
    return commas > points
