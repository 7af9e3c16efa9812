"""What the filter builder offers: fields, relations one step further, operators and values; and the chips of the filter in force."""

import json
from dataclasses import dataclass
from typing import Any

from crm.admin_views.kit.sentence import PERIODS, Phrase, names_in, operator_word, phrases
from crm.backoffice.conditions.tree import MAX_HOPS, All, parse
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.fields.text import TextField
from crm.backoffice.guard import UserSession
from crm.errors import UnknownName
from crm.messages import Label, m, mn, render

# The order in which operators are offered.
OFFERED = ("eq", "ne", "in", "not_in", "contains", "starts", "within", "lt", "le", "gt", "ge", "between", "empty", "not_empty")


@dataclass(frozen=True)
class Chip:
    """One part of the filter: its words, its JSON, and the condition that is left when it is dropped (None: none)."""

    phrase: Phrase
    node: str
    rest: str | None


def as_json(raw: Any) -> str:
    """A condition as it stands in an address."""
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def chips(session: UserSession, entity: Entity, where: str) -> tuple[list[Chip], dict[str, dict[str, str]]]:
    """The filter `where` of an address (already found to be sound) as chips, one a top-level part; and the names of the records in
    it, by entity and by how the condition writes them, for the builder."""
    if not where:
        return [], {}
    raw = json.loads(where)
    parts = raw.get("all", [raw])
    nodes = [parse(part, session.sight.saved) for part in parts]
    names = names_in(session, entity, All(tuple(nodes)))
    made = []
    for n, phrase in enumerate(phrases(session, entity, nodes, names)):
        rest = parts[:n] + parts[n + 1 :]
        left = None if not rest else rest[0] if len(rest) == 1 else {"all": rest}
        made.append(Chip(phrase, as_json(parts[n]), as_json(left) if left is not None else None))
    by_entity: dict[str, dict[str, str]] = {}
    for (target, value), name in names.items():
        by_entity.setdefault(target, {})[str(value)] = name
    return made, by_entity


def destination(session: UserSession, entity: Entity, path: tuple[str, ...]) -> Entity:
    """The entity that `path` leads to from `entity` over filterable references and relations. Raises UnknownName."""
    here = entity
    for name in path:
        spec = here.fields.get(name)
        relation = here.relations.get(name)
        if spec is not None and spec.target and name in session.sight.filterable(here.key):
            target = spec.target
        elif relation is not None and relation.field in session.sight.filterable(relation.entity):
            target = relation.entity
        else:
            raise UnknownName(name)
        if not session.sight.may(target, "read"):
            raise UnknownName(name)
        here = session.catalog.entity(target)
    return here


def describe(session: UserSession, entity: Entity, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Everything the builder needs at the end of `path`: `fields` that may be compared and `steps` that lead further."""
    here = destination(session, entity, path)
    reader = session.reader
    filterable = session.sight.filterable(here.key)
    fields = [_field(here.fields[key], reader) for key in filterable if key in here.fields]
    return {
        "entity": here.key, "label": here.label.text(reader.language), "path": list(path),
        "fields": sorted((f for f in fields if f["ops"]), key=lambda f: f["system"]),
        "steps": _steps(session, here) if len(path) < MAX_HOPS - 1 else [],
        "saved": saved_conditions(session, here) if not path else [],
    }


def saved_conditions(session: UserSession, entity: Entity) -> list[dict[str, str]]:
    """The saved conditions over an entity that this reader may ask: `key`, `label`, `note`."""
    language, found = session.reader.language, []
    for one in session.catalog.saved.every.values():
        if one.entity == entity.key:
            try:
                session.sight.saved(one.key)
            except UnknownName:
                continue
            found.append({"key": one.key, "label": one.label.text(language), "note": one.note.text(language) if one.note else ""})
    return sorted(found, key=lambda one: one["label"])


def _steps(session: UserSession, entity: Entity) -> list[dict[str, str]]:
    language = session.reader.language
    catalog, sight = session.catalog, session.sight
    found = []
    for key in sight.filterable(entity.key):
        spec = entity.fields.get(key)
        if spec is not None and spec.target and not spec.system and spec.target not in catalog.configured and sight.may(spec.target, "read"):
            found.append({"key": key, "label": spec.label.text(language), "kind": "reference"})
    for relation in entity.relations.values():
        if sight.may(relation.entity, "read") and relation.field in sight.filterable(relation.entity):
            found.append({"key": relation.key, "label": relation.label.text(language), "kind": "relation"})
    return found


def _field(spec: Field, reader: Reader) -> dict[str, Any]:
    described: dict[str, Any] = {
        "key": spec.key, "label": spec.label.text(reader.language), "type": spec.type, "system": spec.system,
        "ops": [[op, render(operator_word(spec, op, alone=True), reader.language)] for op in OFFERED if op in spec.operators],
    }
    options = choices(spec, reader)
    if options is not None:
        described["options"] = options
        if not spec.multiple:
            described["ops"] = [pair for pair in described["ops"] if pair[0] not in ("contains", "starts")]
    elif spec.target:
        described["lookup"] = f"/{spec.target}/lookup"
        described["target"] = spec.target
    return described


def choices(spec: Field, reader: Reader) -> list[tuple[str | int, str]] | None:
    """The values a field can take when they are few and known without a query: (value in JSON, text); None when they are not."""
    catalog = reader.catalog
    language = reader.language
    if spec.type == "boolean":
        return [("true", render(m("yes"), language)), ("false", render(m("no"), language))]
    if isinstance(spec, TextField) and spec.words:
        return [(key, label.text(language)) for key, label in spec.words]
    if catalog is None:
        return None
    if spec.picklist:
        options = catalog.picklists[spec.picklist].options if spec.picklist in catalog.picklists else ()
        return [(o.key, _retired(o.label, o.retired, language)) for o in sorted(options, key=lambda o: o.retired)]
    if spec.target in catalog.configured:
        rows = catalog.configured[spec.target or ""]
        parents = {c.parent_id for c in rows.values()} - {None}
        pipelines = catalog.configured.get("pipeline", {})
        several = len(parents) > 1
        found: list[tuple[str | int, str]] = []
        for row in sorted(rows.values(), key=lambda row: row.retired):
            parent = pipelines.get(row.parent_id) if several and row.parent_id else None
            text = _retired(row.label, row.retired, language)
            found.append((row.code, f"{parent.label.text(language)}: {text}" if parent else text))
        return found
    return None


def _retired(label: Label, retired: bool, language: str) -> str:
    """What is no longer used is still looked for: old records hold it."""
    return render(m("%(option)s (no longer used)", option=label), language) if retired else label.text(language)


def periods(reader: Reader) -> list[tuple[str, str]]:
    """Relative periods on offer: (value, words); `N` stands where the reader puts a number."""
    fixed = [(key, render(words, reader.language)) for key, words in PERIODS.items()]
    moving = [(f"last_{n}_days", render(mn("the last %(num)s day", "the last %(num)s days", n), reader.language)) for n in (7, 30, 90)]
    coming = [(f"next_{n}_days", render(mn("the next %(num)s day", "the next %(num)s days", n), reader.language)) for n in (7, 30, 90)]
    ago = [(n, mn("more than %(num)s working day ago", "more than %(num)s working days ago", n)) for n in (5, 20)]
    long = [(f"over_{n}_working_days", render(words, reader.language)) for n, words in ago]
    return fixed + moving + coming + long
