"""A mapping file as typed values: which column goes to which fields, how cells are read, what matches a row to a record.

Here only the form is judged, strictly: every key that is not known is answered with a sentence, so that a typo never means
"not imported". Whether the fields exist and may be written is judged by `binding`.
"""

from collections.abc import Iterable, Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, cast, get_args
from zoneinfo import available_timezones

import yaml

from crm.backoffice.exchange.sniff import ENCODINGS, FORMATS
from crm.backoffice.exchange.table import MAX_COLUMNS
from crm.backoffice.outside import NamedTwice, line_of, read_yaml
from crm.errors import BadRequest
from crm.messages import Message, m

Missing = Literal["fail", "empty", "create"]
MAX_MAPPING = 1024 * 1024
MAX_VALUES = 10_000

KEYS = ("entity", "file", "match", "dates", "zone", "decimal", "scale", "defaults", "columns", "ignore")
FILE_KEYS = ("format", "encoding", "delimiter", "header", "empty", "sheet")
TARGET_KEYS = ("field", "by", "missing", "values")
OTHER_NAMES = {
    "utf8": "utf-8", "utf-8-bom": "utf-8-sig", "windows-1251": "cp1251", "windows-1252": "cp1252", "latin-1": "iso-8859-1", "koi8u": "koi8-u",
}


class MappingFault(BadRequest):
    """A mapping that does not make sense; nothing was read or written."""

    code = "bad_mapping"


@dataclass(frozen=True)
class Target:
    """One field that a column fills. `path` is ("amount",) or ("lines", "amount")."""

    path: tuple[str, ...]
    by: str | None = None
    missing: Missing | None = None
    values: Map[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class FileForm:
    """How the file is to be read; `auto` is found out."""

    format: str = "auto"
    encoding: str = "auto"
    delimiter: str = "auto"
    header: bool = True
    empty: frozenset[str] = frozenset({""})
    sheet: str | None = None


@dataclass(frozen=True)
class Mapping:
    """A mapping file. `match` None is the default key; `columns` None means that columns are named as fields; `zone` "" is the company's."""

    entity: str | None = None
    file: FileForm = FileForm()
    match: tuple[str, ...] | None = None
    dates: tuple[str, ...] = ()
    zone: str = ""
    decimal: str = "."
    scale: Map[str, Decimal] = field(default_factory=dict)
    defaults: Map[str, str] = field(default_factory=dict)
    columns: Map[str, tuple[Target, ...]] | None = None
    ignore: frozenset[str] = frozenset()


def load_mapping(text: str) -> Mapping:
    """The mapping of a YAML text. Raises MappingFault with what is wrong and where."""
    if len(text) > MAX_MAPPING:
        raise MappingFault(m("The mapping is longer than a megabyte."))
    try:
        raw = read_yaml(text, _Strict)
    except BadRequest as unsound:
        raise MappingFault(unsound.message) from None
    except NamedTwice as twice:
        raise MappingFault(m("The mapping names “%(key)s” twice (line %(line)s).", key=twice.key, line=twice.line)) from twice
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MappingFault(m("The mapping is no valid YAML (line %(line)s).", line=line_of(error))) from error
    return parse_mapping(raw)


def parse_mapping(raw: Any) -> Mapping:
    """The mapping of a tree of mappings, lists and texts, as YAML or the screen gives it. Raises MappingFault."""
    tree = _tree(raw, m("The mapping is empty or no list of keys and values."))
    _known(tree, KEYS, m("The mapping"))
    columns = tree.get("columns")
    return Mapping(
        entity=_text(tree["entity"], "entity") if "entity" in tree else None,
        file=_form(tree["file"]) if "file" in tree else FileForm(),
        match=_match(tree["match"]) if "match" in tree else None,
        dates=tuple(_date_form(form) for form in _texts(tree.get("dates", []), "dates")),
        zone=_zone(_text(tree.get("zone", ""), "zone")),
        decimal=_one_of(_text(tree.get("decimal", "."), "decimal"), (".", ","), "decimal"),
        scale=MappingProxyType({str(key): _number(value, str(key)) for key, value in _tree(tree.get("scale", {}), _shape("scale")).items()}),
        defaults=MappingProxyType({str(key): _text(value, str(key)) for key, value in _tree(tree.get("defaults", {}), _shape("defaults")).items()}),
        columns=_columns(columns) if columns is not None else None,
        ignore=frozenset(_texts(tree.get("ignore", []), "ignore")),
    )


def names_of(mapping: Mapping | None) -> tuple[str, ...]:
    """The names of everything that a mapping fills."""
    return tuple(target.name for several in (mapping.columns or {}).values() for target in several) if mapping is not None else ()


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most resembles."""
    return next(iter(get_close_matches(name, list(known), 1, 0.6)), None)


def unknown(where: Message, name: str, known: Iterable[str]) -> MappingFault:
    """`where` does not know `name`; with the likely name when there is one."""
    near = did_you_mean(name, known)
    if near is None:
        return MappingFault(m("%(where)s: “%(name)s” is not known.", where=where, name=name[:80]))
    return MappingFault(m("%(where)s: “%(name)s” is not known. Did you mean “%(near)s”?", where=where, name=name[:80], near=near))


class _Strict(yaml.BaseLoader):
    """Everything that is written stays text (NO is not false, 007 not 7), and a key stands once."""


def _once(loader: _Strict, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            raise NamedTwice(key, key_node.start_mark.line + 1)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Strict.add_constructor("tag:yaml.org,2002:map", _once)


def _columns(raw: Any) -> Map[str, tuple[Target, ...]]:
    tree = _tree(raw, _shape("columns"))
    if not tree or len(tree) > MAX_COLUMNS:
        raise MappingFault(m("“columns” names between 1 and %(limit)s columns.", limit=MAX_COLUMNS))
    found: dict[str, tuple[Target, ...]] = {}
    for column, several in tree.items():
        found[str(column).strip()] = tuple(_target(str(column), one) for one in (several if isinstance(several, list) else [several]))
    for column, targets in found.items():
        if not targets:
            raise MappingFault(m("Column “%(column)s” names no field; put it under “ignore”.", column=column))
    return MappingProxyType(found)


def _target(column: str, raw: Any) -> Target:
    where = m("Column “%(column)s”", column=column[:80])
    tree = raw if isinstance(raw, dict) else {"field": raw}
    _known(tree, TARGET_KEYS, where)
    name = tree.get("field")
    if not isinstance(name, str) or not name.strip():
        raise MappingFault(m("Column “%(column)s” does not say which field it fills.", column=column[:80]))
    path = tuple(part.strip() for part in name.split("."))
    if len(path) > 2 or not all(path):
        raise MappingFault(m("Column “%(column)s”: “%(name)s” is no field and no field of a related list.", column=column[:80], name=name[:80]))
    values = _tree(tree.get("values", {}), _shape("values"))
    if len(values) > MAX_VALUES:
        raise MappingFault(m("Column “%(column)s” replaces more than %(limit)s values.", column=column[:80], limit=MAX_VALUES))
    missing = _one_of(_text(tree["missing"], "missing"), get_args(Missing), "missing") if "missing" in tree else None
    return Target(
        path, _text(tree["by"], "by") if "by" in tree else None, cast(Missing | None, missing),
        MappingProxyType({str(key): _text(value, "values") for key, value in values.items()}),
    )


def _form(raw: Any) -> FileForm:
    tree = _tree(raw, _shape("file"))
    _known(tree, FILE_KEYS, m("“file”"))
    delimiter = _text(tree.get("delimiter", "auto"), "delimiter")
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if delimiter != "auto" and (len(delimiter) != 1 or delimiter in "\"\r\n\0"):
        raise MappingFault(m("“delimiter” is one character, “tab” or “auto”."))
    encoding = _text(tree.get("encoding", "auto"), "encoding").lower()
    encoding = OTHER_NAMES.get(encoding, encoding)
    sheet = tree.get("sheet")
    return FileForm(
        _one_of(_text(tree.get("format", "auto"), "format"), ("auto", *FORMATS), "format"), _one_of(encoding, ("auto", *ENCODINGS), "encoding"), delimiter,
        _one_of(_text(tree.get("header", "true"), "header").lower(), ("true", "false"), "header") == "true",
        frozenset(_texts(tree["empty"], "empty")) | {""} if "empty" in tree else frozenset({""}),
        _text(sheet, "sheet") if sheet is not None else None,
    )


def _match(raw: Any) -> tuple[str, ...]:
    names = tuple(_texts([raw] if isinstance(raw, str) else raw, "match"))
    if not names or len(names) > 8 or len(set(names)) < len(names):
        raise MappingFault(m("“match” names one to eight different fields."))
    return names


def _date_form(form: str) -> str:
    """A form that reads back what it writes and knows at least the day, month and year."""
    moment = datetime(2017, 11, 30, 13, 45, 59)
    try:
        told = datetime.strptime(moment.strftime(form), form)
    except (ValueError, RecursionError) as error:
        raise MappingFault(m("“dates”: “%(form)s” is no form of a date; %%Y-%%m-%%d is one.", form=form[:40])) from error
    if told.date() != moment.date():
        raise MappingFault(m("“dates”: “%(form)s” is no form of a date; %%Y-%%m-%%d is one.", form=form[:40]))
    return form


def _zone(name: str) -> str:
    if name and name not in available_timezones():
        raise MappingFault(m("“zone”: “%(name)s” is no time zone; Europe/Kyiv and UTC are.", name=name[:40]))
    return name


def _number(raw: Any, name: str) -> Decimal:
    try:
        number = Decimal(_text(raw, name))
    except InvalidOperation as error:
        raise MappingFault(m("“scale” of “%(name)s” is no number.", name=name[:80])) from error
    if not number.is_finite() or number <= 0 or not -12 <= number.adjusted() <= 12:
        raise MappingFault(m("“scale” of “%(name)s” is no number.", name=name[:80]))
    return number


def _known(tree: Map[str, Any], names: tuple[str, ...], where: Message) -> None:
    for key in tree:
        if key not in names:
            raise unknown(where, str(key), names)


def _tree(raw: Any, sentence: Message) -> dict[str, Any]:
    if raw == "":
        raw = {}  # «defaults:» with nothing behind it
    if not isinstance(raw, dict):
        raise MappingFault(sentence)
    return raw


def _shape(name: str) -> Message:
    return m("“%(name)s” is a list of keys and values.", name=name)


def _text(raw: Any, name: str) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int | float | Decimal):
        return str(raw)
    raise MappingFault(m("“%(name)s” is one value, not a list.", name=name[:80]))


def _texts(raw: Any, name: str) -> list[str]:
    if raw == "":
        return []
    if not isinstance(raw, list):
        raise MappingFault(m("“%(name)s” is a list.", name=name))
    return [_text(one, name) for one in raw]


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise MappingFault(m("“%(name)s” is one of %(allowed)s.", name=name, allowed=", ".join(allowed)))
    return value
