"""What a reader may fill from a file: the record's own fields, fields of the lists beside it, and days that become child rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.binding import TEXTS
from crm.backoffice.exchange.convert import IMPORTABLE, REFERENCES
from crm.backoffice.exchange.related import EXTRAS, named, related_of
from crm.backoffice.fields.base import Field
from crm.backoffice.sight import Sight
from crm.messages import Label

ID = "id"
WAYS = 6  # fields by which a record may be named
NUMBER_OF_RECORD = Label("Номер запису", "Record number")


@dataclass(frozen=True)
class Choice:
    """A target of a column: its name as the mapping writes it, what it is called, and the list it belongs to (None: the record itself),
    whose rows `beside` are. `spec` is None for the record's own number."""

    name: str
    label: Label
    kind: Entity
    spec: Field | None
    group: Label | None = None
    beside: Entity | None = None

    @property
    def full(self) -> Label:
        """The name with its list, for places where nothing else says it."""
        return self.label if self.group is None else Label(f"{self.group.uk}: {self.label.uk}", f"{self.group.en}: {self.label.en}")


def may_import(sight: Sight, kind: Entity) -> bool:
    """Whether this reader may bring any record of the entity, or change any, by a file."""
    return (sight.may(kind.key, "create") or sight.may(kind.key, "update")) and any(True for _ in _writable(sight, kind))


def targets(sight: Sight, kind: Entity, named_so: Iterable[str] = ()) -> list[Choice]:
    """Everything a column of a file of `kind` may fill. A field that the reader may not write is not among them. Of lists that a file fills
    several times (`lines:2.product`) those that stand in `named_so`, names of columns or targets."""
    found = [Choice(spec.key, spec.label, kind, spec) for spec in _writable(sight, kind)]
    found.append(Choice(ID, NUMBER_OF_RECORD, kind, None))
    several = {name: row for part in named_so if ":" in part and (row := named(sight.catalog, kind, name := part.partition(".")[0])) is not None}
    for name, related in (related_of(sight.catalog, kind) | several).items():
        if not sight.may(related.child.key, "read") or not (sight.may(related.child.key, "create") or sight.may(related.child.key, "update")):
            continue
        group = related.target.plural if related.target is not None else kind.relations[name.partition(":")[0]].label
        number = name.partition(":")[2]
        group = Label(f"{group.uk} {number}", f"{group.en} {number}") if number else group
        for entity in (related.target, related.child):
            for spec in _writable(sight, entity) if entity is not None else ():
                pair = related.field(spec.key)
                if pair is not None and pair[0] is entity:
                    found.append(Choice(f"{name}.{spec.key}", spec.label, entity, spec, group, related.target or related.child))
    for (entity_key, name), extra in EXTRAS.items():
        child = sight.catalog.entity(extra.child)
        if entity_key == kind.key and sight.may(child.key, "create"):
            day = day_field(sight.catalog)
            names = extra.arguments(sight.catalog)
            found += [Choice(f"{name}.{argument}", extra.label(sight.catalog, argument), child, day, child.plural, child) for argument in names]
    return found


def day_field(catalog: Catalog) -> Field:
    """A field of days: what an extra takes is read as one."""
    return next(f for e in catalog.entities.values() for f in e.fields.values() if f.type == "date")


def _writable(sight: Sight, kind: Entity) -> Iterator[Field]:
    writable = {*sight.creatable(kind.key), *sight.editable(kind.key)}
    return (f for f in kind.editable() if f.key in writable and f.type in IMPORTABLE and (f.type not in REFERENCES or ways(sight, f)))


def ways(sight: Sight, spec: Field, *, most: int | None = WAYS) -> list[str]:
    """The fields by which a reference may name its record: the code, the title, what else tells records apart, then every text; the first
    `most`. None where the reader sees nothing of them."""
    if spec.target in sight.catalog.configured:
        return ["code", "key", "name"]
    kind = sight.catalog.entity(str(spec.target))
    usable = [key for key in sight.filterable(kind.key) if kind.fields[key].type in TEXTS]
    telling = [key for key in usable if kind.fields[key].unique or kind.fields[key].type in ("email", "tax_code")]
    searched = [key for key in usable if kind.fields[key].searchable]
    wanted = ("code", kind.declared.title, *telling, *searched, *(usable if most is None else ()))
    return list(dict.fromkeys(key for key in wanted if key in usable))[:most]
