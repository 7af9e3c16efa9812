"""A file that arrives: kept, read as far as its first rows, and given a first mapping; or refused with one sentence and kept no more."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from pathlib import Path

from crm.backoffice.entities import Entity
from crm.backoffice.exchange import kits, sources, suggest, uploads
from crm.backoffice.exchange.convert import REFERENCES
from crm.backoffice.exchange.mapping import FileForm, Mapping, MappingFault, Target, names_of, unknown
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.profile import Profile, profile
from crm.backoffice.exchange.read_xlsx import sheets
from crm.backoffice.exchange.table import BROWSER_LIMIT
from crm.backoffice.exchange.targets import ID, targets, ways
from crm.backoffice.guard import UserSession
from crm.messages import Message, m


@dataclass(frozen=True)
class Adopted:
    """A mapping that somebody brought, as far as it fits this file; `notes` say what of it does not."""

    mapping: Mapping
    why: Map[str, str]
    notes: tuple[Message, ...] = ()


def look(path: Path, form: FileForm, name: str) -> Profile:
    """What the file holds, read as `form` says. Raises Unreadable."""
    table = open_file(path, form, name=name, limit=BROWSER_LIMIT)
    return profile(table, tuple(sheets(path)) if table.format == "xlsx" else ())


def first_mapping(session: UserSession, kind: Entity, seen: Profile, form: FileForm, before: Mapping | None = None, *, as_given: bool = False) -> Adopted:
    """The likeliest mapping: by `before` (with `as_given` the source that was chosen), a named source, what this person used for such files, a
    ready kit; by names and contents."""
    columns = tuple(column.name for column in seen.columns)
    if before is None:
        source = sources.likely(session, kind.key, columns)
        kit = kits.likely(kind.key, columns, seen.format)
        if source is not None:
            before, as_given = kits.fitted(usable(session, kind, source.mapping), columns), True
        elif seen.format == "vcard" or (before := uploads.used_before(session, kind.key, columns)) is None:
            before, as_given = (kits.fitted(kit.mapping, columns), True) if kit is not None else (None, False)
    made = suggest.suggest(session, kind, seen, form, before, as_given=as_given)
    return Adopted(made.mapping, {name: why + ("?" if name in made.doubtful else "") for name, why in made.why.items()})


def usable(session: UserSession, kind: Entity, mapping: Mapping) -> Mapping:
    """What of a mapping this reader can use: that of somebody else may name what he may not even know of."""
    columns = {name: targets for name, targets in (mapping.columns or {}).items() if _knows(session, kind, Mapping(columns={name: targets}))}
    defaults = {key: value for key, value in mapping.defaults.items() if _knows(session, kind, Mapping(defaults={key: value}))}
    match = mapping.match if mapping.match is not None and _knows(session, kind, Mapping(match=mapping.match)) else None
    filled = set(names_of(Mapping(columns=columns)))
    return replace(mapping, columns=columns, defaults=defaults, match=match, scale={name: by for name, by in mapping.scale.items() if name in filled})


def _knows(session: UserSession, kind: Entity, mapping: Mapping) -> bool:
    try:
        check_names(session, kind, mapping)
    except MappingFault:
        return False
    return True


def adopt(session: UserSession, kind: Entity, seen: Profile, given: Mapping) -> Adopted:
    """A mapping file for this file. Raises MappingFault for one of another entity or naming a field that is none."""
    if given.entity is not None and given.entity != kind.key:
        raise MappingFault(m("The mapping is for “%(named)s”, the import for “%(entity)s”.", named=given.entity[:80], entity=kind.key))
    check_names(session, kind, given)
    names = [column.name for column in seen.columns]
    choices = {c.name for c in targets(session.sight, kind, names)}
    by_name = {name: (Target(tuple(name.split("."))),) for name in names if name in choices and name not in given.ignore}
    columns = dict(given.columns) if given.columns is not None else by_name
    absent = [name for name in columns if name not in names]
    unnamed = [name for name in names if name not in columns and name not in given.ignore]
    notes = []
    if absent:
        notes.append(m("The file has no columns %(names)s: they were left out of the mapping.", names=", ".join(f"“{name}”" for name in absent[:5])))
    if unnamed and given.columns is not None:
        notes.append(m("The mapping says nothing of the columns %(names)s: they are not carried over.", names=", ".join(f"“{name}”" for name in unnamed[:5])))
    fitting = {name: columns[name] for name in names if name in columns}
    filled = {target.name for several in fitting.values() for target in several}
    mapping = replace(
        given, entity=kind.key, scale={name: factor for name, factor in given.scale.items() if name in filled}, columns=fitting or None,
        ignore=frozenset(name for name in names if name not in fitting),
    )
    doubtful = set(unnamed) if given.columns is not None else set()
    return Adopted(mapping, {name: "none?" if name in doubtful else "used" for name in names}, tuple(notes))


def check_names(session: UserSession, kind: Entity, mapping: Mapping) -> None:
    """Raises MappingFault for a name that this reader cannot use, the same sentence for a field that is hidden from him and for none."""
    choices = {c.name: c for c in targets(session.sight, kind, names_of(mapping))}
    usable = [*session.sight.filterable(kind.key), ID]
    for column, several in (mapping.columns or {}).items():
        where = m("Column “%(column)s”", column=column)
        for target in several:
            choice = choices.get(target.name)
            if choice is None:
                raise unknown(where, target.name, choices)
            if target.by is not None and choice.spec is not None and choice.spec.type in REFERENCES:
                known = ways(session.sight, choice.spec, most=None)
                if target.by not in known:
                    raise unknown(where, target.by, known)
    for key in mapping.match or ():
        if key not in usable:
            raise unknown(m("“match”"), key, usable)
    for key in mapping.defaults:
        if key not in choices or choices[key].group is not None:
            raise unknown(m("“defaults”"), key, [name for name, c in choices.items() if c.group is None])
