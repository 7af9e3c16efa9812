"""From a mapping to a layout: do the columns, fields, keys and rights exist that it names? Each "no" is one sentence."""

from collections.abc import Iterable, Mapping as Map
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.convert import DATES, IMPORTABLE, LISTED, NAMED, REFERENCES, SCALED, converter
from crm.backoffice.exchange.layout import Days, Group, Layout, Slot
from crm.backoffice.exchange.mapping import Mapping, MappingFault, Target, did_you_mean, unknown
from crm.backoffice.exchange.related import EXTRAS, Extra, Related, named, related_of, required
from crm.backoffice.exchange.table import Table
from crm.backoffice.fields.base import Field, FieldError, Reader
from crm.backoffice.sight import Sight
from crm.errors import Forbidden, UnknownName
from crm.messages import m

TEXTS = frozenset({"text", "email", "phone", "url", "integer", "tax_code", "iban"})  # what a reference may be looked up by


@dataclass(frozen=True)
class _Binder:
    """What every step of binding looks at."""

    kind: Entity
    mapping: Mapping
    catalog: Catalog
    sight: Sight
    reader: Reader


def bind(table: Table, kind: Entity, mapping: Mapping, sight: Sight, *, match: tuple[str, ...] | None = None) -> Layout:
    """The layout of `table` for rows of `kind`. `match` overrides the mapping's. Raises MappingFault, UnknownName, Forbidden."""
    if mapping.entity is not None and mapping.entity != kind.key:
        raise MappingFault(m("The mapping is for “%(named)s”, the import for “%(entity)s”.", named=mapping.entity[:80], entity=kind.key))
    if not (sight.may(kind.key, "create") or sight.may(kind.key, "update")):
        raise Forbidden()
    catalog = sight.catalog
    reader = replace(catalog.reader(sight.reader.language), catalog=catalog)
    if mapping.zone:
        reader = replace(reader, zone=ZoneInfo(mapping.zone))
    binder = _Binder(kind, mapping, catalog, sight, reader)
    wanted, ignored, id_index = _columns(table, binder)
    _check_scale(binder, [t for _, t in wanted])
    own: list[Slot] = []
    groups: dict[str, Group] = {}
    days: dict[str, Days] = {}
    for index, target in wanted:
        column = table.columns[index]
        if len(target.path) == 1:
            own.append(_own_slot(binder, index, column, target))
            continue
        name, part = target.path
        extra = EXTRAS.get((kind.key, name))
        if extra is not None:
            known = days.get(name, Days(extra, ()))
            days[name] = Days(extra, (*known.slots, (part, _day_slot(binder, extra, index, column, target))))
        else:
            related = _related(binder, column, target)
            groups[name] = _grouped(binder, groups.get(name, Group(related)), index, column, target)
    _once([s.name for s in own] + [s.name for g in groups.values() for s in (*g.child, *g.behind)] + [s.name for d in days.values() for _, s in d.slots])
    for name, group in groups.items():
        lacking = [key for key in group.related.match if key not in {s.key for s in group.match}]
        if lacking:
            raise MappingFault(m("“%(name)s” needs a column for “%(field)s”: it tells the rows of one record apart.", name=name, field=f"{name}.{lacking[0]}"))
    defaults = {key: _default(binder, key, text) for key, text in mapping.defaults.items()}
    keys, named = _match(binder, {s.key for s in own} | set(defaults), id_index, match)
    layout = Layout(kind, tuple(own), tuple(groups.values()), tuple(days.values()), keys, named, defaults, id_index, (), tuple(ignored))
    return replace(layout, dated=tuple(sorted({s.index for s in layout.slots if s.spec.type in DATES})))


def _columns(table: Table, binder: _Binder) -> tuple[list[tuple[int, Target]], list[str], int | None]:
    """(index, target) of every mapped cell, the columns left out on purpose, and where the rows' own numbers stand."""
    mapping = binder.mapping
    if mapping.columns is None:
        return _by_name(table, binder)
    for name in mapping.columns:
        if name not in table.columns:
            raise unknown(m("The file has no such column"), name, table.columns)
    for name in table.columns:
        if name not in mapping.columns and name not in mapping.ignore:
            raise MappingFault(m("The column “%(column)s” is neither mapped nor ignored.", column=name))
    wanted: list[tuple[int, Target]] = []
    id_index = None
    for name, targets in mapping.columns.items():
        index = table.columns.index(name)
        for target in targets:
            if target.path == ("id",):
                id_index = index
            else:
                wanted.append((index, target))
    return wanted, sorted(mapping.ignore), id_index


def _by_name(table: Table, binder: _Binder) -> tuple[list[tuple[int, Target]], list[str], int | None]:
    """Columns named as fields. What the reader sees and may not write is left out: his own export holds it too."""
    kind, sight = binder.kind, binder.sight
    readable, writable = set(sight.readable(kind.key)), {*sight.creatable(kind.key), *sight.editable(kind.key)}
    wanted: list[tuple[int, Target]] = []
    ignored = [name for name in table.columns if name in binder.mapping.ignore]
    id_index = None
    for index, name in enumerate(table.columns):
        spec = kind.fields.get(name)
        if name in binder.mapping.ignore:
            continue
        if name == "id":
            id_index = index
        elif spec is not None and (spec.system or (name in readable and (name not in writable or spec.type not in IMPORTABLE))):
            ignored.append(name)
        elif spec is not None or "." in name:
            path = tuple(name.split("."))
            if len(path) > 2 or not all(path):
                raise _no_field(binder, name)
            wanted.append((index, Target(path)))
        else:
            raise _no_field(binder, name)
    if not wanted:
        raise MappingFault(m("No column of the file is named as a field; give a mapping."))
    return wanted, ignored, id_index


def _no_field(binder: _Binder, name: str) -> MappingFault:
    """A column that is no field; the hint names only fields that this reader knows of."""
    near = did_you_mean(name, binder.sight.readable(binder.kind.key))
    if near is None:
        return MappingFault(m("The column “%(column)s” is no field of “%(entity)s”.", column=name, entity=binder.kind.label))
    return MappingFault(m("The column “%(column)s” is no field of “%(entity)s”. Did you mean “%(near)s”?", column=name, entity=binder.kind.label, near=near))


def _own_slot(binder: _Binder, index: int, column: str, target: Target) -> Slot:
    spec = binder.kind.fields.get(target.path[0])
    readable = binder.sight.readable(binder.kind.key)
    if spec is None:
        raise unknown(m("Column “%(column)s”", column=column), target.name, readable)
    _writable(binder, binder.kind, spec)
    return _slot(binder, spec, index, column, target)


def _writable(binder: _Binder, kind: Entity, spec: Field) -> None:
    sight = binder.sight
    if spec.system:
        raise MappingFault(m("“%(field)s” is kept by the product and cannot be imported.", field=spec.label))
    if spec.key in sight.creatable(kind.key) or spec.key in sight.editable(kind.key):
        return
    if spec.key not in sight.readable(kind.key):
        raise UnknownName(spec.key, hidden=True)
    raise Forbidden(m("You may not change “%(field)s”.", field=spec.label))


def _slot(binder: _Binder, spec: Field, index: int, column: str, target: Target) -> Slot:
    where = m("Column “%(column)s”", column=column)
    if spec.type not in IMPORTABLE:
        raise MappingFault(m("“%(field)s” cannot be filled from a file.", field=spec.label))
    configured = spec.target in binder.catalog.configured
    if target.missing == "create" and (spec.type not in REFERENCES | LISTED or configured):
        raise MappingFault(m("%(where)s: “missing: create” is for references and picklists.", where=where))
    if target.missing == "empty" and spec.type not in NAMED:
        raise MappingFault(m("%(where)s: “missing: empty” is for references, picklists, countries and currencies.", where=where))
    if target.by is not None:
        _check_by(binder, spec, target, column)
    scale = binder.mapping.scale.get(target.name)
    convert = converter(
        spec, target, catalog=binder.catalog, reader=binder.reader, empty=binder.mapping.file.empty, decimal=binder.mapping.decimal, scale=scale)
    return Slot(index, column, target.name, spec, convert)


def _check_by(binder: _Binder, spec: Field, target: Target, column: str) -> None:
    where = m("Column “%(column)s”", column=column)
    if spec.type in LISTED or spec.target in binder.catalog.configured:
        if target.by not in ("key", "code", "name"):
            raise unknown(where, str(target.by), ("key", "name"))
        return
    if spec.type not in REFERENCES or spec.target is None:
        raise MappingFault(m("%(where)s: “by” is for references; “%(field)s” is none.", where=where, field=spec.label))
    referred = binder.catalog.entity(spec.target)
    known = binder.sight.filterable(spec.target)
    by = referred.fields.get(str(target.by))
    if by is None or by.type not in TEXTS:
        raise unknown(where, str(target.by), [k for k in known if referred.fields[k].type in TEXTS])
    if by.key not in known:
        raise UnknownName(by.key, hidden=True)


def _day_slot(binder: _Binder, extra: Extra, index: int, column: str, target: Target) -> Slot:
    child = binder.catalog.entity(extra.child)
    if not binder.sight.may(child.key, "create"):
        raise Forbidden(m("You may not create records of “%(entity)s”.", entity=child.label))
    arguments = tuple(extra.arguments(binder.catalog))
    if target.path[1] not in arguments:
        raise unknown(m("Column “%(column)s”", column=column), target.name, [f"{extra.name}.{a}" for a in arguments])
    if target.by is not None or target.missing is not None:
        raise MappingFault(m("%(where)s: “%(name)s” takes a date only.", where=m("Column “%(column)s”", column=column), name=target.name))
    day = next(f for e in binder.catalog.entities.values() for f in e.fields.values() if f.type == "date")
    convert = converter(day, target, catalog=binder.catalog, reader=binder.reader, empty=binder.mapping.file.empty, decimal=".", scale=None)
    return Slot(index, column, target.name, day, convert)


def _related(binder: _Binder, column: str, target: Target) -> Related:
    known = related_of(binder.catalog, binder.kind)
    found = named(binder.catalog, binder.kind, target.path[0])
    where = m("Column “%(column)s”", column=column)
    if found is None:
        extras = [name for entity, name in EXTRAS if entity == binder.kind.key]
        raise unknown(where, target.name, [*(f"{name}.{target.path[1]}" for name in (*known, *extras)), *binder.sight.readable(binder.kind.key)])
    if not binder.sight.may(found.child.key, "read"):
        raise UnknownName(target.path[0], hidden=True)
    return found


def _grouped(binder: _Binder, group: Group, index: int, column: str, target: Target) -> Group:
    found = group.related.field(target.path[1])
    if found is None:
        entities = [e for e in (group.related.target, group.related.child) if e is not None]
        names = [f"{target.path[0]}.{key}" for e in entities for key in binder.sight.readable(e.key) if group.related.field(key)]
        raise unknown(m("Column “%(column)s”", column=column), target.name, names)
    kind, spec = found
    _writable(binder, kind, spec)
    slot = _slot(binder, spec, index, column, target)
    if kind is group.related.target:
        return replace(group, behind=(*group.behind, slot))
    return replace(group, child=(*group.child, slot))


def _default(binder: _Binder, key: str, text: str) -> object:
    spec = binder.kind.fields.get(key)
    if spec is None:
        raise unknown(m("“defaults”"), key, binder.sight.creatable(binder.kind.key))
    _writable(binder, binder.kind, spec)
    slot = _slot(binder, spec, -1, key, Target((key,), missing="fail" if spec.type in REFERENCES | LISTED else None))
    try:
        return slot.convert(text, None)
    except FieldError as error:
        raise MappingFault(m("“defaults”, “%(name)s”: %(why)s", name=key, why=error.message)) from error


def _match(binder: _Binder, given: set[str], id_index: int | None, asked: tuple[str, ...] | None) -> tuple[tuple[str, ...], bool]:
    kind, keys = binder.kind, asked or binder.mapping.match
    if keys is not None:
        for key in keys:
            if key == "id" and id_index is not None and len(keys) == 1:
                continue
            if key not in kind.fields:
                raise unknown(m("“match”"), key, binder.sight.filterable(kind.key))
            if key not in binder.sight.filterable(kind.key):
                raise UnknownName(key, hidden=True)
            if kind.fields[key].several or kind.fields[key].multiple:
                raise MappingFault(m("“%(field)s” holds several values and tells no record apart.", field=kind.fields[key].label))
            if key not in given:
                raise MappingFault(m("“match” names “%(name)s”, which no column and no default fills.", name=key))
        return keys, True
    if kind.is_record:
        usable = "code" in given and "code" in binder.sight.filterable(kind.key)
        return (("code",) if usable else ()), False
    if id_index is not None:
        return ("id",), False
    natural = (*([kind.parent] if kind.parent else []), *required(kind, kind.parent or ""))
    return (natural if set(natural) <= given & set(binder.sight.filterable(kind.key)) else ()), False


def _check_scale(binder: _Binder, targets: Iterable[Target]) -> None:
    scale: Map[str, Decimal] = binder.mapping.scale
    names = {t.name for t in targets}
    for name in scale:
        if name not in names:
            raise unknown(m("“scale”"), name, names)
        path = name.split(".")
        found = binder.kind.fields.get(path[0]) if len(path) == 1 else None
        if len(path) == 2:
            related = named(binder.catalog, binder.kind, path[0])
            pair = related.field(path[1]) if related else None
            found = pair[1] if pair else None
        if found is None or found.type not in SCALED:
            raise MappingFault(m("“scale” is for numbers; “%(name)s” is none.", name=name))


def _once(names: list[str]) -> None:
    twice = next((n for position, n in enumerate(names) if n in names[:position]), None)
    if twice is not None:
        raise MappingFault(m("Two columns fill “%(name)s”.", name=twice))
