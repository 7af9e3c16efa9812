"""A formula that has changed: what is stored of it is computed anew for all records, in parts, as nobody's edit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from crm.backoffice import pace, recomputing, records
from crm.backoffice.entities import DESCRIBED
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import TABLE as JOBS
from crm.backoffice.journal import JournalRow
from crm.backoffice.undo import undo
from crm.serving.doctor import examine
from tests.field_types.sample import TABLE
from tests.kit_forms.house import House

JOURNAL = JournalRow.__table__


@pytest.fixture
def formulas(house: House) -> Iterator[Any]:
    """Changes a formula as a new release does; afterwards it is what it was."""
    runtime = house.app.extensions["brama"]
    before = {name: TABLE.c[name].info["field"] for name in ("cost", "taxed")}

    def change(**given: str) -> None:
        for name, formula in given.items():
            TABLE.c[name].info["field"] = replace(TABLE.c[name].info["field"], formula=formula)
        DESCRIBED.clear()
        runtime._catalog = None

    yield change
    for name, spec in before.items():
        TABLE.c[name].info["field"] = spec
    DESCRIBED.clear()


def stored(house: House) -> list[tuple[Any, ...]]:
    columns = (TABLE.c.cost, TABLE.c.taxed, TABLE.c.row_version, TABLE.c.updated_at)
    with house.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(TABLE.c.id))]


def work(house: House) -> dict[str, Any]:
    """The waiting job, done."""
    with house.engine.connect() as connection:
        number = connection.scalar(select(JOBS.c.id).where(JOBS.c.kind == recomputing.JOB).order_by(JOBS.c.id.desc()))
    runtime = house.app.extensions["brama"]
    execute(house.engine, runtime.settings, house.catalog, number)
    with house.engine.connect() as connection:
        return dict(connection.execute(select(JOBS).where(JOBS.c.id == number)).mappings().one())


def verdict(house: House) -> tuple[bool, str]:
    [found] = [check for check in examine(house.engine, house.app.extensions["brama"].settings) if check.id == "formula.C001"]
    return found.ok, str(found.message)


def test_a_changed_formula_is_computed_anew_for_all_records_and_nothing_else_changes(house: House, formulas: Any) -> None:
    assert not recomputing.ask(house.engine, house.catalog), "no record can lag"
    numbers = house.make_many("sample", [{"name": str(n), "rate": Decimal(60 * n) if n else None, "lasts": 60} for n in range(4)])
    house.remove("sample", numbers[3])
    assert recomputing.ask(house.engine, house.catalog) and not recomputing.ask(house.engine, house.catalog), "asked for once"
    assert work(house)["result"] == {"sample": {"records": 4, "changed": 0}}
    assert verdict(house)[0] and not recomputing.ask(house.engine, house.catalog)
    before = stored(house)
    assert [row[:2] for row in before] == [(None, None), (60, 72), (120, 144), (180, 216)]
    with house.engine.connect() as connection:
        entries = connection.execute(select(JOURNAL.c.id).where(JOURNAL.c.version.is_not(None))).all()
    formulas(cost="rate * lasts / 60 + 1", taxed="cost * 2")
    ok, told = verdict(house)
    assert not ok and "sample.cost" in told
    with house.engine.begin() as connection:
        connection.execute(update(JOBS).values(made_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert recomputing.ask(house.engine, house.catalog)
    assert work(house)["result"] == {"sample": {"records": 4, "changed": 3}}
    after = stored(house)
    assert [row[:2] for row in after] == [(None, None), (61, 122), (121, 242), (181, 362)]
    assert [row[2:] for row in after] == [row[2:] for row in before], "no version and no moment of change"
    with house.engine.connect() as connection:
        assert connection.execute(select(JOURNAL.c.id).where(JOURNAL.c.version.is_not(None))).all() == entries
        events = connection.execute(select(JOURNAL.c.changes, JOURNAL.c.actor_id).where(JOURNAL.c.action == "recomputed").order_by(JOURNAL.c.id)).all()
    assert [tuple(event) for event in events] == [({"records": [None, 0]}, None), ({"records": [None, 3]}, None)]
    assert verdict(house)[0] and json.loads(house.app.test_cli_runner().invoke(args=["journal", "verify"]).stdout)["ok"]


def test_cut_off_it_goes_on_where_it_stood_and_another_formula_begins_anew(house: House, formulas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make_many("sample", [{"name": str(n), "rate": Decimal(60), "lasts": 60} for n in range(10)])
    formulas(cost="rate + 1")
    monkeypatch.setattr(pace, "CHUNK", 4)
    monkeypatch.setattr(pace.Pace, "took", lambda self, seconds: None)

    def cut(done: int, total: int) -> None:
        assert total == 10
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recomputing.recompute(house.engine, house.catalog, "sample", cut)
    assert [row[0] for row in stored(house)] == [61] * 4 + [60] * 6 and not verdict(house)[0]
    # What was done is not done again: a value put there meanwhile stands.
    with house.engine.begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.name == "0").values(cost=Decimal(5)))
    assert recomputing.recompute(house.engine, house.catalog, "sample") == recomputing.Recomputed(6, 10)
    assert [row[0] for row in stored(house)] == [5] + [61] * 9
    formulas(cost="rate + 2")
    with pytest.raises(KeyboardInterrupt):
        recomputing.recompute(house.engine, house.catalog, "sample", cut)
    formulas(cost="rate + 3")
    assert recomputing.recompute(house.engine, house.catalog, "sample").records == 10
    assert [row[0] for row in stored(house)] == [63] * 10


def test_what_does_not_fit_any_more_is_empty_and_an_edit_before_can_still_be_taken_back(house: House, formulas: Any) -> None:
    [number] = house.make_many("sample", [{"name": "а", "rate": Decimal(99_999_999), "lasts": 60}])
    with house.system() as session:
        records.change(session, "sample", number, {"lasts": 120})
        batch = session.batch
        session.commit()
    formulas(cost="rate * rate * rate")
    recomputing.recompute(house.engine, house.catalog, "sample")
    assert stored(house)[0][:2] == (None, None)
    formulas(cost="rate * lasts")
    recomputing.recompute(house.engine, house.catalog, "sample")
    with house.system() as session:
        assert undo(session, batch, by_field=True).undone == 1
        session.commit()
    assert house.stored("sample", number)["lasts"] == 60
