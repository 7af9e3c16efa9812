"""A cell as the value of a field. What names another record or an option not made yet stays a name until a session can look."""

import re
from collections.abc import Callable, Mapping as Map
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.backoffice.catalog import Catalog, Configured, Option
from crm.backoffice.exchange.mapping import Missing, Target
from crm.backoffice.exchange.read_jsonl import NotGiven
from crm.backoffice.exchange.table import Cell
from crm.backoffice.fields.base import Field, FieldError, Reader
from crm.backoffice.fields.many_to_many import MOST, joined, listed
from crm.backoffice.fields.picklist import LARGEST_ID
from crm.messages import m

NUMBERS = frozenset({"integer", "decimal", "money", "percent"})
DATES = frozenset({"date", "moment"})
REFERENCES = frozenset({"reference", "many_to_many"})
LISTED = frozenset({"picklist", "multi_picklist"})
NAMED = REFERENCES | LISTED | {"country", "currency"}  # may be missing from a list of known ones
SCALED = NUMBERS | {"duration"}  # that a mapping may multiply
IMPORTABLE = SCALED | DATES | NAMED | {"text", "long_text", "rich_text", "boolean", "email", "phone", "url", "tax_code", "iban"}
YES = frozenset({"true", "yes", "y", "1", "так", "т", "да", "+"})
NO = frozenset({"false", "no", "n", "0", "ні", "н", "нет", "-"})
MOST_KNOWN, LONGEST_KNOWN = 5_000, 200  # how many cells of a column, of how many characters, have their values remembered
SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")


@dataclass(frozen=True)
class Wanted:
    """A record of `entity` whose field `by` is `text`; a session finds it, the file holds it further down, or it is made."""

    entity: str
    by: str
    text: str
    missing: Missing


@dataclass(frozen=True)
class WantedStep:
    """A row of a configured entity (a stage) by its key; which one depends on the record's own parent (its pipeline)."""

    entity: str
    text: str
    missing: Missing


@dataclass(frozen=True)
class WantedOption:
    """An option of a picklist that is to be made."""

    picklist: str
    text: str

    @property
    def key(self) -> str:
        return option_key(self.text)


class Absent:
    """The row says nothing of this field."""


ABSENT = Absent()
Convert = Callable[[Cell, str | None], Any]


def option_key(text: str) -> str:
    """The key of an option made of `text`: lower case, `_` for everything that is no letter or digit."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")[:64] or "_"


def cell_text(cell: Cell) -> str:
    """A cell as text, as its author would have typed it."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time.min else cell.date().isoformat()
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, list):
        return joined(cell_text(part) for part in cell)
    return str(cell)


def converter(spec: Field, target: Target, *, catalog: Catalog, reader: Reader, empty: frozenset[str], decimal: str, scale: Decimal | None) -> Convert:
    """The function from a cell (and the form of dates its column keeps) to what `spec` takes: a value, None when empty,
    ABSENT when the row does not speak of it, or something Wanted. It raises FieldError with the sentence for the row."""
    values = target.values
    if spec.several:
        return _set(spec, target, catalog, empty)
    if spec.multiple:
        return _several_options(spec, target, catalog, empty)
    read = _reading(spec, target, catalog, reader, decimal, scale)

    # Columns repeat themselves (days, stages, sellers), and every row is read twice: to be checked and to be written.
    known: dict[tuple[str, str | None], Any] = {}

    def convert(cell: Cell, form: str | None) -> Any:
        if cell is None:
            return None
        if isinstance(cell, NotGiven):
            return ABSENT
        if not isinstance(cell, str):
            return convert_anew(cell, form)
        place = (cell, form)
        found = known.get(place, ABSENT)
        if found is ABSENT:
            found = convert_anew(cell, form)
            if len(known) < MOST_KNOWN and len(cell) <= LONGEST_KNOWN:
                known[place] = found
        return found

    def convert_anew(cell: Cell, form: str | None) -> Any:
        if values or isinstance(cell, str):
            text = cell_text(cell)
            if text in empty and text not in values:
                return None
            if text in values:
                cell = values[text].strip()
                if cell in empty:
                    return None
            elif isinstance(cell, str):
                cell = text
        return read(cell, form)

    return convert


def _reading(spec: Field, target: Target, catalog: Catalog, reader: Reader, decimal: str, scale: Decimal | None) -> Convert:
    missing: Missing = target.missing or "fail"
    match spec.type:
        case kind if kind in NUMBERS:
            return lambda cell, form: spec.clean(_scaled(_number(cell, decimal), scale, spec))
        case "duration" if scale is not None:  # a number of hours, days
            return lambda cell, form: spec.clean(_scaled(_number(cell, decimal), scale, spec))
        case "date":
            return lambda cell, form: spec.clean(as_date(cell, form))
        case "moment":
            return lambda cell, form: spec.clean(_moment(cell, form, reader))
        case "boolean":
            return lambda cell, form: _boolean(cell)
        case "picklist":
            return _options(spec, catalog, missing)
        case "reference" if spec.target in catalog.configured:
            return lambda cell, form: WantedStep(str(spec.target), cell_text(cell), missing)
        case "reference":
            by = target.by or "code"
            return lambda cell, form: Wanted(str(spec.target), by, cell_text(cell), missing)
        case kind if kind in NAMED and missing == "empty":
            return lambda cell, form: _or_none(spec, cell, reader)
    return lambda cell, form: spec.clean(spec.read(cell_text(cell), reader))


def _set(spec: Field, target: Target, catalog: Catalog, empty: frozenset[str]) -> Convert:
    """A list of JSON, or a text with semicolons, as a tuple of Wanted."""
    missing: Missing = target.missing or "fail"
    configured = spec.target in catalog.configured

    def convert(cell: Cell, form: str | None) -> Any:
        texts = _parts(cell, target, empty)
        if not isinstance(texts, list):
            return texts
        named = (WantedStep(str(spec.target), t, missing) if configured else Wanted(str(spec.target), target.by or "code", t, missing) for t in texts)
        return tuple(dict.fromkeys(named)) or None

    return convert


def _several_options(spec: Field, target: Target, catalog: Catalog, empty: frozenset[str]) -> Convert:
    """A list of JSON, or a text with semicolons, as a tuple of option numbers, and of options to be made."""
    read = _options(spec, catalog, target.missing or "fail")

    def convert(cell: Cell, form: str | None) -> Any:
        texts = _parts(cell, target, empty)
        if not isinstance(texts, list):
            return texts
        found = dict.fromkeys(option for text in texts if (option := read(text, form)) is not None)
        return tuple(sorted(found, key=lambda one: one if isinstance(one, int) else LARGEST_ID)) or None

    return convert


def _parts(cell: Cell, target: Target, empty: frozenset[str]) -> Any:
    """The texts that a cell lists; ABSENT when the row does not speak of it, None when it is empty. Raises FieldError."""
    if isinstance(cell, NotGiven):
        return ABSENT
    if cell is None or cell_text(cell) in empty:
        return None
    parts = [cell_text(part) for part in cell] if isinstance(cell, list) else listed(cell_text(cell))
    texts = [text for part in parts if (text := target.values.get(part, part).strip()) not in empty]
    if len(texts) > MOST:
        raise FieldError(m("A list of at most 1,000 values is expected here."))
    return texts


def each(value: Any) -> tuple[Any, ...]:
    """What a value consists of: the parts of a set, or the value itself."""
    return value if value.__class__ is tuple else (value,)


def _or_none(spec: Field, cell: Cell, reader: Reader) -> Any:
    try:
        return spec.clean(spec.read(cell_text(cell), reader))
    except FieldError:
        return None


def _number(cell: Cell, decimal: str) -> Decimal:
    """The number in a cell. Grouping by spaces, apostrophes and the other sign is understood where it is unmistakable."""
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return Decimal(cell)
    text = cell_text(cell)
    bare = SPACES.sub("", text).replace("−", "-")
    percent = bare.endswith("%")
    bare = bare.removesuffix("%")
    other = "," if decimal == "." else "."
    if re.fullmatch(rf"[+-]?\d{{1,3}}({re.escape(other)}\d{{3}})+({re.escape(decimal)}\d+)?", bare):
        bare = bare.replace(other, "")
    if not re.fullmatch(rf"[+-]?(\d+({re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)([eE][+-]?\d{{1,2}})?", bare) or len(bare) > 60:
        if re.fullmatch(rf"[+-]?\d+{re.escape(other)}\d+", bare):
            raise FieldError(m("“%(value)s” is no number with the decimal sign “%(sign)s”.", value=text[:60], sign=decimal))
        raise FieldError(m("“%(value)s” is no number.", value=text[:60]))
    try:
        number = Decimal(bare.replace(decimal, "."))
    except InvalidOperation as error:
        raise FieldError(m("“%(value)s” is no number.", value=text[:60])) from error
    return number / 100 if percent else number


def _scaled(number: Decimal, scale: Decimal | None, spec: Field) -> Any:
    if scale is not None:
        number *= scale
    if spec.type != "integer":
        return number
    if number != number.to_integral_value():
        raise FieldError(m("“%(value)s” is no whole number.", value=format(number, "f")[:60]))
    return int(number)


def as_date(cell: Cell, form: str | None) -> date:
    """The day in a cell: of the form its column keeps, else ISO. Raises FieldError."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = cell_text(cell)
    try:
        if form is not None:
            return datetime.strptime(text, form).date()
        return datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)
    except ValueError as error:
        raise _no_date(text, form) from error


def _moment(cell: Cell, form: str | None, reader: Reader) -> datetime:
    """The moment in a cell; without an offset it is told by the clocks of the company."""
    if isinstance(cell, datetime):
        moment = cell
    elif isinstance(cell, date):
        moment = datetime.combine(cell, time.min)
    else:
        text = cell_text(cell)
        try:
            moment = datetime.strptime(text, form) if form is not None else datetime.fromisoformat(text)
        except ValueError as error:
            raise _no_date(text, form) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=reader.zone)).astimezone(UTC)


def _no_date(text: str, form: str | None) -> FieldError:
    if form is not None:
        return FieldError(m("“%(value)s” is no date of the form %(form)s.", value=text[:60], form=form))
    return FieldError(m("“%(value)s” is no date like 2017-03-31; name the form of the file's dates in the mapping.", value=text[:60]))


def fits(cell: Cell, form: str) -> bool:
    """Whether a text cell is a date of `form`."""
    try:
        datetime.strptime(cell_text(cell), form)
    except ValueError:
        return False
    return True


def _boolean(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    word = cell_text(cell).casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise FieldError(m("“%(value)s” is neither yes nor no.", value=word[:60]))


def _options(spec: Field, catalog: Catalog, missing: Missing) -> Convert:
    listed = str(spec.picklist)
    known = named_options(catalog.picklists[listed].options) if listed in catalog.picklists else {}

    def read(cell: Cell, form: str | None) -> Any:
        text = cell_text(cell)
        found = known.get(text.casefold(), ())
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise FieldError(m("“%(value)s” fits several values of the list “%(list)s”.", value=text[:60], list=spec.label))
        if missing == "create":
            if len(text) > 255:
                raise FieldError(m("“%(value)s…” is too long for a value of a list.", value=text[:60]))
            made = known.get(option_key(text), ())
            return made[0] if len(made) == 1 else WantedOption(listed, text)
        if missing == "empty":
            return None
        raise FieldError(m("The list “%(list)s” has no value “%(value)s”.", value=text[:60], list=spec.label))

    return read


def named_options(options: tuple[Option, ...]) -> Map[str, tuple[int, ...]]:
    """Option numbers by every name they answer to, folded; a key goes before a label, one in use before a retired one."""
    found: dict[str, tuple[int, ...]] = {}
    for retired in (False, True):
        for by_key in (True, False):
            layer: dict[str, tuple[int, ...]] = {}
            for option in (o for o in options if o.retired == retired):
                names = {option.key} if by_key else {option.label.uk, option.label.en}
                for name in {name.casefold() for name in names if name}:
                    layer[name] = (*layer.get(name, ()), option.id)
            found = {**layer, **found}
    return found


def step(catalog: Catalog, wanted: WantedStep, parent_id: int | None) -> int | None:
    """The configured row that is meant, within `parent_id` when it is known. Raises FieldError when none or several fit."""
    rows = [c for c in catalog.configured[wanted.entity].values() if parent_id is None or c.parent_id in (None, parent_id)]
    name = wanted.text.casefold()
    for names in (_codes, _keys, _labels):
        found = [c.id for c in rows if name in names(c)]
        if len(found) == 1:
            return found[0]
        if found:
            raise FieldError(m("“%(value)s” fits several records.", value=wanted.text[:60]))
    if wanted.missing == "empty":
        return None
    label = catalog.entities[wanted.entity].label
    raise FieldError(m("%(entity)s “%(value)s” is not known.", entity=label, value=wanted.text[:60]))


def _codes(row: Configured) -> set[str]:
    return {row.code.casefold()}


def _keys(row: Configured) -> set[str]:
    return {row.key.casefold()}


def _labels(row: Configured) -> set[str]:
    return {row.label.uk.casefold(), row.label.en.casefold()}
