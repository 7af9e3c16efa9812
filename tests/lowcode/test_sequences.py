"""Long rows of changes by chance, with data: the description agrees with the schema after each, what no change touched is never lost, and undoing all
of them in turn gives back the beginning."""

import random
from typing import Any

import pytest
import yaml
from sqlalchemy import inspect, select

from crm.backoffice.catalog import load_catalog
from crm.backoffice.checks import check_entities
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest
from tests.company import Company
from tests.factories.anything import Anything
from tests.factories.made import SIMPLE

STEPS = 12
TYPES = (*SIMPLE, "reference", "many_to_many", "formula", "rollup")


class Walk:
    """One company, changed by chance."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company, self.chance, self.count = company, random.Random(seed), 0

    def step(self) -> tuple[int, bool] | None:
        """One change; its version and whether values went. None when it made no sense, which is said and changes nothing."""
        raw = self.chance.choice((self.add, self.add, self.add, self.rename, self.convert, self.remove, self.register, self.relabel))()
        before = self.company.catalog.version
        try:
            with self.company.system() as session:
                applied = apply(session, from_raw(raw, self.company.catalog))
                session.commit()
        except BadRequest:
            assert load_catalog(self.company.engine).version == before
            return None
        self.company.catalog = load_catalog(self.company.engine)
        losing = any(c.effect in ("convert", "remove") for c in applied.changes)
        return (applied.version, losing) if applied.changes else None

    def entity(self) -> str:
        return self.chance.choice(("account", "contact", *self.company.catalog.made.entities))

    def field(self) -> Any:
        made = self.company.catalog.made.fields
        return self.chance.choice(made) if made else None

    def key(self) -> str:
        self.count += 1
        return f"f{self.count}"

    def said(self, entity: str, key: str) -> dict[str, Any]:
        type_ = self.chance.choice(TYPES)
        said: dict[str, Any] = {"type": type_, "label": {"uk": f"Поле {key}", "en": f"Field {key}"}, "class": "internal"}
        match type_:
            case "picklist" | "multi_picklist":
                said["options"] = [{"key": f"o{n}", "label": {"uk": f"В{n}", "en": f"O{n}"}} for n in range(2)]
            case "reference" | "many_to_many":
                said["to"] = self.entity()
            case "formula":
                said["formula"] = self.chance.choice(("1 + 1", *(f"{one.key} * 2" for one in self.company.catalog.made.of(entity).values())))
            case "rollup":
                leading = (one for one in self.company.catalog.made.fields if one.said["type"] == "reference" and one.said["to"] == entity)
                ways = [f"{one.entity}.{one.key}" for one in leading] or ["deal.account"]
                said |= {"of": self.chance.choice(ways), "function": "count", "class": "sensitive"}
        return said

    def add(self) -> dict[str, Any]:
        entity, key = self.entity(), self.key()
        return {"fields": {entity: {key: self.said(entity, key)}}}

    def register(self) -> dict[str, Any]:
        key = f"register{self.count}"
        self.count += 1
        return {"entities": {key: {"label": {"uk": key, "en": key}, "fields": {name: self.said(key, name) for name in (self.key(), self.key())}}}}

    def rename(self) -> dict[str, Any]:
        one = self.field()
        return {"fields": {one.entity: {self.key(): {**one.said, "renamed_from": one.key}}}} if one else {}

    def relabel(self) -> dict[str, Any]:
        one = self.field()
        return {"fields": {one.entity: {one.key: {**one.said, "label": {"uk": f"Інша {self.count}", "en": f"Other {self.count}"}}}}} if one else {}

    def convert(self) -> dict[str, Any]:
        one = self.field()
        return {"fields": {one.entity: {one.key: self.said(one.entity, one.key)}}} if one else {}

    def remove(self) -> dict[str, Any]:
        one = self.field()
        return {"removed": [f"{one.entity}.{one.key}"]} if one else {}

    def fill(self) -> None:
        with self.company.system() as session:
            for entity in ("account", "contact", *self.company.catalog.made.entities):
                Anything(session).one(entity, self.chance.randint(0, 1))
            session.commit()

    # --- what must hold ------------------------------------------------------------------------------------------------

    def agrees(self) -> None:
        """Every described field has its columns, every column of the schema that is described has its type, and the file says the whole."""
        assert [str(one.message) for one in check_entities(self.company.catalog)] == []
        made = inspect(self.company.engine)
        for kind in self.company.catalog.entities.values():
            stored = {column["name"] for column in made.get_columns(kind.table.name)}
            assert {column.name for column in kind.table.columns} <= stored, kind.key
        with self.company.system(write=False) as session:
            assert plan(session, from_raw(yaml.safe_load(yaml.safe_dump(export.whole(session))), self.company.catalog)) == []

    def held(self) -> dict[tuple[str, int, int], Any]:
        """Field by its number, record → value, of those that people fill in."""
        found: dict[tuple[str, int, int], Any] = {}
        with self.company.engine.connect() as connection:
            for kind in self.company.catalog.entities.values():
                specs = [spec for spec in kind.fields.values() if spec.number and not spec.several and not spec.derived]
                if specs:
                    for row in connection.execute(select(kind.table.c.id, *(kind.table.c[spec.attribute] for spec in specs))):
                        found |= {(kind.key, spec.number, row[0]): value for spec, value in zip(specs, row[1:], strict=True)}
        return found

    def printed(self) -> str:
        with self.company.system(write=False) as session:
            whole = export.whole(session)
        return yaml.safe_dump({"entities": whole["entities"], "fields": whole["fields"], "roles": whole["roles"], "views": whole["views"]}, allow_unicode=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_row_of_changes_loses_nothing_agrees_with_the_schema_and_is_undone_in_turn(company: Company, seed: int) -> None:
    walk = Walk(company, seed)
    beginning, versions = walk.printed(), list[int]()
    for number in range(STEPS):
        before = walk.held()
        done = walk.step()
        walk.agrees()
        after = walk.held()
        assert all(after[place] == value for place, value in before.items() if place in after), "what stays keeps its values"
        if done is not None:
            versions.append(done[0])
            assert done[1] or before.keys() <= after.keys(), "nothing goes but what a change takes away"
        if number % 4 == 3:
            walk.fill()
    assert len(versions) > STEPS // 2
    for version in reversed(versions):
        with company.system() as session:
            undo(session, version)
            session.commit()
        company.catalog = load_catalog(company.engine)
        walk.agrees()
    assert walk.printed() == beginning
