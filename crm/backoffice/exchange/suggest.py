"""A first mapping for a file: by the mapping used last time, by the names of columns, by what stands in them.

Nothing is suggested or named that the reader may not write: candidates come from `targets`, records are looked for in his session.
"""

from collections.abc import Iterable, Mapping as Map, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from crm.backoffice.entities import Entity
from crm.backoffice.exchange import naming, readings
from crm.backoffice.exchange.convert import DATES, NAMED, NUMBERS, REFERENCES, named_options
from crm.backoffice.exchange.mapping import FileForm, Mapping, Target, names_of
from crm.backoffice.exchange.profile import Column, Profile
from crm.backoffice.exchange.related import related_of
from crm.backoffice.exchange.targets import ID, Choice, targets
from crm.backoffice.fields.base import Field, FieldError
from crm.backoffice.guard import DataSession

Why = Literal["used", "name", "content", "none"]
SURE = 0.85
FUZZY_COLUMNS = 200  # beyond so many columns only plain names are tried
CONTENT = 0.54  # a guess by content alone: below every name
NUMERIC = frozenset({"integer", "number", "boolean"})  # ones and noughts are numbers too
FITTING: Map[str, frozenset[str]] = {
    "date": frozenset({"date"}), "moment": frozenset({"date"}), "integer": frozenset({"integer", "boolean"}), "decimal": NUMERIC, "money": NUMERIC,
    "percent": NUMERIC, "email": frozenset({"email"}), "boolean": frozenset({"boolean", "integer"}), "phone": frozenset({"phone", "integer", "text"}),
    "url": frozenset({"url", "text"}), "picklist": frozenset({"text", "integer", "boolean"}), "multi_picklist": frozenset({"text", "integer"}),
    "reference": frozenset({"text", "integer", "email", "boolean"}), "many_to_many": frozenset({"text", "integer"}), "country": frozenset({"text"}),
    "currency": frozenset({"text"}),
}


@dataclass(frozen=True)
class Suggested:
    """A mapping and, by column, where each part of it comes from; `doubtful` are the columns that a person should look at."""

    mapping: Mapping
    why: Map[str, Why]
    doubtful: frozenset[str] = frozenset()


@dataclass
class _Draft:
    columns: dict[str, tuple[Target, ...]] = field(default_factory=dict)
    why: dict[str, Why] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    guessed: set[str] = field(default_factory=set)  # by a name that is only alike


def suggest(session: DataSession, kind: Entity, profile: Profile, form: FileForm, before: Mapping | None = None, *, as_given: bool = False) -> Suggested:
    """The likeliest mapping of a file read as `form`; `before` is what this person used for such files, or with `as_given` what is known of
    their source: it says also what finds a record, and what it leaves out stays out."""
    choices = {c.name: c for c in targets(session.sight, kind, (*names_of(before), *(c.name for c in profile.columns)))}
    draft = _Draft()
    if before is not None:
        _remember(draft, choices, profile, before)
    _by_name_and_content(session, kind, draft, choices, _others(session, kind, choices), profile)
    empty = form.empty | {word for column in profile.columns for word in column.nothing} | (before.file.empty if before is not None else frozenset())
    mapping = Mapping(
        entity=kind.key, file=replace(form, empty=frozenset(empty)), dates=_dates(draft, choices, profile, before),
        zone=before.zone if before is not None else "",
        decimal="," if _commas(draft, choices, profile) else ".", scale=_scale(draft, choices, profile, before), defaults=_defaults(choices, draft, before),
        columns=dict(draft.columns),
    )
    mapping = _find_ways(session, kind, draft, choices, profile, mapping)
    match = before.match if before is not None and as_given and _usable(session, kind, draft, before) else _match(session, kind, draft, before)
    mapping = replace(mapping, match=match, columns=dict(draft.columns) or None)
    return Suggested(mapping, {c.name: draft.why.get(c.name, "none") for c in profile.columns}, frozenset(draft.doubtful))


def _remember(draft: _Draft, choices: Map[str, Choice], profile: Profile, before: Mapping) -> None:
    """What was used before and may still be used; a right lost since takes its columns out."""
    for column in profile.columns:
        used = (before.columns or {}).get(column.name)
        if used is not None and all(t.name in choices for t in used):
            draft.columns[column.name] = used
            draft.why[column.name] = "used"
            draft.taken |= {t.name for t in used}
        elif column.name in before.ignore:
            draft.why[column.name] = "used"


def _others(session: DataSession, kind: Entity, choices: Map[str, Choice]) -> list[Choice]:
    """What a file of `kind` may fill beside `choices`, as far as the product itself declares it: a column that is named for one of these is
    not meant for a neighbour. What this company has made is known to those alone who see it."""
    found = (c for c in targets(session.sight.unlimited, kind) if c.name not in choices and not c.kind.custom)
    return [c for c in found if c.spec is not None and not c.spec.number]


def _by_name_and_content(
    session: DataSession, kind: Entity, draft: _Draft, choices: Map[str, Choice], others: Sequence[Choice], profile: Profile,
) -> None:
    free = [c for c in profile.columns if c.name not in draft.why]
    fuzzy = len(free) <= FUZZY_COLUMNS
    meant = {column.name: max((_by_name(kind, other, column, fuzzy) for other in others), default=0.0) for column in free}
    scored: list[tuple[float, int, str, str]] = []
    for at, column in enumerate(free):
        for order, choice in enumerate(choices.values()):
            score = _by_name(kind, choice, column, fuzzy)
            scored += [(score, -at * 1000 - order, column.name, choice.name)] if score and score >= meant[column.name] else []
    _take(draft, scored, "name")
    if len(free) > FUZZY_COLUMNS:
        return
    scored = []
    for at, column in enumerate(c for c in free if c.name not in draft.columns and not meant[c.name]):
        for order, choice in enumerate(c for c in choices.values() if c.group is None and c.name not in draft.taken):
            score = _by_content(session, choice, column)
            scored += [(score, -at * 1000 - order, column.name, choice.name)] if score else []
    _take(draft, scored, "content")


def _take(draft: _Draft, scored: list[tuple[float, int, str, str]], why: Why) -> None:
    """The best pairs first, a column and a target once."""
    for score, _, column, name in sorted(scored, reverse=True):
        if column in draft.columns or name in draft.taken:
            continue
        draft.columns[column] = (Target(tuple(name.split("."))),)
        draft.why[column] = why
        draft.taken.add(name)
        if score < SURE:
            draft.doubtful.add(column)
            draft.guessed.add(column)


def _by_name(kind: Entity, choice: Choice, column: Column, fuzzy: bool) -> float:
    if choice.spec is None:
        return 0.9 if not kind.is_record and naming.words(column.name) == (ID,) else 0.0
    if not fuzzy and column.name not in (choice.name, choice.label.uk, choice.label.en):
        return 0.0
    if choice.name == column.name:
        return 1.0
    _, _, key = choice.name.rpartition(".")
    score = naming.likeness(column.name, choice.kind, key, choice.label, beside=choice.beside)
    # What is in a column speaks against a name as loudly as for it.
    return score * _fit(choice.spec, column) if score else 0.0


def _fit(spec: Field, column: Column) -> float:
    if column.kind == "empty":
        return 0.9
    wanted = FITTING.get(spec.type)
    if wanted is None:
        return 1.0 if column.kind in ("text", "integer", "phone", "boolean") else 0.95
    return 1.0 if column.kind in wanted else 0.55


def _by_content(session: DataSession, choice: Choice, column: Column) -> float:
    """A guess by the values alone, for columns whose names say nothing."""
    spec = choice.spec
    if spec is None or not column.values or (spec.type in ("email", "phone", "url") and spec.type != column.kind):
        return 0.0
    if spec.type in ("email", "phone", "url"):
        return CONTENT
    if spec.type in ("country", "currency") and column.kind == "text":
        return CONTENT - 0.01 if _reads(session, spec, column.values) >= 0.8 else 0.0
    if spec.picklist and column.few and column.kind == "text" and len(column.values) >= 2:
        listed = session.catalog.picklists.get(spec.picklist)
        known = named_options(listed.options) if listed is not None else {}
        hits = sum(1 for text in column.values if text.casefold() in known)
        return CONTENT - 0.02 if hits >= 0.5 * len(column.values) else 0.0
    return 0.0


def _reads(session: DataSession, spec: Field, values: Iterable[str]) -> float:
    """The share of values that the field understands."""
    fine = total = 0
    for text in values:
        total += 1
        try:
            spec.clean(spec.read(text, session.reader))
            fine += 1
        except FieldError:
            continue
    return fine / max(total, 1)


def _specs(draft: _Draft, choices: Map[str, Choice], profile: Profile) -> list[tuple[Column, Target, Field]]:
    found: list[tuple[Column, Target, Field]] = []
    for column in profile.columns:
        for target in draft.columns.get(column.name, ()):
            choice = choices[target.name]
            if choice.spec is not None:
                found.append((column, target, choice.spec))
    return found


def _dates(draft: _Draft, choices: Map[str, Choice], profile: Profile, before: Mapping | None) -> tuple[str, ...]:
    """The forms that the dates of this file have; none when all of them are as the standard writes them."""
    known = before.dates if before is not None else ()
    forms: list[str] = []
    for column, _, spec in _specs(draft, choices, profile):
        if spec.type in DATES and column.forms:
            form = next((f for f in known if f in column.forms), column.forms[0])
            forms.append(form)
            # Days up to the twelfth read as months too: only a person knows.
            if len({f for f in column.forms if f[:2] in ("%d", "%m")}) > 1 and form not in known:
                draft.doubtful.add(column.name)
    unique = tuple(dict.fromkeys(forms))
    return () if all(form == "%Y-%m-%d" for form in unique) else unique


def _commas(draft: _Draft, choices: Map[str, Choice], profile: Profile) -> bool:
    return any(column.comma for column, _, spec in _specs(draft, choices, profile) if spec.type in NUMBERS)


def _scale(draft: _Draft, choices: Map[str, Choice], profile: Profile, before: Mapping | None) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for column, target, spec in _specs(draft, choices, profile):
        if before is not None and target.name in before.scale:
            found[target.name] = before.scale[target.name]
            continue
        factor = naming.unit(column.name)
        if spec.type in NUMBERS and factor is not None:
            found[target.name] = Decimal(factor)
    return found


def _defaults(choices: Map[str, Choice], draft: _Draft, before: Mapping | None) -> dict[str, str]:
    return {} if before is None else {k: v for k, v in before.defaults.items() if k in choices and k not in draft.taken}


def _find_ways(session: DataSession, kind: Entity, draft: _Draft, choices: Map[str, Choice], profile: Profile, mapping: Mapping) -> Mapping:
    """By which field references name their records; and which columns hold values that nobody knows."""
    for column, target, spec in _specs(draft, choices, profile):
        choice = choices[target.name]
        if draft.why[column.name] == "used":
            continue
        reading = None
        known = _of_records(session, kind, draft, choices, choice, column, mapping, profile)
        if known is not None:
            draft.columns[column.name] = (known,)
            continue
        if spec.type in REFERENCES and spec.target not in session.catalog.configured:
            by, reading = readings.likely_way(session, kind, choice, column, mapping, profile)
            draft.columns[column.name] = tuple(replace(t, by=by) if t.name == target.name else t for t in draft.columns[column.name])
        elif spec.type in NAMED:
            reading = readings.read(session, kind, choice, column, target, mapping, profile)
        if reading is None or not reading.unknown:
            continue
        draft.doubtful.add(column.name)
        if reading.known == 0 and column.name in draft.guessed:
            # A guess that no value bears out is worse than none.
            del draft.columns[column.name], draft.why[column.name]
            draft.doubtful.discard(column.name)
    draft.columns = {c.name: draft.columns[c.name] for c in profile.columns if c.name in draft.columns}
    left_out = frozenset(c.name for c in profile.columns if c.name not in draft.columns)
    return replace(mapping, columns=dict(draft.columns), ignore=left_out)


def _of_records(
    session: DataSession, kind: Entity, draft: _Draft, choices: Map[str, Choice], choice: Choice, column: Column, mapping: Mapping, profile: Profile,
) -> Target | None:
    """`product` in a file of deals names products that are there (`lines.product`) rather than new ones (`products.name`): the target by
    which most of the column's values are found."""
    group, _, key = choice.name.partition(".")
    related = related_of(session.catalog, kind).get(group)
    if related is None or related.target is None or key != related.target.declared.title:
        return None
    beside = next((r.name for r in related_of(session.catalog, kind).values() if r.child is related.child and r.behind is None), "")
    other = choices.get(f"{beside}.{related.behind}")
    if other is None or other.name in draft.taken or any(name.startswith(f"{group}.") and name != choice.name for name in draft.taken):
        return None
    by, reading = readings.likely_way(session, kind, other, column, mapping, profile)
    if 2 * reading.known < reading.total:
        return None
    draft.taken = draft.taken - {choice.name} | {other.name}
    if reading.unknown:
        draft.doubtful.add(column.name)
    else:
        draft.doubtful.discard(column.name)
    return Target(tuple(other.name.split(".")), by=by)


def _usable(session: DataSession, kind: Entity, draft: _Draft, before: Mapping) -> bool:
    filled = {t.name for targets_ in draft.columns.values() for t in targets_}
    return set(before.match or ()) <= filled & {*session.sight.filterable(kind.key), ID}


def _match(session: DataSession, kind: Entity, draft: _Draft, before: Mapping | None) -> tuple[str, ...] | None:
    """What finds a row's record: what was used before, else the code, else something that is unique, else the name."""
    filled = {t.name for targets_ in draft.columns.values() for t in targets_}
    usable = filled & set(session.sight.filterable(kind.key))
    if before is not None and before.match and _usable(session, kind, draft, before):
        return before.match
    if not kind.is_record:
        return (ID,) if ID in filled else None
    unique = [key for key in ("code", *(f.key for f in kind.fields.values() if f.unique)) if key in usable]
    title = kind.declared.title
    return (unique[0],) if unique else (title,) if title in usable else None
