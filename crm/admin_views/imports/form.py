"""The mapping as a form posts it: a target a column, how it is read, what finds a record, what all new records get."""

from collections.abc import Mapping as Map
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.admin_views.kit.answers import record_number
from crm.backoffice import lists
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import readings
from crm.backoffice.exchange.convert import REFERENCES
from crm.backoffice.exchange.mapping import FileForm, Mapping, MappingFault, Target, names_of, parse_mapping
from crm.backoffice.exchange.mapping_text import as_tree
from crm.backoffice.exchange.profile import Column, Profile
from crm.backoffice.exchange.targets import Choice, targets, ways
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import UserSession
from crm.errors import NotFound, UnknownName
from crm.messages import m

LITERAL = "="  # stands before a value that is meant as it is written; a bare number is a chosen record
Form = MultiDict[str, str]


def mapping_of(session: UserSession, kind: Entity, upload: Upload, profile: Profile, form: Form) -> Mapping:
    """The posted mapping. Raises UnknownName for a target that this reader may not fill, MappingFault for what makes no sense."""
    choices = {c.name: c for c in targets(session.sight, kind, (*names_of(upload.mapping), *(c.name for c in profile.columns)))}
    before = upload.mapping
    columns: dict[str, Any] = {}
    ignored: list[str] = []
    scale: dict[str, str] = {}
    dates: list[str] = []
    for number, column in enumerate(profile.columns):
        names = [name for name in dict.fromkeys((form.get(f"to-{number}", ""), *form.getlist(f"also-{number}"))) if name]
        for name in names:
            if name not in choices:
                raise UnknownName(name)
        if not names:
            ignored.append(column.name)
            continue
        fresh = form.get(f"had-{number}", "") != names[0]
        first = _fresh(session, kind, choices[names[0]], column, before, profile) if fresh else _target(session, choices[names[0]], form, number)
        columns[column.name] = [first, *(_kept(before, column.name, name) for name in names[1:])]
        factor = form.get(f"scale-{number}", "").strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
        if factor and factor != "1" and not fresh:
            scale[names[0]] = factor
        date_form = form.get(f"date-{number}", "") if not fresh else _likely_form(choices[names[0]], column)
        if date_form:
            dates.append(date_form)
    if not columns:
        raise MappingFault(m("Choose a field for at least one column."))
    dates += [d for d in before.dates if d not in dates]
    plain = all(d == "%Y-%m-%d" for d in dates)
    tree: dict[str, Any] = {
        "entity": kind.key, "columns": columns, "ignore": ignored, "scale": scale, "dates": [] if plain else list(dict.fromkeys(dates)),
        "decimal": form.get("decimal") or before.decimal, "defaults": _defaults(session, choices, columns, form), "file": _file(before, form),
        "zone": before.zone,
    }
    match = [name for name in form.getlist("match") if name]
    if match:
        tree["match"] = match
    return parse_mapping(tree)


def file_form(form: Form, before: FileForm) -> FileForm:
    """How the file is to be read, as posted. Raises MappingFault."""
    tree: dict[str, Any] = {key: form[key] for key in ("encoding", "delimiter", "header") if form.get(key)}
    sheet = form.get("sheet", before.sheet or "")
    empty = _words(form.get("empty", ""))
    tree = {**tree, "format": before.format, **({"sheet": sheet} if sheet else {}), **({"empty": empty} if empty else {})}
    return parse_mapping({"file": tree}).file


def _target(session: UserSession, choice: Choice, form: Form, number: int) -> dict[str, Any]:
    spec = choice.spec
    tree: dict[str, Any] = {"field": choice.name}
    if spec is None:
        return tree
    by, missing = form.get(f"by-{number}", ""), form.get(f"missing-{number}", "")
    if by and by != "code":
        tree["by"] = by
    if missing and missing != "fail":
        tree["missing"] = missing
    values: dict[str, str] = {}
    for was, now in zip(form.getlist(f"was-{number}"), form.getlist(f"now-{number}"), strict=False):
        if now:
            values[was] = now[1:] if now.startswith(LITERAL) else _named(session, spec, by, now)
    if values:
        tree["values"] = values
    return tree


def _named(session: UserSession, spec: Field, by: str, text: str) -> str:
    """What a chosen record is called by the field that the column goes by. Other text stays as it is."""
    if spec.target is None or spec.target in session.catalog.configured or not text.isdecimal():
        return text
    key = by or "code"
    if key not in ways(session.sight, spec):
        raise UnknownName(key)
    try:
        found = lists.record(session, spec.target, record_number(text), (key,)).values.get(key)
    except NotFound:
        found = None
    if not isinstance(found, str) or not found:
        raise MappingFault(m("The chosen record has no “%(field)s” by which it could be found.", field=session.catalog.entity(spec.target).fields[key].label))
    return found


def _fresh(session: UserSession, kind: Entity, choice: Choice, column: Column, before: Mapping, profile: Profile) -> dict[str, Any]:
    """A target that was just chosen: by the field that finds most of the column's values."""
    tree: dict[str, Any] = {"field": choice.name}
    spec = choice.spec
    if spec is not None and spec.type in REFERENCES and spec.target not in session.catalog.configured:
        by, _ = readings.likely_way(session, kind, choice, column, before, profile)
        if by is not None:
            tree["by"] = by
    return tree


def _likely_form(choice: Choice, column: Column) -> str:
    return column.forms[0] if choice.spec is not None and choice.spec.type in ("date", "moment") and column.forms else ""


def _kept(before: Mapping, column: str, name: str) -> Any:
    """A further target of a column, with what the mapping says of it already."""
    known: Target | None = next((t for t in (before.columns or {}).get(column, ()) if t.name == name), None)
    if known is None:
        return name
    return as_tree(Mapping(columns={column: (known,)}))["columns"][column]


def _defaults(session: UserSession, choices: Map[str, Choice], columns: Map[str, Any], form: Form) -> dict[str, str]:
    """`default.<field>`; a field that a column fills needs none."""
    filled = {one["field"] if isinstance(one, dict) else one for several in columns.values() for one in several}
    found: dict[str, str] = {}
    for name, value in form.items():
        key = name.removeprefix("default.")
        if key == name or key in filled or not value.strip():
            continue
        choice = choices.get(key)
        if choice is None or choice.spec is None or choice.group is not None:
            raise UnknownName(key)
        found[key] = value[1:] if value.startswith(LITERAL) else _named(session, choice.spec, "", value.strip())
    return found


def _file(before: Mapping, form: Form) -> dict[str, Any]:
    kept: dict[str, Any] = as_tree(Mapping(file=before.file)).get("file", {})
    if "empty" in form:
        kept = {**kept, "empty": ["", *_words(form["empty"])]}
    return kept


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
