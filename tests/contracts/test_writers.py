"""Every entity through every door: the same change is stored, journaled and signed alike, and refused alike; an undo takes it back."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from crm.backoffice import records
from crm.backoffice.entities import Entity
from tests.contracts.doors import DOORS, SCREENS, Change
from tests.contracts.world import ENTITIES, World

SOURCES = {"import": "import", "command": "import"}
STALE = ("form", "cell", "paste")


def through(doors: Sequence[str]) -> pytest.MarkDecorator:
    """Every entity through every door on SQLite; on PostgreSQL (see conftest) every entity and every door, the pairs taken in turn."""
    return pytest.mark.parametrize(("door", "entity"), [(door, entity) for door in doors for entity in ENTITIES])


EACH_DOOR = through(tuple(DOORS))


def one_of_each_type(kind: Entity, values: dict[str, Any]) -> dict[str, Any]:
    """The first field of each type: enough where each costs a request."""
    found: dict[str, str] = {}
    for key in values:
        found.setdefault(kind.fields[key].type, key)
    return {key: values[key] for key in values if key in found.values()}


def changes_of(world: World, entity: str, door: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    values = world.others(entity) if values is None else values
    kind = world.catalog.entity(entity)
    return one_of_each_type(kind, values) if door in ("cell", "bulk") else values


@EACH_DOOR
def test_a_change_is_stored_journaled_and_signed(world: World, entity: str, door: str) -> None:
    kind, number = world.catalog.entity(entity), world.make(entity)
    before, values = world.stored(entity, number), changes_of(world, entity, door)
    who = "operator" if door == "command" else "owner"
    answer = DOORS[door](world, Change(who, entity, number, values, before["row_version"]))
    assert answer.outcome == "saved", answer.text[-1500:]
    after = world.stored(entity, number)
    assert {key: after[key] for key in values} == values
    assert after["updated_by"] == world.people.get(who)
    rows = world.journal(entity, number)[1:]
    assert [row.version for row in rows] == list(range(before["row_version"] + 1, after["row_version"] + 1)), "a row a save, a version a row"
    assert {row.actor_id for row in rows} == {world.people.get(who)}
    assert {row.source for row in rows} == {SOURCES.get(door, "ui")}
    told = {key: pair for row in rows for key, pair in kind.by_key(row.changes).items()}
    for key, value in values.items():
        spec = kind.fields[key]
        if value != before[key]:
            assert told[key] == [spec.journal(before[key]), spec.journal(value)], key


@EACH_DOOR
def test_without_the_right_the_same_change_is_refused_and_nothing_is_written(world: World, entity: str, door: str) -> None:
    number, others = world.refusing(entity)
    before, values = world.stored(entity, number), changes_of(world, entity, door, others)
    readable = {k: v for k, v in values.items() if world.catalog.entity(entity).fields[k].sensitivity != "sensitive"}
    answer = DOORS[door](world, Change("looker", entity, number, readable, before["row_version"]))
    assert answer.outcome == "forbidden", answer.text[-800:]
    assert world.stored(entity, number) == before
    assert len(world.journal(entity, number)) == 1


@EACH_DOOR
def test_a_record_outside_the_scope_answers_as_one_that_does_not_exist(world: World, entity: str, door: str) -> None:
    kind = world.catalog.entity(entity)
    if kind.declared.read_by_all:
        pytest.skip("everybody knows of pipelines and stages")
    number, values = world.refusing(entity)
    before = world.stored(entity, number)
    key = next(k for k in values if kind.fields[k].type in ("text", "long_text", "date", "decimal") and k != "code")
    one = {key: values[key]}
    unseen = DOORS[door](world, Change("stranger", entity, number, one, before["row_version"]))
    missing = DOORS[door](world, Change("stranger", entity, 2_000_000, one, 1))
    assert unseen.outcome != "saved"
    assert (unseen.outcome, without_marks(unseen.text, entity, number)) == (missing.outcome, without_marks(missing.text, entity, 2_000_000))
    assert world.stored(entity, number) == before
    assert len(world.journal(entity, number)) == 1


def without_marks(text: str, entity: str, number: int) -> str:
    """An answer without what differs between any two: tokens, names of files, and the number that was asked for."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "<file>", re.sub(r'(csrf[-_]token"[^>]*?)(content|value)="[^"]*"', r"\1", text))
    return text.replace(f"/{entity}/{number}/", f"/{entity}/N/").replace(f'"id":{number},', '"id":N,').replace(f'"ids={number}', '"ids=N')


@through(SCREENS)
def test_an_undo_brings_the_old_values_back_by_journaled_writes(world: World, entity: str, door: str) -> None:
    number = world.make(entity)
    before, values = world.stored(entity, number), changes_of(world, entity, door)
    if door in ("cell", "bulk"):
        values = dict(list(values.items())[:3])  # each is a save with an undo of its own
    answer = DOORS[door](world, Change("owner", entity, number, values, before["row_version"]))
    assert answer.outcome == "saved", answer.text[-800:]
    steps = answer.undo or tuple(_undo_of_the_form(world))
    assert steps
    for address in steps:
        assert world.clients["looker"].post(address).status_code == 404, "another's deed is not his to take back"
        assert world.clients["owner"].post(address).get_json()["undone"] >= 1  # what a rule changed besides goes back too
    after = world.stored(entity, number)
    system = ("row_version", "updated_at", "updated_by", "author")  # whoever puts a discount back has given it
    assert {k: v for k, v in after.items() if k not in system} == {k: v for k, v in before.items() if k not in system}
    assert after["row_version"] == before["row_version"] + 2 * len(steps)
    assert [row.version for row in world.journal(entity, number)] == list(range(1, after["row_version"] + 1))


def _undo_of_the_form(world: World) -> list[str]:
    """A saved form leads to a page that offers the undo."""
    page = world.clients["owner"].get("/account/").get_data(as_text=True)
    return re.findall(r"/undo/[0-9a-f]{32}", page)[:1]


@through(STALE)
def test_a_save_over_anothers_is_merged_or_asked_about(world: World, entity: str, door: str) -> None:
    kind, number = world.catalog.entity(entity), world.make(entity)
    before, values = world.stored(entity, number), world.others(entity)
    plain = [k for k in values if kind.fields[k].type in ("text", "long_text", "date", "decimal", "integer", "money", "percent") and k != "code"]
    mine, theirs = plain[0], plain[-1]
    if mine == theirs:
        pytest.skip("it has one such field")
    with world.system() as session:
        records.change(session, entity, number, {theirs: values[theirs]})
        session.commit()
    assert DOORS[door](world, Change("owner", entity, number, {mine: values[mine]}, before["row_version"])).outcome == "saved"
    merged = world.stored(entity, number)
    assert (merged[mine], merged[theirs]) == (values[mine], values[theirs])
    again = world.others(entity)[theirs]
    other = again if again != values[theirs] else before[theirs]
    assert DOORS[door](world, Change("owner", entity, number, {theirs: other}, before["row_version"])).outcome == "conflict"
    assert world.stored(entity, number) == merged


@EACH_DOOR
def test_what_the_product_keeps_itself_is_taken_from_nobody(world: World, entity: str, door: str) -> None:
    number, _ = world.refusing(entity)
    before = world.stored(entity, number)
    kept = {"row_version": 77, "deleted_at": before["created_at"], "created_by": world.people["looker"]}
    if door == "form":
        del kept["row_version"]  # in a form it is the version that was seen
    for key, value in kept.items():
        answer = DOORS[door](world, Change("owner" if door != "command" else "operator", entity, number, {key: value}, before["row_version"]))
        assert answer.outcome != "saved", key
    assert world.stored(entity, number) == before
    assert len(world.journal(entity, number)) == 1
