"""The other database: everything that a role hides is changed in it, and nothing else; what each mask shows stays."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.backoffice.journal import JournalRow
from crm.organization.models import User
from tests.factories.codes import bank_account, firm_code
from tests.leaks import links
from tests.leaks.chance import FOUNDED
from tests.leaks.oracle import Oracle
from tests.leaks.roles import rules
from tests.leaks.world import email

# Whose a record is decides what is seen of it; codes and e-mails are unique across the company, whoever sees them.
KEPT = frozenset({"id", "owner", "department", "territory", "deleted_at", "row_version"})
BELOW = ("deal_line", "stage_history", "deal_member", "deal_duty", "deal_competitor", "deal_outlook")  # rows of a deal, which go with it


@dataclass
class Secrets:
    """What differs between two databases for one role: (entity, id, field), records that only one of them has, journal rows."""

    oracle: Oracle
    fields: set[tuple[str, int, str]] = field(default_factory=set)
    unseen: set[tuple[str, int]] = field(default_factory=set)  # records outside the scope
    gone: set[tuple[str, int]] = field(default_factory=set)
    past: int = 0

    @cached_property
    def numbers(self) -> dict[tuple[str, str], list[int]]:
        """(entity, field) → the records of which it differs."""
        found: dict[tuple[str, str], list[int]] = {}
        for entity, number, key in sorted(self.fields):
            found.setdefault((entity, key), []).append(number)
        return found

    @cached_property
    def records(self) -> dict[str, set[int]]:
        """Entity → the records that keep something, seen or not."""
        return {entity: {n for e, n, _ in self.fields if e == entity} for entity in {e for e, _, _ in self.fields}}

    def where(self, entity: str, key: str) -> list[int]:
        return self.numbers.get((entity, key), [])

    def secret_fields(self, entity: str) -> set[str]:
        """Fields of which some shown record keeps something from the role."""
        return {key for e, number, key in self.fields if e == entity and (e, number) not in self.unseen}


def look(engine: Engine, catalog: Catalog, role: str) -> Oracle:
    """The role's person over all rows as they are stored."""
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    with engine.connect() as connection:
        for kind in catalog.entities.values():
            table = kind.table
            columns = [table.c.id, *(table.c[f.attribute].label(f"f_{k}") for k, f in kind.in_columns())]
            stored = connection.execute(select(*columns)).mappings()
            rows[kind.key] = {r["id"]: {"id": r["id"], **{k: r[f"f_{k}"] for k, _ in kind.in_columns()}} for r in stored}
        me, department = connection.execute(select(User.id, User.department_id).where(User.email == email(role))).one()
    for key, sets in links.look(engine, catalog).items():
        for number, held in sets.items():
            rows[key][number] |= held
    tree = {department}
    for _ in rows["department"]:
        tree |= {n for n, r in rows["department"].items() if r["parent"] in tree}
    return Oracle(catalog, rules()[role], rows, me, department, frozenset(tree))


def keep_from(left: Engine, right: Engine, catalog: Catalog, role: str, seed: int) -> Secrets:
    """Make the two databases differ in what `role` hides. They are the same before."""
    rng = Random(f"{seed}:{role}")
    found = Secrets(look(left, catalog, role))
    with right.execution_options(writer=True).begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for kind in catalog.entities.values():
            if not kind.declared.read_by_all:
                _change(connection, kind, found, rng)
        _forget(connection, catalog, found, rng)
    with left.execution_options(writer=True).begin() as here, right.execution_options(writer=True).begin() as there:
        unseen = _loose(found)
        rng.shuffle(unseen)
        # Some records are only here, some only there; the newest stay, so that the next number is the same.
        for place, number in enumerate(unseen[:6]):
            found.gone.add(("deal", number))
            found.gone |= {(child, n) for child in BELOW for n, row in found.oracle.rows[child].items() if row["deal"] == number}
            _drop(there if place % 2 else here, catalog, number, max(found.oracle.rows["deal"]))
        # Whom a condition over hidden fields chose differs with them.
        members = catalog.entities["segment_member"].table
        for place, number in enumerate(sorted(n for e, n in found.unseen if e == "segment_member" and not _may_come_back(found, n))):
            if rng.random() < 0.5:
                found.gone.add(("segment_member", number))
                (there if place % 2 else here).execute(delete(members).where(members.c.id == number))
    return found


def _change(connection: Connection, kind: Entity, found: Secrets, rng: Random) -> None:
    oracle, table = found.oracle, kind.table
    # Trees of departments and territories say which records are whose.
    kept = KEPT | oracle.conditions(kind.key) | {kind.parent} | ({"parent"} if kind.key in ("department", "territory") else set())
    kept |= set(kind.declared.seen_with) | ({"current"} if kind.key == "segment_member" else set())
    kept |= {"second_factor", "emergency_hours"} if kind.key == "role" else set()  # what a role demands of its holders they know
    moves = any(r.get("effect") != "deny" for r in oracle.of("deal", "update"))
    for number, row in oracle.rows[kind.key].items():
        if (kind.key == "user" and number == oracle.me) or (kind.key == "membership" and row["user"] == oracle.me):
            continue
        shown = oracle.visible(kind.key, number)
        if not shown:
            found.unseen.add((kind.key, number))
        written: dict[str, Any] = {}
        holds = moves and kind.key == "deal_duty" and oracle.visible("deal", row["deal"])
        for key, spec in kind.fields.items():
            how = oracle.shows(kind.key, number, key) if shown else "hidden"
            if (kind.key, key) == ("role", "emergency"):
                continue  # what a role leads to its holders are offered
            if isinstance(spec, ManyToManyField):
                held = links.other(spec, row[key], how, oracle, rng)
                if held != row[key]:
                    found.fields.add((kind.key, number, key))
                    links.store(connection, kind, spec, number, held)
                continue
            if how == "shown" or key in kept or spec.unique or (kind.key == "user" and key == "active"):
                continue
            if holds and (key == "required" or (row["required"] and key in ("stage", "done_at"))):
                continue  # what has to be done keeps a deal in its stage, and whoever moves it learns that there is such a duty, on purpose
            value = _masked_alike(spec, row[key], rng) if how == "masked" else _other(spec, row[key], oracle, rng)
            if (kind.key, key) == ("segment_member", "since") and value is not None:
                value = min(value, FOUNDED)  # nobody has come into a segment in days ahead: the product stores no such moment
            if value != row[key]:
                found.fields.add((kind.key, number, key))
                written |= spec.stored(value)
        if written:
            connection.execute(update(table).where(table.c.id == number).values(written))


def _other(spec: Field, value: Any, oracle: Oracle, rng: Random) -> Any:
    """Another value of the field's own kind; sometimes none where none is allowed."""
    if not spec.required and value is not None and rng.random() < 0.15:
        return None
    if spec.picklist:
        options = [o.id for o in oracle.catalog.picklists[spec.picklist].options]
        return tuple(sorted(rng.sample(options, min(2, len(options))))) if spec.multiple else rng.choice(options)
    if spec.target:
        return rng.choice(list(oracle.rows[spec.target]))
    match spec.type:
        case "boolean":
            return not value
        case "integer" | "duration":
            return (value or 0) + rng.randint(1, 500)
        case "money" | "decimal":
            return (value or Decimal(0)) + Decimal(rng.randint(1, 90_000)) / 100
        case "percent":
            return Decimal(rng.randint(0, 100)) / 100
        case "date":
            return (value or date(2020, 1, 1)) + timedelta(days=rng.randint(-300, 300))
        case "moment":
            return (value or datetime.fromisoformat("2026-01-01T00:00:00+00:00")) + timedelta(hours=rng.randint(-999, 999))
        case "condition":
            return json.dumps({"field": "city", "op": "eq", "value": f"Місто {rng.randint(1, 99)}"}, ensure_ascii=False, separators=(",", ":"))
        case "currency":
            return rng.choice(("UAH", "EUR", "USD", "PLN"))
        case "country":
            return rng.choice(("UA", "PL", "DE"))
        case "phone":
            return f"+38050{rng.randint(1000000, 9999999)}"
        case "email":
            return f"z{rng.randint(1, 99999)}@other.example"
        case "rich_text":
            return f"<p>інше <b>{rng.randint(1, 99999)}</b></p>"
        case "tax_code":
            return firm_code(rng.randrange(10**7))
        case "iban":
            return bank_account(rng.randrange(10**9))
        case "url":
            return f"https://other{rng.randint(1, 99999)}.example/"
    # Now and then it begins and ends elsewhere in the alphabet, and is of another length.
    return "".join(rng.choice("абвгґдезиіїйклмнопрстуфхчшю ") for _ in range(rng.randint(3, 24))).strip()[: spec.max_length or 200] or "інше"


def _masked_alike(spec: Field, value: Any, rng: Random) -> Any:
    """Another value of which the mask shows the same."""
    if value is None:
        return None
    match spec.type:
        case "phone":
            return f"+38050{rng.randint(10000, 99999)}{value[-2:]}" if len(value) >= 6 else value
        case "email":
            return f"{value[0]}{rng.randint(1, 99999)}@else.{value.rpartition('.')[2]}"
        case "tax_code":
            return firm_code(rng.randrange(10**7))
        case "rich_text":
            return f"<p>інше {rng.randint(1, 99999)}</p>"
        case "text" | "long_text":
            return value[0] + "".join(rng.choice("абвгдежз") for _ in range(rng.randint(2, 12)))
        case "integer" | "duration":
            return value + rng.randint(1, 99)
        case "money" | "decimal":
            return value + Decimal(rng.randint(1, 9999)) / 100
        case "date":
            return value + timedelta(days=rng.randint(1, 99))
    return value


def _forget(connection: Connection, catalog: Catalog, found: Secrets, rng: Random) -> None:
    """The past of what is hidden: values in the journal, also of fields that show by a condition and may have been hidden then."""
    oracle, table = found.oracle, JournalRow.__table__
    for row in connection.execute(select(table.c.id, table.c.entity, table.c.record_id, table.c.changes).where(table.c.version.is_not(None))).all():
        if row.record_id not in oracle.rows.get(row.entity, {}):
            continue
        kind = catalog.entities[row.entity]
        shown = oracle.visible(row.entity, row.record_id)
        changes = json.loads(json.dumps(row.changes))
        for key in changes:
            spec = kind.fields.get(key)
            if isinstance(spec, ManyToManyField):
                how = oracle.shows(row.entity, row.record_id, key) if shown and oracle.steady(row.entity, key) else "hidden"
                changes[key] = [spec.journal(links.other(spec, side, "hidden" if how == "masked" else how, oracle, rng)) for side in changes[key]]
                found.past += 1
                continue
            if spec is None or key in ("deleted_at",) or (shown and oracle.shows(row.entity, row.record_id, key) == "shown" and oracle.steady(row.entity, key)):
                continue
            changes[key] = [spec.journal(_other(spec, oracle.rows[row.entity][row.record_id][key], oracle, rng)) for _ in range(2)]
            found.past += 1
        connection.execute(update(table).where(table.c.id == row.id).values(changes=changes))


def _loose(found: Secrets) -> list[int]:
    """Deals outside the scope with nothing below that is seen, of which no interaction, quote or action of a competitor speaks; not the newest."""
    newest, talked_of = max(found.oracle.rows["deal"]), {
        r["deal"] for entity in ("interaction", "quote", "competitor_action") for r in found.oracle.rows[entity].values()
    }
    return sorted(n for e, n in found.unseen if e == "deal" and n != newest and n not in talked_of and not any(
        r["deal"] == n and number == max(found.oracle.rows[child]) for child in BELOW for number, r in found.oracle.rows[child].items()
    ))


def _may_come_back(found: Secrets, number: int) -> bool:
    """Whether a member is unseen because what it belongs to is in the recycle bin."""
    row, rows = found.oracle.rows["segment_member"][number], found.oracle.rows
    return any(row[key] is not None and rows[key][row[key]]["deleted_at"] is not None for key in ("segment", "account", "contact"))


def _drop(connection: Connection, catalog: Catalog, number: int, newest: int) -> None:
    """Remove a deal with its rows for good; a quote that has come to be of it is of the `newest` then."""
    for child in BELOW:
        table = catalog.entities[child].table
        connection.execute(delete(table).where(table.c.deal_id == number))
    # Only what hides its deal from the person can have come to speak of this one.
    for entity, instead in (("interaction", None), ("competitor_action", None), ("quote", newest)):
        table = catalog.entities[entity].table
        connection.execute(update(table).where(table.c.deal_id == number).values(deal_id=instead))
    deal = catalog.entities["deal"].table
    connection.execute(delete(deal).where(deal.c.id == number))


def check_masks(left: Engine, right: Engine, found: Secrets, reader: Reader) -> None:
    """Raises AssertionError when a masked value was changed in what its mask shows: the test would be wrong, not the product."""
    for entity, number, key in found.fields:
        if (entity, number) in found.unseen or found.oracle.catalog.entities[entity].fields[key].several or found.oracle.shows(entity, number, key) != "masked":
            continue
        kind = found.oracle.catalog.entities[entity]
        table = kind.table
        query = select(kind.fields[key].mask(table.c[kind.fields[key].attribute])).where(table.c.id == number)
        with left.connect() as a, right.connect() as b:
            assert a.execute(query).scalar() == b.execute(query).scalar(), (entity, number, key)
