"""The course of an interaction's states: the whole table, by every writer; what fills itself in, and what comes after."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import lists, records, undo
from crm.backoffice.guard import system_session
from crm.contacts.interactions.course import MEDIA, STATES
from crm.errors import Invalid
from tests.company import Company

# From each state (rows) to each other one: planned, held, no_show, cancelled, rescheduled.
TABLE = {
    "planned": "ok ok ok ok ok",
    "held": "no ok no no no",
    "no_show": "no no ok no no",
    "cancelled": "no no no ok no",
    "rescheduled": "no no no no ok",
}
MOVES = [(old, new, answer == "ok") for old, row in TABLE.items() for new, answer in zip(STATES, row.split(), strict=True)]
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Firm(Company):
    """A company with a counterparty, and interactions by keys of their options."""

    def __init__(self, company: Company) -> None:
        super().__init__(company.engine)
        (self.account,) = self.make("account", {"name": "Полісся-Агро"})

    def values(self, state: str | None = "planned", **given: Any) -> dict[str, Any]:
        chosen = {"medium": "call", "direction": "outbound", **{k: given.pop(k) for k in ("medium", "direction", "result") if k in given}}
        lists_of = {"medium": "interaction_medium", "direction": "direction", "result": "interaction_result", "state": "interaction_state"}
        if state is not None:
            chosen["state"] = state
        options = {key: self.option(lists_of[key], value) for key, value in chosen.items()}
        return {"account": self.account, "planned_start": NINE, "planned_minutes": 30, "subject": "Постачання", **options, **given}

    def one(self, state: str | None = "planned", source: str = "test", **given: Any) -> int:
        return self.make("interaction", self.values(state, **given), source=source)[0]

    def change(self, number: int, source: str = "ui", **values: Any) -> None:
        with self.system(source=source) as session:
            records.change(session, "interaction", number, values)
            session.commit()

    def row(self, number: int) -> dict[str, Any]:
        with self.system(write=False) as session:
            found = lists.record(session, "interaction", number)
            values = {k: lists.plain(v) for k, v in found.values.items()}
        known = self.catalog.options
        return values | {k: known[values[k]].key for k in ("state", "medium", "direction", "result") if values[k]}

    def numbers(self) -> list[int]:
        with self.system(write=False) as session:
            source = session.table("interaction")
            return list(session.scalars(select(source.id).where(source.visible).order_by(source.id)))

    def refused(self, what: Callable[[], Any]) -> set[str]:
        """The fields for which a save is refused, each with a sentence in both languages."""
        with pytest.raises(Invalid) as refusal:
            what()
        assert all(message.id.strip() for message in refusal.value.fields.values())
        return set(refusal.value.fields)


@pytest.fixture
def firm(company: Company) -> Firm:
    return Firm(company)


def reached(firm: Firm, state: str) -> int:
    """An interaction in a state, as its course leads there."""
    number = firm.one(source="import")
    if state != "planned":
        more = {"held": {"held_at": NINE, "actual_minutes": 20}, "rescheduled": {"next_start": NINE + HOUR}}.get(state, {})
        firm.change(number, source="import", state=firm.option("interaction_state", state), **more)
    return number


@pytest.mark.parametrize(("old", "new", "allowed"), MOVES)
def test_every_state_is_followed_only_by_what_may_follow_it(firm: Firm, old: str, new: str, allowed: bool) -> None:
    for writer in ("ui", "cli", "job", "import", "demo"):
        number = reached(firm, old)
        before = firm.row(number)
        values = {"state": firm.option("interaction_state", new), **({"next_start": NINE + 2 * HOUR} if new == "rescheduled" and old != new else {})}
        if allowed:
            firm.change(number, source=writer, **values)
            assert firm.row(number)["state"] == new, writer
        else:
            assert firm.refused(lambda number=number, values=values, w=writer: firm.change(number, source=w, **values)) >= {"state"}, writer
            assert firm.row(number) == before, writer


@pytest.mark.parametrize("state", STATES)
def test_a_new_record_may_tell_of_any_state_medium_and_direction(firm: Firm, state: str) -> None:
    more = {"next_start": NINE + HOUR} if state == "rescheduled" else {}
    for medium, direction in product(MEDIA, ("inbound", "outbound", "internal")):
        found = firm.row(firm.one(state, medium=medium, direction=direction, **more))
        assert (found["state"], found["medium"], found["direction"]) == (state, medium, direction)
        assert (found["held_at"] is not None) is (state == "held")


def test_without_a_state_it_is_planned_and_with_the_time_it_was_held_at_it_was_held(firm: Firm) -> None:
    assert firm.row(firm.one(None))["state"] == "planned"
    found = firm.row(firm.one(None, held_at=NINE + HOUR))
    assert (found["state"], found["starts_at"], found["actual_minutes"]) == ("held", NINE + HOUR, 30)


def test_what_is_held_was_held_when_it_was_planned_or_now(firm: Firm) -> None:
    past, future = firm.one(), firm.one(planned_start=datetime.now(UTC) + timedelta(days=3))
    for number in (past, future):
        firm.change(number, state=firm.option("interaction_state", "held"))
    assert firm.row(past)["held_at"] == NINE
    assert datetime.now(UTC) - firm.row(future)["held_at"] < timedelta(minutes=2)
    assert firm.row(past)["actual_minutes"] == 30  # as many as were planned
    assert firm.refused(lambda: firm.change(past, held_at=None)) == {"held_at"}
    assert firm.refused(lambda: firm.change(past, held_at=datetime.now(UTC) + HOUR)) == {"held_at"}
    assert firm.refused(lambda: firm.change(past, actual_minutes=None)) == {"actual_minutes"}


def test_a_file_does_not_make_up_when_something_was_held(firm: Firm) -> None:
    assert firm.refused(lambda: firm.one("held", source="import", planned_start=None)) == {"held_at"}
    assert firm.row(firm.one("held", source="import"))["held_at"] == NINE
    later = datetime.now(UTC) + timedelta(days=2)
    assert firm.refused(lambda: firm.one("held", source="import", planned_start=later)) == {"held_at"}


def test_only_what_was_held_has_a_time_and_all_else_is_planned_for_one(firm: Firm) -> None:
    assert firm.refused(lambda: firm.one("planned", held_at=NINE)) == {"held_at"}
    for state in ("planned", "no_show", "cancelled"):
        assert firm.refused(lambda state=state: firm.one(state, planned_start=None)) == {"planned_start"}
    assert firm.row(firm.one("held", planned_start=None, held_at=NINE))["starts_at"] == NINE


def test_a_talk_took_some_minutes_a_letter_need_not_say(firm: Firm) -> None:
    bare = {"planned_start": None, "planned_minutes": None, "held_at": NINE}
    assert firm.refused(lambda: firm.one("held", medium="meeting", **bare)) == {"actual_minutes"}
    assert firm.row(firm.one("held", medium="letter", **bare))["actual_minutes"] is None
    assert firm.row(firm.one("held", medium="meeting", source="import", **bare))["actual_minutes"] is None  # other systems may not know


@pytest.mark.parametrize(("key", "value"), [
    ("planned_minutes", -1), ("actual_minutes", -30), ("planned_minutes", 31 * 24 * 60 + 1), ("actual_minutes", 2**62),
])
def test_nothing_ends_before_it_begins_or_lasts_for_ever(firm: Firm, key: str, value: int) -> None:
    number = firm.one()
    assert firm.refused(lambda: firm.change(number, **{key: value})) == {key}
    assert firm.refused(lambda: firm.one(**{key: value})) == {key}
    firm.change(number, **{key: 0})


def test_a_meeting_across_the_clock_change_lasts_as_long_as_it_lasts(firm: Firm) -> None:
    zone = firm.catalog.company.zone
    for day, after in (((2026, 3, 29), (5, 30)), ((2026, 10, 25), (3, 30))):  # clocks in Kyiv go from 3 to 4, and back from 4 to 3
        start = datetime(*day, 2, 30, tzinfo=zone)
        found = firm.row(firm.one(planned_start=start, planned_minutes=120))
        assert found["ends_at"] - found["planned_start"] == 2 * HOUR
        assert (found["ends_at"].astimezone(zone).hour, found["ends_at"].astimezone(zone).minute) == after


def test_what_is_postponed_is_planned_anew_and_keeps_the_chain(firm: Firm) -> None:
    owner, (person, other) = firm.person(), firm.make("contact", {"name": "Марта"}, {"name": "Степан"})
    first = firm.one(contact=person, owner=owner, agenda="Ціни", planned_minutes=45)
    firm.make("interaction_participant", {"interaction": first, "contact": other, "present": True}, {"interaction": first, "colleague": owner})
    assert firm.refused(lambda: firm.change(first, state=firm.option("interaction_state", "rescheduled"))) == {"next_start"}
    firm.change(first, state=firm.option("interaction_state", "rescheduled"), next_start=NINE + HOUR)
    _, second = firm.numbers()
    firm.change(second, state=firm.option("interaction_state", "rescheduled"), next_start=NINE + 5 * HOUR)
    *_, third = firm.numbers()
    found = firm.row(third)
    kept = {k: found[k] for k in ("account", "contact", "owner", "subject", "medium", "direction", "planned_minutes", "agenda", "state")}
    assert kept == {"account": firm.account, "contact": person, "owner": owner, "subject": "Постачання", "medium": "call", "direction": "outbound",
                    "planned_minutes": 45, "agenda": "Ціни", "state": "planned"}
    assert (found["planned_start"], found["postponed_from"], found["moves"]) == (NINE + 5 * HOUR, second, 2)
    assert (firm.row(second)["state"], firm.row(second)["moves"], firm.row(second)["postponed_from"]) == ("rescheduled", 1, first)
    with firm.system(write=False) as session:
        rows = session.table("interaction_participant")
        query = select(rows["contact"], rows["colleague"], rows["present"]).where(rows.visible, rows["interaction"] == third).order_by(rows.id)
        assert [tuple(row) for row in session.execute(query)] == [(other, None, None), (None, owner, None)]  # who was there is still to be seen


def test_a_next_step_with_a_time_becomes_the_next_planned_interaction_once(firm: Firm) -> None:
    first = firm.one(direction="inbound")
    firm.change(first, next_step="Надіслати прайс", next_start=NINE + 24 * HOUR)
    assert firm.numbers() == [first]  # nothing follows what has not been held
    firm.change(first, state=firm.option("interaction_state", "held"))
    _, second = firm.numbers()
    found = firm.row(second)
    assert (found["state"], found["planned_start"], found["subject"], found["follows"]) == ("planned", NINE + 24 * HOUR, "Надіслати прайс", first)
    assert (found["direction"], found["moves"], found["postponed_from"]) == ("outbound", 0, None)
    firm.change(first, next_start=NINE + 48 * HOUR)
    assert firm.row(second)["planned_start"] == NINE + 48 * HOUR
    firm.change(second, state=firm.option("interaction_state", "held"), held_at=NINE + 48 * HOUR)
    firm.change(first, next_start=NINE + 50 * HOUR)  # what was held already is not moved and not planned twice
    assert firm.numbers() == [first, second]
    assert firm.row(second)["planned_start"] == NINE + 48 * HOUR
    assert firm.refused(lambda: firm.change(first, next_start=NINE - HOUR)) == {"next_start"}


def test_a_file_brings_its_own_history(firm: Firm) -> None:
    first = firm.one("rescheduled", source="import")
    second = firm.one("held", source="import", postponed_from=first, next_start=NINE + 99 * HOUR)
    assert firm.numbers() == [first, second]
    assert firm.row(second)["moves"] == 1


def test_an_undo_may_bring_back_what_has_ended(firm: Firm) -> None:
    first = firm.one()
    actor = firm.person("owner")
    with system_session(firm.engine, "test", firm.catalog, write=True, source="ui", actor_id=actor) as session:
        batch = session.batch
        records.change(session, "interaction", first, {"state": firm.option("interaction_state", "rescheduled"), "next_start": NINE + HOUR})
        session.commit()
    assert len(firm.numbers()) == 2
    with firm.system(source="ui") as session:
        assert undo.undo(session, batch, by_field=True).kept == ()
        session.commit()
    assert firm.numbers() == [first]
    assert (firm.row(first)["state"], firm.row(first)["next_start"]) == ("planned", None)


def test_the_company_is_that_of_the_deal_or_of_the_person(firm: Firm) -> None:
    other, gone = firm.make("account", {"name": "Обрій"}, {"name": "Колишня"})
    (person,) = firm.make("contact", {"name": "Марта"})
    firm.make("position", {"contact": person, "account": gone, "until": NINE.date()}, {"contact": person, "account": other})
    (deal,) = firm.make("deal", {"name": "Угода", "account": firm.account})
    values = {k: v for k, v in firm.values().items() if k != "account"}

    def account(**given: Any) -> int:
        return int(firm.row(firm.make("interaction", {**values, **given})[0])["account"])

    assert account(deal=deal) == firm.account
    assert account(contact=person) == other
    assert account(contact=person, deal=deal) == firm.account
    assert firm.refused(lambda: firm.make("interaction", values)) == {"account"}
    internal = {**values, "direction": firm.option("direction", "internal")}
    assert firm.row(firm.make("interaction", internal)[0])["account"] is None


def test_past_interactions_stay_with_the_old_employer(firm: Firm) -> None:
    (new,), (person,) = firm.make("account", {"name": "Нова"}), firm.make("contact", {"name": "Марта"})
    (position,) = firm.make("position", {"contact": person, "account": firm.account})
    values = {k: v for k, v in firm.values("held", contact=person).items() if k != "account"}
    (old,) = firm.make("interaction", values)
    with firm.system() as session:
        records.change(session, "position", position, {"account": new})
        session.commit()
    (later,) = firm.make("interaction", values)
    firm.change(old, result=firm.option("interaction_result", "agreed"))
    assert (firm.row(old)["account"], firm.row(later)["account"]) == (firm.account, new)


def test_a_result_belongs_to_its_medium(firm: Firm) -> None:
    assert firm.refused(lambda: firm.one("held", medium="letter", result="busy")) == {"result"}
    assert firm.row(firm.one("held", medium="call", result="busy"))["result"] == "busy"
    number = firm.one("held", medium="meeting", result="agreed")  # goes with every medium
    assert firm.refused(lambda: firm.change(number, result=firm.option("interaction_result", "not_delivered"))) == {"result"}


def test_it_is_called_by_its_subject_until_it_gets_a_name_of_its_own(firm: Firm) -> None:
    number = firm.one()
    firm.change(number, subject="Ціни")
    assert firm.row(number)["name"] == "Ціни"
    firm.change(number, name="Розмова про ціни")
    firm.change(number, subject="Терміни")
    assert firm.row(number)["name"] == "Розмова про ціни"
    bare = firm.row(firm.one(subject=None))
    assert bare["name"] == bare["code"]


def test_nothing_comes_after_itself(firm: Firm) -> None:
    first = firm.one()
    second = firm.one(postponed_from=first)
    third = firm.one(postponed_from=second)
    assert firm.refused(lambda: firm.change(first, postponed_from=first)) == {"postponed_from"}
    assert firm.refused(lambda: firm.change(first, postponed_from=third)) == {"postponed_from"}
    assert firm.refused(lambda: firm.change(first, follows=first)) == {"follows"}
    assert firm.row(third)["moves"] == 2


def test_three_hundred_participants_stand_once_each(firm: Firm) -> None:
    number = firm.one(medium="meeting")
    people = firm.make("contact", *({"name": f"Гість {n}"} for n in range(299)))
    colleague = firm.person()
    rows = [*({"interaction": number, "contact": p} for p in people), {"interaction": number, "colleague": colleague, "present": True, "minutes": 15}]
    firm.make("interaction_participant", *rows)
    with firm.system(write=False) as session:
        source = session.table("interaction_participant")
        assert len(session.scalars(select(source.id).where(source.visible, source["interaction"] == number)).all()) == 300
    assert firm.refused(lambda: firm.make("interaction_participant", rows[7])) == {"contact"}
    assert firm.refused(lambda: firm.make("interaction_participant", rows[-1])) == {"colleague"}
    (guest,) = firm.make("contact", {"name": "Ще один"})
    twice = {"interaction": number, "contact": guest}
    assert firm.refused(lambda: firm.make("interaction_participant", twice, twice)) == {"contact"}
    assert firm.refused(lambda: firm.make("interaction_participant", {"interaction": number})) == {"contact"}
    assert firm.refused(lambda: firm.make("interaction_participant", {**twice, "colleague": colleague})) == {"colleague"}
    assert firm.refused(lambda: firm.make("interaction_participant", {**twice, "minutes": -5})) == {"minutes"}


@pytest.mark.parametrize("key", ["follows", "postponed_from"])
def test_of_several_written_together_none_comes_after_itself(firm: Firm, key: str) -> None:
    one, two, three = firm.one(), firm.one(), firm.one()
    with firm.system() as session:
        for circle in ({one: two, two: one}, {one: two, two: three, three: one}):
            with pytest.raises(Invalid) as refused:
                records.change_many(session, "interaction", {number: {key: other} for number, other in circle.items()})
            assert key in refused.value.fields
        records.change_many(session, "interaction", {one: {key: two}, two: {key: three}})
        session.commit()
    assert [firm.row(number)[key] for number in (one, two, three)] == [two, three, None]
