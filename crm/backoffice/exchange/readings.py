"""How the values of a column read as values of a field: which are known, and by which field of a record they name it."""

from collections.abc import Iterable, Mapping as Map, Sequence
from dataclasses import dataclass, replace

from crm.backoffice.entities import Entity
from crm.backoffice.exchange.convert import NAMED, Wanted, WantedStep, converter, each, step
from crm.backoffice.exchange.mapping import Mapping, Target
from crm.backoffice.exchange.profile import Column, Profile
from crm.backoffice.exchange.references import References
from crm.backoffice.exchange.targets import Choice, ways
from crm.backoffice.fields.base import FieldError
from crm.backoffice.guard import DataSession


@dataclass(frozen=True)
class Reading:
    """Of the distinct values of a column: how many are understood, and which are not."""

    known: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.known + len(self.unknown)


def read(session: DataSession, kind: Entity, choice: Choice, column: Column, target: Target, mapping: Mapping, profile: Profile) -> Reading:
    """How the column's values read as the target says. Records are looked for with this session's sight."""
    spec = choice.spec
    if spec is None or not column.values or (spec.type not in NAMED and profile.format == "xlsx"):
        return Reading(len(column.values))
    strict = replace(target, missing="fail") if spec.type in NAMED else target
    convert = converter(
        spec, strict, catalog=session.catalog, reader=session.reader, empty=mapping.file.empty, decimal=mapping.decimal, scale=mapping.scale.get(target.name))
    form = next((f for f in (*mapping.dates,) if f in column.forms), None) if column.forms else None
    # What is understood or not, in the order of the file: a value of the column, of a set each part of it.
    found: dict[str, bool] = {}
    named: dict[str, Wanted] = {}
    for text in column.values:
        try:
            value = convert(text, form)
            for part in each(value):
                shown = part.text if value.__class__ is tuple and hasattr(part, "text") else text
                found[shown] = True
                if isinstance(part, Wanted):
                    named[shown] = part
                elif isinstance(part, WantedStep):
                    _stands(session, part)
        except FieldError:
            found[text] = False
    for text in _unfound(session, kind, named, mapping, profile):
        found[text] = False
    unknown = tuple(text for text, known in found.items() if not known)
    return Reading(len(found) - len(unknown), unknown)


def likely_way(session: DataSession, kind: Entity, choice: Choice, column: Column, mapping: Mapping, profile: Profile) -> tuple[str | None, Reading]:
    """The field by which most of the column's values find a record (None is the code), and how they read so."""
    spec = choice.spec
    assert spec is not None
    path = tuple(choice.name.split("."))
    readings: dict[str, Reading] = {}
    for way in ways(session.sight, spec):
        readings[way] = read(session, kind, choice, column, Target(path, by=way), mapping, profile)
        if not readings[way].unknown:
            break
    if not readings:
        return None, Reading(0, column.values)
    title = session.catalog.entity(str(spec.target)).declared.title
    # Where nobody is found yet, a name is likelier than a code.
    best = max(readings, key=lambda way: (readings[way].known, way == title))
    return (None if best == "code" else best), readings[best]


def _stands(session: DataSession, value: WantedStep) -> None:
    """Raises FieldError when no configured row of any parent is meant."""
    rows = session.catalog.configured[value.entity].values()
    for parent in {row.parent_id for row in rows}:
        try:
            step(session.catalog, value, parent)
        except FieldError:
            continue
        return
    step(session.catalog, value, None)


def _unfound(session: DataSession, kind: Entity, named: Map[str, Wanted], mapping: Mapping, profile: Profile) -> list[str]:
    if not named:
        return []
    references = References(session.catalog, kind.key, _held(kind, named.values(), mapping, profile))
    references.load(session, named.values())
    missing: list[str] = []
    for text, wanted in named.items():
        try:
            references.resolve(wanted)
        except FieldError:
            missing.append(text)
    return missing


def _held(kind: Entity, wanted: Iterable[Wanted], mapping: Mapping, profile: Profile) -> dict[str, dict[str, tuple[int, ...]]]:
    """What the file itself brings of the records that its own rows name."""
    held: dict[str, dict[str, tuple[int, ...]]] = {}
    for by in {w.by for w in wanted if w.entity == kind.key}:
        columns: Sequence[str] = [name for name, targets in (mapping.columns or {}).items() if any(t.path == (by,) for t in targets)]
        found = profile.column(columns[0]) if columns else None
        held[by] = dict.fromkeys(found.values, (0,)) if found is not None else {}
    return held
