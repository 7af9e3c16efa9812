"""The left half of the screen: the columns of the file, what each fills and how it is read; everything in the reader's words."""

from collections.abc import Iterable, Mapping as Map, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from crm.admin_views.imports.form import LITERAL
from crm.admin_views.imports.words import ENCODINGS, SIGNS, date_words
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.filters import choices as known_choices
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import readings
from crm.backoffice.exchange.binding import TEXTS
from crm.backoffice.exchange.convert import DATES, LISTED, NAMED, NUMBERS, REFERENCES, SCALED
from crm.backoffice.exchange.mapping import Mapping, Target, names_of
from crm.backoffice.exchange.profile import Column, Profile
from crm.backoffice.exchange.readings import Reading
from crm.backoffice.exchange.targets import Choice, targets, ways
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import UserSession
from crm.messages import m, mn

MOST_VALUES = 60  # of a column that can be replaced one by one on the screen


@dataclass(frozen=True)
class Option:
    """An entry of a select."""

    value: str
    text: str
    chosen: bool = False


@dataclass(frozen=True)
class Group:
    """Entries under one head."""

    label: str
    options: list[Option]


@dataclass(frozen=True)
class ValueLine:
    """A value of the column and what it is replaced by (`chosen` "": nothing)."""

    text: str
    chosen: str
    shown: str
    unknown: bool


@dataclass
class Line:
    """One column of the file. `how` says in a few words how it is read, `doubt` that a person should look; the rest fills its panel."""

    number: int
    name: str
    samples: str
    target: str
    groups: list[Group]
    how: str = ""
    doubt: bool = False
    also: list[Group] = field(default_factory=list)
    ways: list[Option] = field(default_factory=list)
    missing: list[Option] = field(default_factory=list)
    values: list[ValueLine] = field(default_factory=list)
    value_options: list[Option] = field(default_factory=list)
    value_lookup: str = ""
    left_values: int = 0
    forms: list[Option] = field(default_factory=list)
    scale: str | None = None

    @property
    def has_panel(self) -> bool:
        return bool(self.target)


@dataclass(frozen=True)
class DefaultLine:
    """A value that every new record gets."""

    key: str
    label: str
    value: str
    shown: str
    options: list[Option]
    lookup: str
    input_type: str


@dataclass(frozen=True)
class Desk:
    """The mapping as the template draws it."""

    lines: list[Line]
    doubtful: int
    match: list[Option]
    defaults: list[DefaultLine]
    more_defaults: list[Option]
    decimal: str
    empty: str
    file_words: str
    encodings: list[Option]
    delimiters: list[Option]
    sheets: list[Option]
    header: bool
    is_csv: bool


def desk(session: UserSession, kind: Entity, upload: Upload, profile: Profile, seen: Map[str, Sequence[str]]) -> Desk:
    """The desk of an upload. `seen` are values by column that the last trial did not understand."""
    language = context.reader().language
    choices = {c.name: c for c in targets(session.sight, kind, (*names_of(upload.mapping), *(c.name for c in profile.columns)))}
    mapping = upload.mapping
    lines = [_line(session, kind, choices, upload, profile, number, column, seen.get(column.name, ())) for number, column in enumerate(profile.columns)]
    filled = {t.name for several in (mapping.columns or {}).values() for t in several}
    usable = session.sight.filterable(kind.key)
    alone = [c for c in choices.values() if c.group is None and not (c.spec and (c.spec.several or c.spec.multiple))]
    keys = [c for c in alone if c.name in filled and (c.name in usable or c.spec is None)]
    match = [Option(c.name, c.label.text(language), c.name in (mapping.match or ())) for c in keys]
    required = [c for c in choices.values() if c.group is None and c.spec is not None and c.name not in filled and _must(c.spec)]
    wanted = {**{c.name: "" for c in required}, **mapping.defaults}
    free = [c for c in choices.values() if c.group is None and c.spec is not None and c.name not in filled and c.name not in wanted]
    form, found_out = mapping.file, say(m("found out"))
    encodings = [Option("auto", found_out, form.encoding == "auto"), *(Option(k, w.text(language), form.encoding == k) for k, w in ENCODINGS.items())]
    signs = [(sign, "tab" if sign == "\t" else sign, say(words)) for sign, words in SIGNS.items()]
    delimiters = [Option("auto", found_out, form.delimiter == "auto"), *(Option(name, words, form.delimiter == sign) for sign, name, words in signs)]
    return Desk(
        lines, sum(1 for line in lines if line.doubt), match, [_default(session, choices[k], v) for k, v in wanted.items() if k in choices],
        [Option(c.name, c.label.text(language)) for c in free], mapping.decimal, ", ".join(sorted(form.empty - {""})), file_words(profile),
        encodings, delimiters, [Option(name, name, name == form.sheet) for name in profile.sheets], form.header, profile.format == "csv",
    )


def file_words(profile: Profile) -> str:
    """`CSV · UTF-8 · comma`."""
    language = context.reader().language
    parts = [profile.format.upper()]
    if profile.format == "csv":
        parts.append(ENCODINGS[profile.encoding].text(language) if profile.encoding in ENCODINGS else str(profile.encoding))
        parts.append(say(SIGNS[profile.delimiter]) if profile.delimiter in SIGNS else str(profile.delimiter))
    return " · ".join(parts)


def _line(
    session: UserSession, kind: Entity, choices: Map[str, Choice], upload: Upload, profile: Profile, number: int, column: Column, seen: Sequence[str],
) -> Line:
    used = [t for t in (upload.mapping.columns or {}).get(column.name, ()) if t.name in choices]
    first = used[0] if used else None
    name = first.name if first is not None else ""
    line = Line(number, column.name, ", ".join(column.samples[:2]), name, grouped(choices.values(), kind, {name}))
    if first is None:
        line.doubt = upload.doubtful(column.name)
        return line
    choice = choices[first.name]
    line.also = grouped((c for c in choices.values() if c.name != first.name and _alike(c, choice)), kind, {t.name for t in used[1:]})
    reading = readings.read(session, kind, choice, column, first, upload.mapping, profile)
    unknown = tuple(dict.fromkeys((*reading.unknown, *(v for v in seen if v not in reading.unknown))))
    _panel(session, line, choice, column, first, upload.mapping, unknown)
    line.how, shaky = _how(session, choices, column, used, upload.mapping, Reading(reading.known, unknown))
    line.doubt = shaky or (upload.doubtful(column.name) and not _named(choice))
    return line


def grouped(choices: Iterable[Choice], kind: Entity, chosen: set[str]) -> list[Group]:
    """Targets as the groups of a select: the record's own fields first."""
    language = context.reader().language
    found: dict[str, list[Option]] = {}
    for choice in choices:
        head = choice.group.text(language) if choice.group is not None else kind.label.text(language)
        # A closed select shows the entry alone, so what belongs to another list says so.
        found.setdefault(head, []).append(Option(choice.name, choice.full.text(language), choice.name in chosen))
    return [Group(label, options) for label, options in found.items()]


def _alike(one: Choice, other: Choice) -> bool:
    """Whether one column could fill both."""
    if one.spec is None or other.spec is None:
        return False
    kinds = (NUMBERS, DATES, TEXTS | {"long_text"})
    return any(one.spec.type in k and other.spec.type in k for k in kinds) or (one.spec.target is not None and one.spec.target == other.spec.target)


def _named(choice: Choice) -> bool:
    return choice.spec is not None and choice.spec.type in NAMED


def _must(spec: Field) -> bool:
    """A field that every new record needs and a person would choose once for all of them."""
    return spec.required and spec.default is None and spec.type in ("picklist", "currency", "reference")


def _panel(session: UserSession, line: Line, choice: Choice, column: Column, target: Target, mapping: Mapping, unknown: Sequence[str]) -> None:
    spec, language = choice.spec, context.reader().language
    if spec is None:
        return
    configured = spec.target in session.catalog.configured
    if spec.type in REFERENCES and not configured:
        referred = session.catalog.entity(str(spec.target))
        by = target.by or "code"
        line.ways = [Option(key, referred.fields[key].label.text(language), key == by) for key in ways(session.sight, spec)]
        line.value_lookup = f"/{spec.target}/lookup"
    if spec.type in NAMED:
        answers = {"fail": m("is an error of its row"), "empty": m("is left empty")}
        if _adds(session, spec):
            answers["create"] = m("is created")
        line.missing = [Option(key, say(words), key == (target.missing or "fail")) for key, words in answers.items()]
        options = known_choices(spec, context.reader()) if spec.picklist or configured else None
        line.value_options = [Option(f"{LITERAL}{value}", text) for value, text in options or ()]
        _values(line, target, unknown)
    if spec.type in DATES and column.forms:
        now = next((d for d in mapping.dates if d in column.forms), column.forms[0])
        line.forms = [Option(form, date_words(form, language), form == now) for form in column.forms]
    if spec.type in SCALED:
        factor = mapping.scale.get(target.name)
        line.scale = format(factor.normalize(), "f") if factor is not None else ""


def _values(line: Line, target: Target, unknown: Sequence[str]) -> None:
    texts = {o.value: o.text for o in line.value_options}
    given = [*target.values, *(v for v in unknown if v not in target.values)]
    for text in given[:MOST_VALUES]:
        chosen = f"{LITERAL}{target.values[text]}" if text in target.values else ""
        line.values.append(ValueLine(text, chosen, texts.get(chosen, chosen.removeprefix(LITERAL)), text not in target.values))
    line.left_values = max(len(given) - MOST_VALUES, 0)


def _adds(session: UserSession, spec: Field) -> bool:
    """Whether the reader may add what is missing, as the engine judges it: options are configuration."""
    if spec.type in LISTED:
        return session.access is None or session.access.unlimited or session.sight.may("pipeline", "update")
    return spec.type in REFERENCES and spec.target not in session.catalog.configured and session.sight.may(str(spec.target), "create")


def _how(
    session: UserSession, choices: Map[str, Choice], column: Column, used: Sequence[Target], mapping: Mapping, reading: Reading,
) -> tuple[str, bool]:
    """In a few words how the column is read for its targets, and whether that leaves a doubt."""
    target, *further = used
    choice = choices[target.name]
    spec, language = choice.spec, context.reader().language
    parts: list[str] = []
    doubt = False
    if choice.name in (mapping.match or ()):
        parts.append(say(m("finds the record")))
    if spec is None:
        return ", ".join(parts) or say(m("as it is")), False
    if spec.type in REFERENCES and spec.target not in session.catalog.configured:
        named = session.catalog.entity(str(spec.target)).fields[target.by or "code"].label
        parts.append(say(m("by “%(field)s”", field=named)))
        if target.missing == "create":
            parts.append(say(m("what is missing is created")))
        elif target.missing == "empty" and reading.unknown:
            parts.append(say(m("what is missing stays empty")))
        elif reading.unknown:
            parts.append(say(mn("%(num)s unknown", "%(num)s unknown", len(reading.unknown))))
            doubt = True
    elif spec.type in NAMED and reading.total:
        if reading.unknown and target.missing in (None, "fail"):
            parts.append(say(m("%(known)s of %(all)s values matched", known=reading.known, all=reading.total)))
            doubt = True
        elif reading.unknown and target.missing == "create":
            parts.append(say(mn("%(num)s new value is added", "%(num)s new values are added", len(reading.unknown))))
        else:
            parts.append(say(mn("%(num)s value matched", "%(num)s values matched", reading.known)))
    elif reading.unknown:
        parts.append(say(mn("%(num)s value does not fit", "%(num)s values do not fit", len(reading.unknown))))
        doubt = True
    if spec.type in DATES and column.forms:
        parts.append(date_words(next((d for d in mapping.dates if d in column.forms), column.forms[0]), language))
    factor = mapping.scale.get(target.name)
    if factor is not None:
        parts.append(say(m("times %(number)s", number=_grouped(factor, language))))
    if further:
        parts.append(say(m("also: %(fields)s", fields=", ".join(choices[t.name].full.text(language) for t in further))))
    return ", ".join(parts) or say(m("as it is")), doubt


def _grouped(number: Decimal, language: str) -> str:
    return format_decimal(number.normalize(), locale=language)


def _default(session: UserSession, choice: Choice, value: str) -> DefaultLine:
    spec, language = choice.spec, context.reader().language
    assert spec is not None
    configured = spec.target in session.catalog.configured
    options = known_choices(spec, context.reader()) if spec.picklist or configured or spec.type == "boolean" else None
    offered = [Option(f"{LITERAL}{v}", text, str(v) == value) for v, text in options or ()]
    if offered and value and not any(o.chosen for o in offered):
        offered.append(Option(f"{LITERAL}{value}", value, True))
    lookup = f"/{spec.target}/lookup" if spec.type in REFERENCES and not configured else ""
    kinds: dict[str, Any] = {"date": "date"}
    return DefaultLine(choice.name, choice.label.text(language), value, value, offered, lookup, kinds.get(spec.type, "text"))
