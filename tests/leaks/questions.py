"""What is asked of both sides, and the register of who asks it: a probe a rule of the address map, a command, a letter, a statement."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from tests.leaks import oracle
from tests.leaks.difference import Secrets
from tests.leaks.oracle import Oracle
from tests.leaks.sides import Answer, Side

MOVED_BY = {("deal", "probability"): ("stage", "pipeline"), ("interaction", "actual_minutes"): ("state", "medium", "held_at", "planned_start")}

MISSING = oracle.MISSING


@dataclass(frozen=True)
class Question:
    """One question. `endpoint` is what it probes, `names` are the fields it tries, `expect` the statuses that a right answer may have.

    `like` asks the same of something that does not exist: the answer must be the same when `swap` (that name, this name) is applied.
    """

    endpoint: str
    entity: str
    say: str
    ask: Callable[[Side], Answer]
    names: tuple[str, ...] = ()
    writes: bool = False
    expect: tuple[int, ...] = ()
    like: "Question | None" = None
    swap: tuple[str, str] = ("", "")
    afresh: bool = False  # `like` is asked by another chance: what was written has a random key
    method: str = ""
    path: str = ""
    number: int = 0  # in the row of all that are made for a role: the same from the same seed

    def expecting(self, *statuses: int) -> "Question":
        return replace(self, expect=statuses)

    def just_as(self, other: "Question", unknown: str = "", known: str = "", *, afresh: bool = False) -> "Question":
        return replace(self, like=other, swap=(unknown, known), afresh=afresh)


@dataclass(eq=False)
class View:
    """What a probe knows of the role for which it asks. Its facts do not change while it asks, so each is found out once."""

    role: str
    me: int
    catalog: Catalog
    reader: Reader
    oracle: Oracle
    secrets: Secrets
    rng: Random
    batches: list[str] = field(default_factory=list)  # of what others have written
    imports: list[str] = field(default_factory=list)  # batches of imports by others
    uploads: dict[str, str] = field(default_factory=dict)  # entity → a file that somebody else has brought

    def entities(self) -> Iterator[Entity]:
        yield from self.catalog.entities.values()

    @cache
    def reads(self, entity: str) -> bool:
        """Whether the role has a rule that shows some record."""
        return self.catalog.entities[entity].declared.read_by_all or any(
            r.get("effect") != "deny" for r in self.oracle.of(entity, "read"))

    def tells_unread(self, kind: Entity) -> bool:
        """Whether the reader is told what of these records others have changed: not where everybody reads them, nor where the change is hidden."""
        return kind.is_record and not kind.declared.read_by_all and not {"updated_at", "updated_by"} & set(self.shut(kind.key))

    @cache
    def may(self, entity: str, action: str) -> bool:
        if self.catalog.entities[entity].declared.read_by_all and action in ("read", "export"):
            return True
        return any(r.get("effect") != "deny" for r in self.oracle.of(entity, action))

    def right(self, question: Question) -> tuple[int, ...]:
        """The statuses that a right answer may have, none for any: of what an administrator has made nobody is told who may not read it, and who
        may configure everything is refused no screen of it."""
        if question.endpoint.startswith("/configuration/") and any("configure" in r["actions"] for r in self.oracle.of("*", "configure")):
            return ()
        kind = self.catalog.entities.get(question.entity)
        if kind is not None and kind.custom and not self.reads(kind.key) and question.endpoint.startswith("/<entity>/"):
            return tuple(404 if status == 403 else status for status in question.expect)
        return question.expect

    @cache
    def hidden(self, entity: str) -> list[str]:
        """Fields of which no rule shows anything, on any record."""
        kind = self.catalog.entities[entity]
        return [k for k, f in kind.fields.items() if self.oracle.never(entity, k, f.sensitivity)] if self.reads(entity) else list(kind.fields)

    @cache
    def shut(self, entity: str) -> list[str]:
        """Fields that the role may not filter, sort, group or match by: hidden ones, and those of which only a mask shows."""
        kind = self.catalog.entities[entity]
        return [*self.hidden(entity), *(k for k, f in kind.fields.items() if self.reads(entity) and self.oracle.masked(entity, k, f.sensitivity))]

    @cache
    def decisive(self, entity: str) -> set[str]:
        """Fields whose values decide what the role sees. Who may write one may show himself more by it, on purpose of who made the role;
        so nothing writes them here, nor what rules derive them from."""
        found = set(self.oracle.conditions(entity))
        return found | {k for (e, moved), by in MOVED_BY.items() if e == entity and moved in found for k in by}

    @cache
    def secret(self, entity: str) -> list[str]:
        """Fields of which something is kept from the role: hidden, masked, or shown on some records only."""
        kept = set(self.shut(entity)) | self.secrets.secret_fields(entity)
        return [k for k in self.catalog.entities[entity].fields if k in kept]

    def shown(self, entity: str) -> list[str]:
        return [k for k in self.catalog.entities[entity].fields if k not in set(self.secret(entity))]

    def seen(self, entity: str, most: int = 6) -> list[int]:
        """Some records that the role sees, first those that keep something."""
        rows = list(self.visible(entity))
        telling = self.secrets.records.get(entity, set())
        self.rng.shuffle(rows)
        return sorted(rows, key=lambda n: n not in telling)[:most]

    @cache
    def visible(self, entity: str) -> tuple[int, ...]:
        """Every record that the role sees."""
        rows = self.oracle.rows[entity]
        return tuple(n for n in rows if rows[n].get("deleted_at") is None and self.oracle.visible(entity, n))

    def others(self, entity: str, most: int = 6) -> list[int]:
        """Some records that the role sees but those which make the person what he is: he shall have the same rights at the end."""
        rows = self.oracle.rows[entity]
        own = {"user": {self.me}, "membership": {n for n, r in rows.items() if r.get("user") == self.me}, "role": {
            n for n, r in rows.items() if r.get("code") == self.role}}.get(entity, set())
        return [n for n in self.seen(entity, len(rows)) if n not in own][:most]

    def unseen(self, entity: str, most: int = 3, gone: int = 2) -> list[int]:
        """Some records outside the scope, and `gone` of those that only one side has."""
        alone, rows = self.outside(entity)
        return [*self.rng.sample(alone, min(gone, len(alone))), *self.rng.sample(rows, min(most, len(rows)))]

    @cache
    def outside(self, entity: str) -> tuple[list[int], list[int]]:
        """Records outside the scope: those that only one side has, and the others."""
        alone = sorted(n for e, n in self.secrets.gone if e == entity)
        return alone, sorted(n for e, n in self.secrets.unseen if e == entity and n not in alone)

    def removed(self, entity: str, most: int = 2) -> list[int]:
        rows = sorted(n for n, r in self.oracle.rows[entity].items() if r.get("deleted_at") is not None)
        return self.rng.sample(rows, min(most, len(rows)))

    def value(self, entity: str, key: str) -> Any:
        """A value that stands in the field on the left side, first on a record where it is kept from the role."""
        held = self.held(entity, key)
        return self.rng.choice(held) if held else None

    @cache
    def held(self, entity: str, key: str) -> list[Any]:
        """What stands in the field: of the records where it is kept from the role, of all when it is kept nowhere."""
        kept, rows = self.secrets.where(entity, key), self.oracle.rows[entity]
        return [rows[n][key] for n in (kept or rows) if rows[n][key] is not None]

    def spec(self, entity: str, key: str) -> Field:
        return self.catalog.entities[entity].fields[key]

    def unknown(self, entity: str, key: str) -> str:
        """A name that is none, as long as `key`."""
        middle = key[1:-1][::-1].replace("_", "z")
        return f"q{middle}x"  # no text of a page holds it


Maker = Callable[..., Iterator[Question]]
PROBES: dict[str, list[Maker]] = {}


def probe(*endpoints: str) -> Callable[[Maker], Maker]:
    """Registers who asks: `/<entity>/count` is the rule of every entity, `flask data export` a command."""

    def register(maker: Maker) -> Maker:
        for endpoint in endpoints:
            PROBES.setdefault(endpoint, []).append(maker)
        return maker

    return register


def generic(rule: str, entities: Mapping[str, Any]) -> str:
    """`/account/<int(min=1):record_id>/edit/` → `/<entity>/<record_id>/edit/`."""
    bare = re.sub(r"<[^<>:]+:([^<>]+)>", r"<\1>", rule)
    first, slash, rest = bare.removeprefix("/").partition("/")
    return f"/<entity>{slash}{rest}" if first in entities or first == "<made>" else bare


def rules(app: Flask, catalog: Catalog) -> set[tuple[str, str]]:
    """Every (generic rule, method) that the application answers."""
    return {
        (generic(str(rule), catalog.entities), method)
        for rule in app.url_map.iter_rules() for method in rule.methods or () if method not in ("HEAD", "OPTIONS")
    }


def get(endpoint: str, entity: str, path: str, /, *names: str, heads: Mapping[str, str] | None = None, **args: Any) -> Question:
    """A page. `args` are the words of its address."""
    query = urlencode({k: _word(v) for k, v in args.items() if v is not None})
    address = path + (f"?{query}" if query else "")
    return Question(endpoint, entity, f"GET {address}", lambda side: side.send("GET", address, headers=heads), names, method="GET", path=address)


def post(
    endpoint: str, entity: str, path: str, /, *names: str, form: Any = None, body: Any = None, heads: Mapping[str, str] | None = None, **args: Any
) -> Question:
    """A form, or with `body` JSON."""
    query = urlencode({k: _word(v) for k, v in args.items() if v is not None})
    address = path + (f"?{query}" if query else "")

    def ask(side: Side) -> Answer:
        if body is not None:
            return side.send("POST", address, json=body, headers=heads)
        return side.send("POST", address, data=form or {}, headers=heads)

    return Question(endpoint, entity, f"POST {address} {body if body is not None else form}", ask, names, writes=True, method="POST", path=address)


def command(endpoint: str, entity: str, *words: str, names: tuple[str, ...] = (), stdin: str = "") -> Question:
    """A command line."""
    return Question(endpoint, entity, " ".join(("flask", *words)), lambda side: side.command(*words, stdin=stdin), names)


def _word(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict | list) else str(value)
