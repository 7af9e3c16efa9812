"""What the form of a new record begins with: declared defaults, what an area fills in, a line that it understands, the address, and the record
one comes from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import request

from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession

Asked = Mapping[str, str]
Fill = Callable[[UserSession, Asked], Mapping[str, Any]]
LONGEST = 500  # characters of a word of the address
CONDITION = 8000  # of one that is a condition
LINE = "say"  # the word of the address that holds a line to be understood
FROM = "from"  # the word that holds the page one came from, where the browser names another
RECORD = re.compile(r"/([a-z_]+)/([0-9]{1,10})/")
_fills: dict[str, Fill] = {}
_readers: dict[str, "Understand"] = {}


@dataclass(frozen=True)
class Note:
    """A sentence above the form, and records to choose instead: (text, what the address then says of a field)."""

    text: str
    choices: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Begun:
    """What a line was understood to say: values by field, the fields of which it had to say something, and what its writer should know."""

    values: Mapping[str, Any]
    decided: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


Understand = Callable[[UserSession, str], Begun]


def understands(entity: str) -> Callable[[Understand], Understand]:
    """Mark a function (session, a line) → what the line says of a new record of `entity`. Its form then takes such a line."""

    def keep(function: Understand) -> Understand:
        _readers[entity] = function
        return function

    return keep


def takes_a_line(entity: Entity) -> bool:
    """Whether a new record of the entity may be told in one line."""
    return entity.key in _readers


def understood(session: UserSession, entity: Entity, words: Asked) -> Begun:
    """What the line in the address says; nothing without one."""
    line = words.get(LINE, "").strip()
    return _readers[entity.key](session, line) if line and entity.key in _readers else Begun({})


def came_from() -> str:
    """The path of the page one came from, as the address names it or the browser does."""
    return str(request.args.get(FROM) or urlsplit(request.referrer or "").path)[:LONGEST]


def begins_with(entity: str) -> Callable[[Fill], Fill]:
    """Mark a function (session, what the address asks for) → values that a new record of `entity` begins with."""

    def keep(function: Fill) -> Fill:
        _fills[entity] = function
        return function

    return keep


def asked(entity: Entity) -> dict[str, str]:
    """The words of the address, and the record whose page one comes from in a field of its name: an interaction begun on a company's
    page is with that company."""
    words = {k: v for k, v in request.args.items() if len(v) <= (CONDITION if k in entity.fields and not entity.fields[k].in_cells else LONGEST)}
    page = RECORD.match(came_from()) if request.method == "GET" else None
    spec = entity.fields.get(page[1]) if page else None
    if page and spec is not None and spec.target == page[1] and not spec.several and not any(k in entity.fields for k in _references(entity, words)):
        words[page[1]] = page[2]
    return words


def _references(entity: Entity, words: Mapping[str, str]) -> list[str]:
    return [k for k in words if k in entity.fields and entity.fields[k].target]


def values(session: UserSession, entity: Entity, words: Asked) -> dict[str, Any]:
    """Declared defaults, the writer as owner, the company's currency, the first of required rows, and what the area fills in."""
    found: dict[str, Any] = {k: f.default for k, f in entity.fields.items() if f.default is not None and not f.system}
    if "owner" in entity.fields and entity.key != "user" and session.actor_id is not None:
        found["owner"] = session.actor_id
    if "currency" in entity.fields:
        found["currency"] = session.catalog.company.currency
    for key, spec in entity.fields.items():
        rows = session.catalog.configured.get(spec.target or "", {})
        if spec.required and rows and not spec.system:
            belongs = next((found.get(k) for k, f in entity.fields.items() if f.target == _parent_of(session, spec.target)), None)
            fitting = [r for r in rows.values() if not r.retired and belongs in (None, r.parent_id) and r.values.get("entity") in (None, entity.key)]
            first = min(fitting, key=lambda r: (r.position, r.id), default=None)
            found[key] = first.id if first else None
    return found | dict(_fills[entity.key](session, words) if entity.key in _fills else {})


def _parent_of(session: UserSession, target: str | None) -> str:
    """The configuration entity that rows of `target` belong to: of stages it is the pipeline."""
    fields = session.catalog.entity(target or "").fields.values()
    return next((f.target or "" for f in fields if f.target in session.catalog.configured and f.required and not f.system), "")
