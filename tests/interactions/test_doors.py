"""What interactions must satisfy is refused alike by every door, with a sentence, and nothing is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.contracts.doors import DOORS, Change
from tests.contracts.world import World

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EACH_DOOR = pytest.mark.parametrize("door", list(DOORS))


def option(world: World, picklist: str, key: str) -> int:
    found = world.catalog.picklists[picklist].by_key(key)
    assert found is not None
    return found.id


def state(world: World, key: str) -> int:
    return option(world, "interaction_state", key)


def planned(world: World, **more: Any) -> int:
    """A planned one with nothing that an ended one has."""
    nothing = {"held_at": None, "actual_minutes": None, "next_start": None, "follows": None, "postponed_from": None, "result": None}
    given = {**nothing, "state": state(world, "planned"), "planned_start": NINE, "planned_minutes": 30, "medium": option(world, "interaction_medium", "call")}
    return world.make("interaction", **{**given, "account": world.make("account"), **more})


def through(world: World, door: str, number: int, **values: Any) -> str:
    """What became of a change through a door."""
    who = "operator" if door == "command" else "owner"
    return DOORS[door](world, Change(who, "interaction", number, values, world.stored("interaction", number)["row_version"])).outcome


@EACH_DOOR
def test_what_has_ended_stays_as_it_ended(world: World, door: str) -> None:
    number = planned(world)
    assert through(world, door, number, state=state(world, "held")) == "saved"
    before = world.stored("interaction", number)
    assert (before["held_at"], before["actual_minutes"]) == (NINE, 30)
    for key in ("planned", "no_show", "cancelled", "rescheduled"):
        assert through(world, door, number, state=state(world, key)) != "saved", key
    assert world.stored("interaction", number) == before


@EACH_DOOR
@pytest.mark.parametrize(("key", "value"), [
    ("planned_minutes", -1), ("actual_minutes", -15), ("planned_minutes", 10**7), ("held_at", NINE), ("planned_start", None),
])
def test_impossible_times_are_refused(world: World, door: str, key: str, value: Any) -> None:
    number = planned(world)
    before = world.stored("interaction", number)
    assert through(world, door, number, **{key: value}) != "saved"
    assert world.stored("interaction", number) == before


@EACH_DOOR
def test_nothing_was_held_in_the_future(world: World, door: str) -> None:
    number = planned(world, state=state(world, "held"), held_at=NINE, actual_minutes=5)
    before = world.stored("interaction", number)
    assert through(world, door, number, held_at=(datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)) != "saved"
    assert through(world, door, number, result=option(world, "interaction_result", "not_delivered")) != "saved"  # of a letter, and this is a call
    assert world.stored("interaction", number) == before


@pytest.mark.parametrize("door", ["form", "cell", "paste", "bulk"])
def test_postponing_by_a_screen_plans_the_next_one_and_its_undo_takes_it_away(world: World, door: str) -> None:
    number, target = planned(world), NINE + timedelta(days=1)
    values = {"next_start": target, "state": state(world, "rescheduled")}
    who = Change("owner", "interaction", number, values, world.stored("interaction", number)["row_version"])
    answer = DOORS[door](world, who)
    assert answer.outcome == "saved"
    (after,) = postponed_from(world, number)
    assert world.stored("interaction", after)["planned_start"] == target
    for address in answer.undo:
        world.clients["owner"].post(address)
    if answer.undo:  # a form offers its undo on the next page
        assert postponed_from(world, number) == []
        assert world.stored("interaction", number)["state"] == state(world, "planned")


def postponed_from(world: World, number: int) -> list[int]:
    with world.system(write=False) as session:
        source = session.table("interaction")
        return list(session.scalars(select(source.id).where(source.visible, source["postponed_from"] == number)))
