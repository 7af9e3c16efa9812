"""What a role hides, read from its rules in plain Python over raw rows: it shares no line with the guard that it judges."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from tests.leaks.kept import meaning

MISSING = 70_707  # the number of no record of any entity, and of no option of a list
Row = Mapping[str, Any]
Shown = Literal["hidden", "masked", "shown"]
ORDER = {"lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b}


@dataclass
class Oracle:
    """One person with one role, over all stored rows: entity → id → field → value."""

    catalog: Catalog
    rules: list[dict[str, Any]]
    rows: dict[str, dict[int, Row]]
    me: int
    department: int | None
    below: frozenset[int] = field(default_factory=frozenset)  # the department and everything under it

    def visible(self, entity: str, number: int) -> bool:
        """Whether the role shows the record at all; of removed ones, whether it showed them before."""
        kind, row = self.catalog.entities[entity], self.rows[entity][number]
        if kind.parent is not None and not self.visible(kind.fields[kind.parent].target or "", row[kind.parent]):
            return False
        if any(row[key] is not None and not self.stands_there(kind.fields[key].target or "", row[key]) for key in kind.declared.seen_with):
            return False
        if kind.declared.rests and row["condition"] is not None and not self.asks_what_shows(row["of"], meaning(json.loads(row["condition"]))):
            return False
        if kind.declared.read_by_all:
            return True
        allowed = any(self.admits(r, kind, row) for r in self.of(entity, "read") if r.get("effect") != "deny")
        return allowed and not any(self.admits(r, kind, row) for r in self.of(entity, "read") if r.get("effect") == "deny" and not r.get("fields"))

    def stands_there(self, entity: str, number: int) -> bool:
        return self.rows[entity][number]["deleted_at"] is None and self.visible(entity, number)

    def asks_what_shows(self, entity: str, node: dict[str, Any], far: bool = False) -> bool:
        """Whether a condition asks only what the role sees on every record, of what it leads to on every one that there is."""
        kind = self.catalog.entities[entity]
        for parts in (node.get("all"), node.get("any"), [node["not"]] if "not" in node else None):
            if parts is not None:
                return all(self.asks_what_shows(entity, part, far) for part in parts)
        if "field" not in node:
            name, _, measured = str(next(node[f] for f in ("count", "sum", "min", "max", "avg") if f in node)).partition(".")
            rows = kind.relations[name]
            inside = self.asks_what_shows(rows.entity, node["where"], far=True) if "where" in node else True
            return inside and all(self.everywhere(rows.entity, key) for key in (rows.field, measured) if key)
        first, _, rest = str(node["field"]).partition(".")
        if first in kind.relations:
            rows = kind.relations[first]
            return self.everywhere(rows.entity, rows.field) and self.asks_what_shows(rows.entity, {**node, "field": rest}, far=True)
        if not (self.everywhere(entity, first) if far else self.whole(entity, (first,)) and self.steady(entity, first) and bool(self.of(entity, "read"))):
            return False
        spec = kind.fields[first]
        if spec.several and not self.everywhere(spec.target or "", None):
            return False
        return self.asks_what_shows(spec.target or "", {**node, "field": rest}, far=True) if rest else True

    def everywhere(self, entity: str, key: str | None) -> bool:
        """Whether the role sees every record of an entity, and the field on each."""
        kind = self.catalog.entities[entity]
        if kind.declared.read_by_all:
            return True
        if kind.parent is not None and not self.everywhere(kind.fields[kind.parent].target or "", None):
            return False
        rules = self.of(entity, "read")
        if any(r.get("effect") == "deny" and (not r.get("fields") or key in r["fields"]) for r in rules):
            return False
        wide = [r for r in rules if r.get("effect") != "deny" and r.get("scope") == "all" and not r.get("where")]
        sensitive = key is not None and self.catalog.entities[entity].fields[key].sensitivity == "sensitive"
        given = [r.get("fields", {"*": "edit"}) for r in wide]
        return any(key is None or f.get(key, "hidden" if sensitive else f.get("*", "hidden")) in ("read", "edit") for f in given)

    def shows(self, entity: str, number: int, key: str) -> Shown:
        """How the role shows a field of a record that it shows."""
        kind, row = self.catalog.entities[entity], self.rows[entity][number]
        spec = kind.fields[key]
        if not self.whole(entity, spec.made_of):
            return "hidden"
        if kind.declared.read_by_all and spec.sensitivity != "sensitive":
            return "shown"
        for r in self.of(entity, "read"):
            taken = (r.get("fields") or {}).get(key) if r.get("effect") == "deny" else None
            if taken is not None and self.admits(r, kind, row):
                return "hidden"
        modes = {self.mode(r, key, spec.sensitivity, row) for r in self.of(entity, "read") if r.get("effect") != "deny" and self.admits(r, kind, row)}
        return "shown" if modes & {"read", "edit"} else "masked" if "masked" in modes else "hidden"

    def never(self, entity: str, key: str, sensitivity: str) -> bool:
        """Whether no rule shows anything of the field, on whatever record."""
        if self.catalog.entities[entity].declared.read_by_all and sensitivity != "sensitive":
            return False
        if not self.whole(entity, self.catalog.entities[entity].fields[key].made_of):
            return True
        if any(r.get("effect") == "deny" and r.get("scope") == "all" and key in (r.get("fields") or {}) for r in self.of(entity, "read")):
            return True
        return self.modes(entity, key, sensitivity) <= {"hidden"}

    def gives(self, entity: str, key: str, spec: Field) -> bool:
        """Whether some rule lets the field of a new record be given, seen or not."""
        if spec.system:
            return False
        rules = [r for r in self.of(entity, "create") if r.get("effect") != "deny"]
        modes = (r.get("fields", {"*": "edit"}) for r in rules)
        found = (f.get(key, "hidden" if spec.sensitivity == "sensitive" else f.get("*", "hidden")) for f in modes)
        return any((m["mode"] if isinstance(m, dict) else m) == "edit" for m in found)

    def masked(self, entity: str, key: str, sensitivity: str) -> bool:
        """Whether the field shows nowhere but as a mask."""
        modes = self.modes(entity, key, sensitivity)
        return "masked" in modes and not modes & {"read", "edit"}

    def modes(self, entity: str, key: str, sensitivity: str) -> set[str]:
        """Every mode that some rule gives the field, conditions aside."""
        if self.catalog.entities[entity].declared.read_by_all and sensitivity != "sensitive":
            return {"read"}
        if not self.whole(entity, self.catalog.entities[entity].fields[key].made_of):
            return {"hidden"}
        allowing = [r.get("fields", {"*": "edit"}) for r in self.of(entity, "read") if r.get("effect") != "deny"]
        modes = (f.get(key, "hidden" if sensitivity == "sensitive" else f.get("*", "hidden")) for f in allowing)
        return {str(m["mode"]) if isinstance(m, dict) else str(m) for m in modes}

    def whole(self, entity: str, sources: tuple[str, ...]) -> bool:
        """Whether every rule shows all of `sources` on all of its records, and no denial takes one: only then does what is worked out of
        them show."""
        return all(self.all_of(entity, source) for source in sources)

    def all_of(self, entity: str, source: str) -> bool:
        """The same of one field, or of one of the rows of a relation: `lines.price`."""
        relation, _, key = source.rpartition(".")
        kind = self.catalog.entities[entity]
        if relation:
            kind = self.catalog.entities[kind.relations[relation].entity]
        rules = self.of(kind.key, "read")
        if any(r.get("effect") == "deny" and key in (r.get("fields") or {}) for r in rules) or (relation and not rules):
            return False
        given = [r.get("fields", {"*": "edit"}) for r in rules if r.get("effect") != "deny"]
        hidden = "hidden" if kind.fields[key].sensitivity == "sensitive" else None
        return all(f.get(key, hidden or f.get("*", "hidden")) in ("read", "edit") for f in given)

    def steady(self, entity: str, key: str) -> bool:
        """Whether no condition on values decides where the field shows: only then may its past be told."""
        return not any(r.get("where") or isinstance((r.get("fields") or {}).get(key), dict) for r in self.of(entity, "read"))

    def conditions(self, entity: str) -> frozenset[str]:
        """Fields on which some rule of the role depends."""
        found: set[str] = set()
        for r in self.rules:
            if r["entity"] == entity:
                for c in (r.get("where"), *(m.get("where") for m in (r.get("fields") or {}).values() if isinstance(m, dict))):
                    found |= {c["field"]} if c else set()
        return frozenset(found)

    def of(self, entity: str, action: str) -> list[dict[str, Any]]:
        return [r for r in self.rules if r["entity"] == entity and action in r["actions"]]

    def mode(self, r: dict[str, Any], key: str, sensitivity: str, row: Row) -> str:
        given = r.get("fields", {"*": "edit"})
        found = given.get(key, "hidden" if sensitivity == "sensitive" else given.get("*", "hidden"))
        if isinstance(found, dict):
            return str(found["mode"]) if self.holds(found["where"], row) else "hidden"
        return str(found)

    def admits(self, r: dict[str, Any], kind: Entity, row: Row) -> bool:
        if r.get("where") and not self.holds(r["where"], row):
            return False
        scope = r.get("scope") or ("where" if r.get("where") else "all")
        if kind.parent is not None and scope not in ("all", "where"):
            parent = self.catalog.entities[kind.fields[kind.parent].target or ""]
            return self.stands(scope, parent, self.rows[parent.key][row[kind.parent]])
        return scope in ("all", "where") or self.stands(scope, kind, row)

    def stands(self, scope: str, kind: Entity, row: Row) -> bool:
        match scope:
            case "own":
                return bool((row["id"] if kind.declared.own == "id" else row["owner"]) == self.me)
            case "department":
                return row["department"] is not None and row["department"] == self.department
            case "department_tree":
                return row["department"] in self.below
        raise ValueError(scope)

    def holds(self, condition: dict[str, Any], row: Row) -> bool:
        value, wanted, op = row[condition["field"]], condition["value"], condition["op"]
        if value is None:
            return False
        if op in ("eq", "contains"):
            return value == wanted if op == "eq" else str(wanted) in str(value)
        return bool(ORDER[op](Decimal(value), Decimal(str(wanted))))
