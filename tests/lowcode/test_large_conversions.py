"""The type of a field of many records changes: values are copied in parts beside the work of everybody, then the change comes into force at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from sqlalchemy import inspect, select

from crm.backoffice import pace, records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.guard import system_session
from crm.backoffice.jobs import TABLE as JOBS
from crm.backoffice.lowcode import copying, switching
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.copying import stop, told
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.switching import ask, carry_on
from crm.errors import BadRequest, Invalid
from crm.messages import render
from tests.company import Company
from tests.lowcode.cutting import cut
from tests.lowcode.test_conversions import DECIDED, SIZE, SIZES, sized
from tests.lowcode.test_cut_off import state
from tests.lowcode.test_made import held, put, refused, take_back

DONE = [Decimal("12.5"), Decimal("12.5"), Decimal("0.3"), Decimal(100), Decimal(100), None, None, Decimal(8), None]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MANY", 5)
    monkeypatch.setattr(copying, "MARGIN", timedelta(seconds=2))
    monkeypatch.setattr(switching, "PART", 3)
    monkeypatch.setattr(pace, "CHUNK", 4)
    monkeypatch.setattr(pace.Pace, "took", lambda self, seconds: None)


def waiting(company: Company, text: str) -> int:
    """A change that is begun; the number under which it waits."""
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    assert applied.waiting is not None and applied.changes == () and load_catalog(company.engine).version == company.catalog.version
    return applied.waiting


def kept(company: Company) -> list[dict[Any, Any]]:
    with company.system(write=False) as session:
        return [dict(one) for one in told(session)]


def sizes(company: Company, firms: list[int]) -> list[Any]:
    company.catalog = load_catalog(company.engine)
    return [held(company, "account", firm, "size")[0] for firm in firms]


def test_nothing_is_seen_of_it_before_it_is_done_whole(company: Company) -> None:
    firms = sized(company)
    number = waiting(company, DECIDED)
    assert sizes(company, firms) == list(SIZES) and company.catalog.entity("account").fields["size"].type == "text"
    assert "being converted already" in refused(company, SIZE)
    done: list[tuple[int, int]] = []
    assert carry_on(company.engine, number, lambda *so_far: done.append(so_far)) == {"version": company.catalog.version + 1}
    assert done[-1][0] == done[-1][1] == len(firms)
    assert sizes(company, firms) == DONE
    assert [held(company, "account", firm, "size_before")[0] for firm in firms] == [None] * 6 + ["десь така,", None, None]
    assert put(company, DECIDED) == [] and kept(company) == []
    take_back(company)
    assert sizes(company, firms) == list(SIZES) and "size_before" not in company.catalog.entity("account").fields
    assert carry_on(company.engine, number) == {"version": None}, "done once"


def test_writers_go_on_and_none_of_their_values_is_lost(company: Company) -> None:
    firms, before = sized(company), company.catalog
    (extra,) = company.make("account", {"name": "Ще", "size": "1"})
    number, ended, last = waiting(company, SIZE + "      indexed: true\n"), Event(), dict[int, Decimal]()

    def write(mine: list[int]) -> None:
        turn, after = 0, 3
        while after or turn < len(mine):
            after -= 1 if ended.is_set() else 0
            turn += 1
            firm = mine[turn % len(mine)]
            with system_session(company.engine, "test", before, write=True, source="test") as session:
                records.change(session, "account", firm, {"size": str(turn % 97)})
                session.commit()
            last[firm] = Decimal(turn % 97)
            ended.wait(0.01)

    with ThreadPoolExecutor(2) as pool:
        # They go on after the switch as processes that have not heard of it.
        writers = [pool.submit(write, firms[:4]), pool.submit(write, firms[4:])]
        carry_on(company.engine, number)
        ended.set()
        for one in writers:
            one.result()
    assert company.catalog.version < load_catalog(company.engine).version
    found = dict(zip([*firms, extra], sizes(company, [*firms, extra]), strict=True))
    assert {firm: found[firm] for firm in last} == last and found[extra] == 1 and len(last) == len(firms)


def test_killed_at_any_statement_it_is_the_old_or_the_new_and_goes_on(company: Company) -> None:
    firms = sized(company)
    before, stopped, at = state(company), 0, 1

    def begin() -> None:
        with company.system() as session:
            apply(session, read(DECIDED, company.catalog))
            session.commit()

    while cut(company.engine, at, begin):
        stopped, at = stopped + 1, at + 3
        assert state(company) == before
    assert stopped > 3 and sizes(company, firms) == list(SIZES)
    [number], at, stopped = [one["id"] for one in kept(company)], 2, 0
    while cut(company.engine, at, lambda: carry_on(company.engine, number)):
        stopped, at = stopped + 1, at + 7
        assert sizes(company, firms) in (list(SIZES), DONE)
    assert stopped > 4 and sizes(company, firms) == DONE and kept(company) == []
    if company.engine.dialect.name == "postgresql":
        with company.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid").scalar_one() == 0


def test_what_is_changed_meanwhile_is_followed_or_named(company: Company) -> None:
    firms = sized(company)
    number = waiting(company, SIZE)

    def rename(done: int, total: int) -> None:
        if done == 4:
            put(company, "fields: {account: {"
                         "size: {type: text, class: internal, label: {uk: Обсяг, en: Volume}}, "
                         "mark: {type: decimal, scale: 3, label: {uk: Бал, en: Score}}}}")

    carry_on(company.engine, number, rename)
    assert sizes(company, firms)[:3] == DONE[:3]
    labels = company.catalog.entity("account").fields
    assert (labels["size"].label.en, labels["mark"].label.en) == ("Volume", "Score"), "what only the others changed is put together"
    number = waiting(company, SIZE.replace("decimal", "integer").replace("      scale: 1\n", ""))
    put(company, "removed: [account.size]", agreed=True)
    with pytest.raises(BadRequest):
        carry_on(company.engine, number)
    [failed] = kept(company)
    assert failed["state"] == "failed" and "size" not in load_catalog(company.engine).entity("account").fields
    with company.system() as session:
        assert stop(session, number) and not stop(session, number)
        session.commit()
    assert kept(company) == []


def test_one_that_cannot_be_put_in_force_says_why_and_one_that_is_stopped_leaves_no_trace(company: Company) -> None:
    firms = sized(company)
    number = waiting(company, SIZE + "      unique: true\n")
    with pytest.raises(Invalid) as why:
        carry_on(company.engine, number)
    assert "same value" in render(why.value.message, "en") and sizes(company, firms) == list(SIZES)
    number = waiting(company, SIZE)
    with company.system() as session:
        stop(session, number)
        session.commit()
    assert carry_on(company.engine, number) == {"version": None} and sizes(company, firms) == list(SIZES)
    names = {column["name"] for column in inspect(company.engine).get_columns("account")}
    spare = [name for name in names if name.startswith("cf_")]
    assert len(spare) > 3, "its columns are dropped with those of removed fields"


def test_nobody_works_at_it_so_it_is_asked_for_again(company: Company) -> None:
    sized(company)
    assert not ask(company.engine, company.catalog)
    waiting(company, SIZE)
    assert not ask(company.engine, company.catalog), "its job waits"
    with company.engine.begin() as connection:
        connection.execute(JOBS.delete())
    assert ask(company.engine, company.catalog)
    with company.engine.connect() as connection:
        assert connection.scalars(select(JOBS.c.kind)).all() == [copying.JOB]
