"""What is exported and imported again changes nothing, whatever the entity and the format; a new company filled from the files is equal."""

import json
from pathlib import Path
from typing import Any

import pytest

from crm.backoffice import lists
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.export import FORMATS
from crm.backoffice.fields.base import Field
from crm.sales.judgements.models import STATED
from tests.contracts.world import DESCRIBED, ENTITIES, World
from tests.factories.anything import Anything

# Fields that rules ask for, or that are never rewritten.
DEMANDED = {
    "interaction": ("account", "state", "medium", "direction", "planned_start", "held_at", "actual_minutes"), "forecast_judgement": STATED,
}


@pytest.fixture(scope="module")
def full(world: World) -> World:
    """Two records of each entity, one with all that it may hold."""
    with world.system() as session:
        anything = Anything(session)
        for entity in ENTITIES:
            anything.one(entity, 0)
            anything.bare(entity)
            session.commit()
            session.catalog = session.sight.catalog = world.catalog  # a new pipeline is known from here on
    return world


def command(world: World, *arguments: str) -> Any:
    assert world.catalog, "a process of its own begins with the configuration in force"
    done = world.app.test_cli_runner().invoke(args=["data", *arguments])
    assert done.exit_code == 0, (arguments, done.stderr, done.stdout[-500:])
    return done


def exported(world: World, entity: str, form: str, *more: str) -> Path:
    path = world.folder / f"{entity}.{form}"
    path.write_bytes(command(world, "export", entity, "--format", form, *more).stdout_bytes)
    return path


def contents(world: World, kind: Entity) -> dict[Any, dict[str, Any]]:
    """Every record by code, references by code; child rows by their number."""
    with world.system(write=False) as session:
        query = lists.ListQuery(kind.key, tuple(kind.fields), sort=(("id", False),))
        rows = list(lists.stream(session, query, refs="code"))
    return {row.values.get("code") or row.id: dict(row.values) for row in rows}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", [DESCRIBED.entity(key) for key in ENTITIES], ids=ENTITIES)
def test_a_second_import_says_unchanged_for_every_row(full: World, kind: Entity, form: str) -> None:
    before = contents(full, kind)
    assert len(before) >= 2
    path = exported(full, kind.key, form)
    said = json.loads(command(full, "import", kind.key, str(path)).stdout)
    assert said | {"batch": None} == {
        "entity": kind.key, "batch": None, "rows": len(before), "created": 0, "updated": 0, "unchanged": len(before), "skipped": 0, "failed": 0,
        "related": {}, "error_file": None,
    }
    assert contents(full, kind) == before


def test_a_new_company_filled_from_the_files_is_equal(full: World, new_world: World) -> None:
    """References go in circles through entities, so the files come twice: what must be there first, then everything."""
    kinds = {key: full.catalog.entity(key) for key in ENTITIES}
    records, rows = [k for k in kinds.values() if k.is_record], [k for k in kinds.values() if not k.is_record]
    ready: list[Entity] = []
    while len(ready) < len(records):
        done = {k.key for k in ready}
        ready.append(next(k for k in records if k.key not in done and {f.target for f in needed(k) if f.target} <= done))
    for kind in ready:
        command(new_world, "import", kind.key, str(exported(full, kind.key, "jsonl", "--fields", ",".join(f.key for f in needed(kind)))))
    for kind in ready:
        command(new_world, "import", kind.key, str(exported(full, kind.key, "jsonl")))
    for kind in rows:
        fields = [f.key for f in kind.editable()]
        command(new_world, "import", kind.key, str(exported(full, kind.key, "jsonl", "--fields", ",".join(fields))))
    for kind in kinds.values():
        assert told(contents(new_world, kind), kind) == told(contents(full, kind), kind), kind.key
    for kind in ready:
        again = json.loads(command(new_world, "import", kind.key, str(exported(full, kind.key, "jsonl"))).stdout)
        assert again["unchanged"] == again["rows"], kind.key


def needed(kind: Entity) -> list[Field]:
    """What a record must have from the first: by its description, and by rules."""
    return [f for f in kind.editable() if f.required or f.key in DEMANDED.get(kind.key, ())]


def told(found: dict[Any, dict[str, Any]], kind: Entity) -> list[dict[str, Any]]:
    """What people and files give a record, apart from numbers, moments and who saved it."""
    rows = [{f.key: bare(values[f.key]) for f in kind.editable()} for values in found.values()]
    return sorted(rows, key=lambda row: str(sorted(row.items(), key=lambda pair: pair[0])))


def bare(value: Any) -> Any:
    if isinstance(value, lists.Ref):
        return value.text
    return sorted(map(bare, value), key=str) if isinstance(value, tuple) else value
