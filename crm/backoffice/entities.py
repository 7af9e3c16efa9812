"""An entity is declared once: a mapped class whose columns carry their fields. `Entity` is the description derived from it.

Grid, form, filters, import, export, rights, journal and documentation read the description and nothing else; an entity made in
the browser yields the same one. Three bases: `Record` (a business record with code, owner and history), `Child` (a row that is
seen only with its parent) and `Base` alone for the product's own tables, which no user's session may touch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as day, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from sqlalchemy import Index, MetaData, Table, inspect, text as sql_text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from crm.backoffice.conditions.tree import Node
from crm.backoffice.database import NAMING
from crm.backoffice.fields import date, integer, moment, reference, text
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.formula import in_order
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.messages import Label


@dataclass(frozen=True)
class Section:
    """A titled group of fields on the form and the card."""

    label: Label
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a class says of itself beside its fields."""

    key: str
    label: Label
    plural: Label
    area: str = ""  # the group of the menu; "" is in no menu
    icon: str = "database"
    prefix: str = ""  # of generated codes: "A" gives A-42
    title: str = "name"  # the field that names a record
    parent: str | None = None  # child rows: the field that refers to the parent
    own: str = "owner"  # the field that makes a record one's own; "id" for people themselves
    columns: tuple[str, ...] = ()  # the standard list
    face: tuple[str, ...] = ()  # what its card on a board shows below its name; without any the columns of the list that have a place there
    sections: tuple[Section, ...] = ()
    related: tuple[str, ...] = ()  # relations shown on the card, in order; the rest follows
    order: str = "name"  # the standard sort of its list
    composed: tuple[str, ...] = ()  # required fields that a rule puts together when they are left empty
    alike: tuple[str, ...] = ()  # fields by which records that tell of the same thing are found; texts by their sound
    mergeable: bool = False  # several records may turn out to tell of the same thing
    seen_with: tuple[str, ...] = ()  # child rows: further references to which a row belongs: it shows with their records, and keeps none from going
    numbered_by: tuple[str, ...] = ()  # references that give a row its number, where an ascending one would tell how many rows others made
    rests: bool = False  # a record may rest on fields of others and shows to who sees them wholly (`resting`)
    rate_day: tuple[str, ...] = ()  # dates of which the first that is filled says at which rate its money is converted; without one today's holds
    weighed: tuple[str, str] = ("", "")  # an amount, and the probability by which open records are weighed in its sums
    expected: str = ""  # the day by which open records are forecast, month by month
    configuration: bool = False  # rows that describe how the company works (pipelines, stages), read by all staff
    public: bool = False  # rows that say nothing of the company (rates of exchange), read by all staff

    @property
    def read_by_all(self) -> bool:
        """Whether every signed-in person reads its rows, whatever his rules say; sensitive fields aside."""
        return self.configuration or self.public


def called_after(entity: str, field: str) -> str:
    """The key of the relation that a made reference is from the other side, where its maker names none."""
    return f"{entity}_{field}"


@dataclass(frozen=True)
class Relation:
    """The other side of a reference: rows of `entity` whose `field` points here; on a card also those that a path of `also` leads from."""

    key: str
    label: Label
    entity: str
    field: str
    also: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Check:
    """What an administrator demands of every record of an entity when it is saved: the condition that must hold, what is said where it does not,
    and the field at which that is said ("": of the record)."""

    where: Node
    message: Label
    field: str = ""


@dataclass(frozen=True)
class Entity:
    """The description of an entity in one catalog. Immutable. `table` has the columns of all its fields, those made in the browser too;
    `cls` is the mapped class that declares it, None for an entity made in the browser."""

    declared: Declared
    table: Table
    fields: Mapping[str, Field]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    cls: type[Any] | None = None
    checks: tuple[Check, ...] = ()

    @property
    def key(self) -> str:
        return self.declared.key

    @property
    def label(self) -> Label:
        return self.declared.label

    @property
    def plural(self) -> Label:
        return self.declared.plural

    @property
    def custom(self) -> bool:
        """Whether it was made in the browser or by a file."""
        return self.cls is None

    @property
    def parent(self) -> str | None:
        return self.declared.parent

    @property
    def is_record(self) -> bool:
        """Whether it has a code, an owner and a life of its own."""
        return self.declared.parent is None

    @property
    def is_person(self) -> bool:
        """Whether its records are living persons, whose data are gathered and erased on request."""
        return self.cls is not None and issubclass(self.cls, Person)

    @property
    def title(self) -> Field:
        return self.fields[self.declared.title]

    def named_by(self, language: str) -> tuple[str, ...]:
        """The fields that name a record to a reader of `language`, the first that is filled: of a role in English `name_en`, then `name`."""
        title = self.declared.title
        own = f"{title}_{language}"
        return (own, title) if own in self.fields else (title,)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.declared.columns or tuple(k for k, f in self.fields.items() if not f.system)[:8]

    @property
    def own_attribute(self) -> str | None:
        """The attribute that holds whose the record is, None for child rows."""
        if self.declared.own == "id":
            return "id"
        owner = self.fields.get(self.declared.own)
        return owner.attribute if owner else None

    @cached_property
    def computed(self) -> tuple[Field, ...]:
        """Fields with a formula, each after those it is computed from. Raises FieldError when one is computed from itself."""
        return in_order(self.fields.values())

    @cached_property
    def _kept_as(self) -> Mapping[str, str]:
        return {spec.kept_as: key for key, spec in self.fields.items() if spec.number}

    def by_key(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Changes of the journal by the present keys of their fields."""
        return {self._kept_as.get(name, name): pair for name, pair in changes.items()} if self._kept_as else changes

    @cached_property
    def added_up(self) -> tuple[Field, ...]:
        """Its roll-ups."""
        return tuple(spec for spec in self.fields.values() if spec.rollup is not None)

    @cached_property
    def numbered(self) -> tuple[Field, ...]:
        """Its numbers by a mask."""
        return tuple(spec for spec in self.fields.values() if spec.numbering)

    @cached_property
    def conditional(self) -> tuple[Field, ...]:
        """Fields that are required, visible or for reading only by a condition."""
        return tuple(f for f in self.fields.values() if f.required_if is not None or f.read_only_if is not None or f.visible_if is not None)

    @property
    def worked_out(self) -> bool:
        """Whether it keeps something that nobody types and that old records must be given."""
        return bool(self.computed or self.added_up or self.numbered)

    def in_columns(self) -> Iterator[tuple[str, Field]]:
        """Fields that have columns of their own in the entity's table, by key: all but sets of references."""
        return ((key, spec) for key, spec in self.fields.items() if not spec.several)

    def sets(self) -> Iterator[tuple[str, ManyToManyField, Table]]:
        """Sets of references: key, field, and the table of links (owner_id, target_id)."""
        for key, spec in self.fields.items():
            if isinstance(spec, ManyToManyField):
                yield key, spec, self.links(spec)

    def links(self, spec: ManyToManyField) -> Table:
        """The table of links of one of its sets."""
        return spec.link_table(self.table.metadata, self.table.name)

    def editable(self) -> Iterator[Field]:
        """Fields that a writer may give at all, rights aside."""
        return (f for f in self.fields.values() if not f.system and not f.derived)


class Base(DeclarativeBase):
    """Every table of the product. Fields add their companion columns before mapping and their indexes after it."""

    metadata = MetaData(naming_convention=NAMING)
    __entity__: ClassVar[Declared | None] = None
    __table__: ClassVar[Table]  # SQLAlchemy only promises a FromClause

    def __init_subclass__(cls, **kwargs: Any) -> None:
        mapped = "__tablename__" in vars(cls)
        if mapped:
            _add_companions(cls)
        super().__init_subclass__(**kwargs)
        if mapped:
            _add_indexes(cls)
            for spec in declared_sets(cls).values():
                spec.link_table(cls.metadata, cls.__tablename__)


def declared_fields(cls: type[Any]) -> dict[str, Field]:
    """Attribute → field of `cls` and its bases, the nearest declaration first in force, in the order of declaration."""
    found: dict[str, Field] = {}
    for klass in reversed(cls.__mro__):
        for name, value in vars(klass).items():
            if isinstance(value, MappedColumn) and "field" in value.column.info:
                found.pop(name, None)
                found[name] = value.column.info["field"]
    return found


def declared_sets(cls: type[Any]) -> dict[str, ManyToManyField]:
    """Key → field of the references to many records that `cls` and its bases declare; they are kept in tables of links."""
    return {name: value.bound(name, name) for klass in reversed(cls.__mro__) for name, value in vars(klass).items() if isinstance(value, ManyToManyField)}


def _add_companions(cls: type[Any]) -> None:
    for name, spec in declared_fields(cls).items():
        for suffix in spec.companions:
            setattr(cls, name + suffix, mapped_column(spec.companion_type(suffix), nullable=True))


def _add_indexes(cls: type[Any]) -> None:
    table = cls.__table__
    for name in [column.key for column in table.c]:
        spec = table.c[name].info.get("field")
        if spec is not None:
            add_indexes(table, name, spec)


def add_indexes(table: Table, name: str, spec: Field) -> list[Index]:
    """The indexes of a field whose column in the table is `name`: one to sort and page by, one that keeps its values apart."""
    column, made = table.c[name + spec.sort_companion()], list[Index]()
    if spec.indexed or spec.target:
        made.append(Index(f"ix_{table.name}_{column.name}", column, table.c.id))
    if spec.unique:
        # What a mask gave is given once, whatever became of the record.
        alive = sql_text("deleted_at IS NULL") if "deleted_at" in table.c and not spec.numbering else None
        made.append(Index(f"uq_{table.name}_{name}", table.c[name], unique=True, sqlite_where=alive, postgresql_where=alive))
    return made


class Row(Base):
    """What every row that a user may see has: a number, a version for saving, and who changed it when."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    row_version: Mapped[int] = integer(Label("Версія рядка", "Row version"), required=True, system=True, default=1, sensitivity="open")
    created_at: Mapped[datetime] = moment(Label("Створено", "Created"), required=True, system=True, indexed=True, sensitivity="open")
    created_by_id: Mapped[int | None] = reference("user", Label("Створив", "Created by"), system=True, sensitivity="open")
    updated_at: Mapped[datetime] = moment(Label("Змінено", "Changed"), required=True, system=True, indexed=True, sensitivity="open")
    updated_by_id: Mapped[int | None] = reference("user", Label("Змінив", "Changed by"), system=True, sensitivity="open")
    deleted_at: Mapped[datetime | None] = moment(Label("Вилучено", "Deleted"), system=True, sensitivity="open")


class Record(Row):
    """A business record: code and name, and whose it is."""

    __abstract__ = True

    code: Mapped[str] = text(Label("Код", "Code"), required=True, unique=True, searchable=True, indexed=True, max_length=64, sensitivity="open")
    name: Mapped[str] = text(Label("Назва", "Name"), required=True, searchable=True, indexed=True, sensitivity="open")
    owner_id: Mapped[int | None] = reference("user", Label("Відповідальний", "Owner"), sensitivity="open")
    department_id: Mapped[int | None] = reference("department", Label("Підрозділ", "Department"), sensitivity="open")
    territory_id: Mapped[int | None] = reference("territory", Label("Територія", "Territory"), sensitivity="open")


class Person(Record):
    """A living person: what is kept about one is gathered and erased on request, unless there is a reason to keep it."""

    __abstract__ = True

    first_name: Mapped[str | None] = text(Label("Імʼя", "First name"), personal=True)
    last_name: Mapped[str | None] = text(Label("Прізвище", "Last name"), personal=True)
    keep_reason: Mapped[str | None] = text(
        Label("Підстава зберігати", "Reason to keep"),
        help=Label("Доки вона є, персональні дані не стираються", "While there is one, personal data are not erased"),
    )
    keep_until: Mapped[day | None] = date(
        Label("Зберігати до", "Keep until"), help=Label("Останній день; порожньо: доки є підстава", "The last day; empty: as long as there is a reason")
    )
    erased_at: Mapped[datetime | None] = moment(Label("Персональні дані стерто", "Personal data erased"), system=True, sensitivity="open")


class Child(Row):
    """A row of a parent: seen with it, journaled in its name; it has no code and no owner."""

    __abstract__ = True


DESCRIBED: dict[type[Any], Entity] = {}


def describe(cls: type[Any]) -> Entity:
    """The description of a mapped class; what administrators add to it makes another, so this one is worked out once."""
    if cls not in DESCRIBED:
        DESCRIBED[cls] = _described(cls)
    return DESCRIBED[cls]


def _described(cls: type[Any]) -> Entity:
    fields: dict[str, Field] = {}
    own_first = [c for c in inspect(cls).columns if "field" in c.info]
    for column in own_first:
        spec: Field = column.info["field"]
        key = spec.key or column.key.removesuffix(spec.suffix)
        fields[key] = spec.bound(key, column.key)
    fields.update(declared_sets(cls))
    return Entity(cls.__entity__, cls.__table__, arranged(fields), cls=cls)


def arranged(fields: Mapping[str, Field]) -> Mapping[str, Field]:
    """The fields of an entity in their order: those that the product keeps come last."""
    return MappingProxyType({k: f for k, f in fields.items() if not f.system} | {k: f for k, f in fields.items() if f.system})
