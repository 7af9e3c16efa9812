"""How an entity is laid out on the screens: what its class declares, what a configuration says for everybody, and what it says for a role.

A layout gives no right: screens show of it what their reader may see. It is kept as a file says it (`Said`), entity → role ("" for everybody), and
names by key; what it names that is gone is left out where it is read, and comes back with it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, or_, select

from crm.backoffice.configuration import LayoutRow
from crm.backoffice.entities import Entity, Section
from crm.backoffice.fields.base import Field
from crm.messages import Label

Said = Mapping[str, Any]
Kept = Mapping[str, Mapping[str, Said]]
PARTS = ("columns", "sort", "face", "sections", "rest", "help", "related", "quick", "menu")
TABLE = LayoutRow.__table__
REST = Label("Інше", "Other")  # the section of the fields that stand in none


@dataclass(frozen=True)
class Layout:
    """Of one entity, nothing left open. Orders are tuples of keys; `broad` says of a field whether it takes a whole row, where that is said."""

    columns: tuple[str, ...]
    sort: tuple[tuple[str, bool], ...]  # descending marked
    face: tuple[str, ...]  # of a card on a board, below its name; none: what of the columns has a place there
    sections: tuple[Section, ...]
    broad: Mapping[str, bool]
    rest: bool  # whether fields of no section show
    related: tuple[str, ...]
    quick: tuple[str, ...]  # of the sheet of a new record; none: all
    area: str
    icon: str
    place: int | None  # in its area; those with one stand first
    hidden: bool  # from the menu
    help: Mapping[str, Label] = field(default_factory=dict)  # what stands beside a field, where its own is not it

    def told(self, spec: Field) -> Label | None:
        """What stands beside a field: what the layout says, else what the field says of itself."""
        return self.help.get(spec.key, spec.help)

    @property
    def placed(self) -> tuple[str, ...]:
        """The fields that stand in a section, in order."""
        return tuple(key for section in self.sections for key in section.fields)

    def parts(self, keys: Collection[str], always: Callable[[str], bool] = lambda key: False) -> list[tuple[Label, list[str]]]:
        """`keys` by section. Those of no section stand in the last one; where they are hidden, those of them that are asked for `always`."""
        placed = self.placed
        rest = [key for key in keys if key not in placed and (self.rest or always(key))]
        found = [(section.label, [key for key in section.fields if key in keys]) for section in self.sections]
        return [(label, part) for label, part in (*found, (REST, rest)) if part]

    def in_order(self, key: str) -> int:
        """The place of a field among the sections, the last one for those of none."""
        return self.placed.index(key) if key in self.placed else len(self.placed)


def laid_out(entity: Entity, given: Sequence[Said]) -> Layout:
    """The layout of an entity: of each part what the first of `given` says, else what the entity declares."""
    declared = entity.declared

    def said(part: str, usual: Any) -> Any:
        return next((one[part] for one in given if part in one), usual)

    menu: dict[str, Any] = {}
    beside: dict[str, Label] = {}
    for one in reversed(given):
        menu |= one.get("menu", {})
        beside |= {key: Label(told["uk"], told["en"]) for key, told in one.get("help", {}).items()}
    sections, broad = declared.sections, {}
    if any("sections" in one for one in given):
        raw = said("sections", ())
        sections = tuple(Section(Label(one["label"]["uk"], one["label"]["en"]), tuple(key for key, _ in fields_in(one))) for one in raw)
        broad = {key: breadth == "wide" for one in raw for key, breadth in fields_in(one) if breadth}
    return Layout(
        tuple(said("columns", entity.columns)), tuple((key.lstrip("-"), key.startswith("-")) for key in said("sort", declared.order).split(",")),
        tuple(said("face", declared.face)), sections,
        MappingProxyType(broad), said("rest", "shown") == "shown", tuple(said("related", declared.related)), tuple(said("quick", ())),
        menu.get("area", declared.area), menu.get("icon", declared.icon), menu.get("order"), bool(menu.get("hidden")),
        MappingProxyType(beside),
    )


def fields_in(section: Said) -> Iterator[tuple[str, str]]:
    """The fields of a section as a file says it, each with its breadth: wide, half, or "" as its type has it."""
    for one in section["fields"]:
        yield (one, "") if isinstance(one, str) else next(iter(one.items()))


def sorts(entity: Entity, key: str) -> bool:
    """Whether a list may stand in the order of a field."""
    return key == "id" or (key in entity.fields and entity.fields[key].sortable)


def fillable(entity: Entity) -> frozenset[str]:
    """The fields that a new record may be given."""
    return frozenset(spec.key for spec in entity.editable())


def cleaned(said: Said, entity: Entity) -> dict[str, Any]:
    """What of it names something that is there, in the fixed order of its parts."""
    there, writes = entity.fields, fillable(entity)
    sections = [
        {"label": one["label"], "fields": left}
        for one in said.get("sections", ()) if (left := [key if not breadth else {key: breadth} for key, breadth in fields_in(one) if key in there])
    ]
    found: dict[str, Any] = {
        **said,
        "columns": [key for key in said.get("columns", ()) if key in there],
        "face": [key for key in said.get("face", ()) if key in there],
        "sort": ",".join(key for key in said.get("sort", "").split(",") if sorts(entity, key.lstrip("-"))),
        "sections": sections,
        "help": {key: told for key, told in said.get("help", {}).items() if key in there},
        "related": [key for key in said.get("related", ()) if key in entity.relations],
        "quick": [key for key in said.get("quick", ()) if key in writes],
    }
    return {part: found[part] for part in PARTS if found.get(part)}


def renamed(said: Said, name: Callable[[str], str]) -> dict[str, Any]:
    """The same with other names for what it names."""
    found = {**said, **{part: [name(key) for key in said[part]] for part in ("columns", "face", "quick", "related") if part in said}}
    if "sort" in said:
        found["sort"] = ",".join(("-" if key.startswith("-") else "") + name(key.removeprefix("-")) for key in said["sort"].split(","))
    if "help" in said:
        found["help"] = {name(key): told for key, told in said["help"].items()}
    if "sections" in said:
        found["sections"] = [
            {**one, "fields": [{name(key): breadth} if breadth else name(key) for key, breadth in fields_in(one)]} for one in said["sections"]
        ]
    return found


def read_layouts(connection: Connection, entities: Mapping[str, Entity]) -> Kept:
    """Every layout whose entity and role are there, the roles of an entity in their order: the first that a person holds decides."""
    role = entities["role"].table
    query = (
        select(TABLE.c.entity, TABLE.c.role, TABLE.c.said)
        .outerjoin(role, (role.c.code == TABLE.c.role) & role.c.deleted_at.is_(None))
        .where(or_(TABLE.c.role == "", role.c.id.is_not(None))).order_by(TABLE.c.entity, TABLE.c.position, TABLE.c.id)
    )
    found: dict[str, dict[str, Said]] = {}
    for row in connection.execute(query):
        said = cleaned(row.said, entities[row.entity]) if row.entity in entities else {}
        if said:
            found.setdefault(row.entity, {})[row.role] = MappingProxyType(said)
    return MappingProxyType({key: MappingProxyType(several) for key, several in found.items()})
