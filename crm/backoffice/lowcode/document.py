"""A configuration file as typed values. A name that is not known is an error: a typo must never pass in silence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from crm.backoffice.access import Rule, parse_rule
from crm.backoffice.catalog import Catalog, Conflict
from crm.backoffice.conditions import compiler
from crm.backoffice.lowcode.conflicts import NAMES as CONFLICT_NAMES, conflict
from crm.backoffice.lowcode.emergencies import Emergency, emergency
from crm.backoffice.lowcode.shared_views import NAMES as VIEW_NAMES, shared_view
from crm.backoffice.outside import read_yaml
from crm.backoffice.sight import Sight
from crm.backoffice.views.shared import SharedView
from crm.errors import BadRequest, BramaError
from crm.messages import Label, Message, m

KEY = re.compile(r"[a-zа-яіїєґ0-9][\w.\-&/ ]{0,63}", re.IGNORECASE)
SECTIONS = ("roles", "pipelines", "picklists", "views", "conflicts")
COLOURS = ("", "grey", "blue", "azure", "indigo", "purple", "pink", "red", "orange", "yellow", "lime", "green", "teal", "cyan")
KINDS = ("open", "won", "lost")


@dataclass(frozen=True)
class OptionSpec:
    key: str
    label: Label
    colour: str = ""
    retired: bool = False


@dataclass(frozen=True)
class PicklistSpec:
    key: str
    label: Label | None
    options: tuple[OptionSpec, ...]


@dataclass(frozen=True)
class StageSpec:
    key: str
    label: Label
    kind: str = "open"
    probability: Decimal | None = None
    retired: bool = False


@dataclass(frozen=True)
class PipelineSpec:
    key: str
    label: Label
    entity: str
    stages: tuple[StageSpec, ...]


@dataclass(frozen=True)
class RoleSpec:
    key: str
    label: Label
    rules: tuple[Mapping[str, Any], ...]  # as in the file; checked
    builtin: bool = False
    second_factor: bool | None = None  # None: as it stands
    emergency: Emergency | None = None  # None: as it stands


@dataclass(frozen=True)
class Document:
    """What a configuration file says, in its order."""

    roles: tuple[RoleSpec, ...] = ()
    pipelines: tuple[PipelineSpec, ...] = ()
    picklists: tuple[PicklistSpec, ...] = ()
    views: tuple[SharedView, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    removed: tuple[tuple[str, str, str], ...] = field(default=())  # kind, entity, key of what an undo takes away; no file says this
    undoes: datetime | None = None  # when the version was made that this undoes: a role removed by it comes back itself, with whoever held it


def read(text: str | bytes, catalog: Catalog) -> Document:
    """The document of a YAML file. Raises BadRequest with the place of what is wrong."""
    if len(text) > 2_000_000:
        raise BadRequest(m("The configuration file is too large."))
    try:
        raw = read_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as wrong:
        raise BadRequest(m("The file is not valid YAML: %(why)s", why=str(wrong).splitlines()[0][:120])) from None
    return from_raw(raw or {}, catalog)


def from_raw(raw: Any, catalog: Catalog) -> Document:
    """The document of what YAML or JSON gave."""
    _only(raw, SECTIONS, m("the file"))
    return Document(
        tuple(_role(key, spec, catalog) for key, spec in _section(raw, "roles")),
        tuple(_pipeline(key, spec, catalog) for key, spec in _section(raw, "pipelines")),
        tuple(_picklist(key, spec) for key, spec in _section(raw, "picklists")),
        tuple(_view(key, spec, catalog) for key, spec in _section(raw, "views")),
        tuple(_conflict(key, spec) for key, spec in _section(raw, "conflicts")),
    )


def merge(documents: Iterable[Document]) -> Document:
    """Several documents as one."""
    several = list(documents)
    return Document(
        tuple(x for d in several for x in d.roles), tuple(x for d in several for x in d.pipelines), tuple(x for d in several for x in d.picklists),
        tuple(x for d in several for x in d.views), tuple(x for d in several for x in d.conflicts), tuple(x for d in several for x in d.removed),
    )


def _role(key: str, spec: Any, catalog: Catalog) -> RoleSpec:
    place = m("role “%(key)s”", key=key)
    _only(spec, ("label", "rules", "builtin", "second_factor", "emergency"), place)
    rules = spec.get("rules") or []
    if not isinstance(rules, list) or not all(isinstance(r, Mapping) for r in rules):
        raise _wrong(place, m("“rules” is a list"))
    for number, rule in enumerate(rules, 1):
        check_rule(parse_rule(key, number, rule), catalog)
    asks = spec.get("second_factor")
    if asks is not None and not isinstance(asks, bool):
        raise _wrong(place, m("“second_factor” is true or false"))
    taken = emergency(key, spec["emergency"]) if spec.get("emergency") is not None else None
    if isinstance(taken, Message):
        raise _wrong(place, taken)
    return RoleSpec(key, _label(spec, place), tuple(rules), bool(spec.get("builtin")), asks, taken)


def check_rule(rule: Rule, catalog: Catalog) -> None:
    """Raises BadRequest when a rule names an entity, a field or a value that does not exist."""
    place = m("rule %(rule)s", rule=rule.name)
    try:
        kind = catalog.entity(rule.entity)
        everything = Sight(None, catalog, catalog.reader()).table(kind.key)
        for key, mode in (rule.fields or {}).items():
            if key != "*":
                everything.field(key)
            if mode.where is not None:
                compiler.compile_condition(mode.where, everything)
        if rule.where is not None:
            compiler.compile_condition(rule.where, everything)
    except BramaError as wrong:
        raise _wrong(place, wrong.message) from None


def _pipeline(key: str, spec: Any, catalog: Catalog) -> PipelineSpec:
    place = m("pipeline “%(key)s”", key=key)
    _only(spec, ("label", "entity", "stages"), place)
    stages = spec.get("stages") or []
    if not isinstance(stages, list):
        raise _wrong(place, m("“stages” is a list"))
    read_stages = tuple(_stage(s, place) for s in stages)
    _once((s.key for s in read_stages), place)
    return PipelineSpec(key, _label(spec, place), catalog.entity(str(spec.get("entity", "deal"))).key, read_stages)


def _stage(spec: Any, place: Message) -> StageSpec:
    _only(spec, ("key", "label", "type", "probability", "retired"), place)
    kind = spec.get("type", "open")
    if kind not in KINDS:
        raise _wrong(place, m("a stage is open, won or lost, not “%(kind)s”", kind=str(kind)[:40]))
    probability = None
    if spec.get("probability") is not None:
        try:
            probability = Decimal(str(spec["probability"]))
        except InvalidOperation:
            probability = Decimal(-1)
        if not 0 <= probability <= 1:
            raise _wrong(place, m("a probability is a fraction from 0 to 1"))
    return StageSpec(_key(spec, place), _label(spec, place), kind, probability, bool(spec.get("retired")))


def _picklist(key: str, spec: Any) -> PicklistSpec:
    place = m("picklist “%(key)s”", key=key)
    _only(spec, ("label", "options"), place)
    options = spec.get("options") or []
    if not isinstance(options, list):
        raise _wrong(place, m("“options” is a list"))
    read_options: list[OptionSpec] = []
    for option in options:
        _only(option, ("key", "label", "colour", "retired"), place)
        colour = option.get("colour") or ""
        if colour not in COLOURS:
            raise _wrong(place, m("the colour “%(colour)s” is not known", colour=str(colour)[:40]))
        read_options.append(OptionSpec(_key(option, place), _label(option, place), colour, bool(option.get("retired"))))
    _once((o.key for o in read_options), place)
    return PicklistSpec(key, _label(spec, place) if spec.get("label") else None, tuple(read_options))


def _view(key: str, spec: Any, catalog: Catalog) -> SharedView:
    place = m("view “%(key)s”", key=key)
    _only(spec, VIEW_NAMES, place)
    read_view = shared_view(key, _label(spec, place), spec, catalog)
    if isinstance(read_view, Message):
        raise _wrong(place, read_view)
    return read_view


def _conflict(key: str, spec: Any) -> Conflict:
    place = m("conflict “%(key)s”", key=key)
    _only(spec, CONFLICT_NAMES, place)
    read_conflict = conflict(key, spec)
    if isinstance(read_conflict, Message):
        raise _wrong(place, read_conflict)
    return read_conflict


def _section(raw: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    section = raw.get(name) or {}
    if not isinstance(section, Mapping):
        raise _wrong(m("the file"), m("“%(name)s” holds named things", name=name))
    for key in section:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise _wrong(m("the file"), m("“%(key)s” is not a usable key", key=str(key)[:40]))
    return list(section.items())


def _key(spec: Mapping[str, Any], place: Message) -> str:
    key = spec.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise _wrong(place, m("“%(key)s” is not a usable key", key=str(key)[:40]))
    return key


def _label(spec: Mapping[str, Any], place: Message) -> Label:
    label = spec.get("label")
    if isinstance(label, str) and label:
        return Label(label[:255], label[:255])
    if not isinstance(label, Mapping) or set(label) - {"uk", "en"} or not any(label.values()):
        raise _wrong(place, m("a label has “uk” and “en”"))
    uk, en = (str(label.get(language) or "")[:255] for language in ("uk", "en"))
    return Label(uk or en, en or uk)


def _only(raw: Any, names: Iterable[str], place: Message) -> None:
    if not isinstance(raw, Mapping):
        raise _wrong(place, m("named values are expected"))
    extra = [str(k) for k in raw if k not in names]
    if extra:
        raise _wrong(place, m("“%(key)s” is not known here", key=", ".join(extra)[:80]))


def _once(keys: Iterable[str], place: Message) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise _wrong(place, m("“%(key)s” stands twice", key=key))
        seen.add(key)


def _wrong(place: Message, what: Message) -> BadRequest:
    return BadRequest(m("Configuration, %(place)s: %(what)s.", place=place, what=what))
