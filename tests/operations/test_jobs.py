"""Jobs: asked for in a transaction, run once, taken up again after a crash, and seen by who asked only."""

import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import update

from config import Settings
from crm.backoffice import jobs
from crm.backoffice.job_queue import ATTEMPTS, JsonSerializer, dispatch, execute, make_queue, revive
from crm.backoffice.jobs import Work, enqueue, find
from crm.errors import BadRequest, NotFound
from crm.messages import m, render
from tests.company import Company

RAN: list[Mapping[str, Any]] = []


def ran(work: Work) -> dict[str, Any]:
    RAN.append(work.args)
    work.progress(3, 4)
    return {"rows": 4}


def refused(work: Work) -> dict[str, Any]:
    raise BadRequest(m("The file is too large: at most %(limit)s MB are accepted.", limit=64))


def broken(work: Work) -> dict[str, Any]:
    raise RuntimeError("secret value 4711")


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_functions", {"ran": ran, "refused": refused, "broken": broken})
    RAN.clear()


def ask(company: Company, kind: str = "ran", *, commit: bool = True, by: int | None = None) -> int:
    session = company.session(by) if by else company.system()
    with session:
        job_id = enqueue(session, kind, {"file": "їжак.csv"})
        if commit:
            session.commit()
    return job_id


def run_all(company: Company, settings: Settings) -> list[int]:
    handed: list[int] = []
    dispatch(company.engine, handed.append)
    for job_id in handed:
        execute(company.engine, settings, company.catalog, job_id)
    return handed


def test_a_job_runs_after_its_transaction_commits_and_keeps_its_result(company: Company, settings: Settings) -> None:
    job_id = ask(company)
    assert find(company.engine, job_id, None).state == "queued"
    assert run_all(company, settings) == [job_id]
    done = find(company.engine, job_id, None)
    assert (done.state, done.done, done.total, done.result) == ("done", 3, 4, {"rows": 4})
    assert RAN == [{"file": "їжак.csv"}]
    assert run_all(company, settings) == []


def test_a_job_of_a_transaction_that_is_rolled_back_never_runs(company: Company, settings: Settings) -> None:
    ask(company, commit=False)
    assert run_all(company, settings) == []
    assert RAN == []


def test_a_job_twice_in_the_queue_runs_once(company: Company, settings: Settings) -> None:
    job_id = ask(company)
    together = Barrier(4)

    def run() -> None:
        together.wait()
        execute(company.engine, settings, company.catalog, job_id)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(RAN) == 1


def test_a_refusal_is_kept_as_a_sentence_in_both_languages(company: Company, settings: Settings) -> None:
    job_id = ask(company, "refused")
    run_all(company, settings)
    failed = find(company.engine, job_id, None)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "64" in render(failed.error, "en")
    assert "64" in render(failed.error, "uk")


def test_a_fault_shows_nothing_of_itself(company: Company, settings: Settings) -> None:
    job_id = ask(company, "broken")
    run_all(company, settings)
    failed = find(company.engine, job_id, None)
    assert failed.error is not None
    assert "4711" not in render(failed.error, "en")
    assert str(job_id) in render(failed.error, "en")


def test_work_of_a_dead_worker_is_taken_up_and_given_up_after_three_times(company: Company, settings: Settings) -> None:
    job_id = ask(company)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)

    def die(attempts: int) -> None:
        with company.engine.execution_options(writer=True).begin() as connection:
            connection.execute(update(jobs.TABLE).values(state="running", beat_at=long_ago, attempts=attempts, handed_at=long_ago))

    die(1)
    assert run_all(company, settings) == [job_id]
    assert find(company.engine, job_id, None).state == "done"
    die(ATTEMPTS)
    revive(company.engine)
    assert find(company.engine, job_id, None).state == "failed"


def test_a_job_that_shows_signs_of_life_is_left_alone(company: Company) -> None:
    job_id = ask(company)
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(jobs.TABLE).values(state="running", beat_at=datetime.now(UTC), attempts=1))
    revive(company.engine)
    assert find(company.engine, job_id, None).state == "running"


def test_anothers_job_and_no_job_are_answered_alike(company: Company) -> None:
    mine, other = company.person("owner", name="Я"), company.person("owner", name="Інша")
    job_id = ask(company, by=mine)
    assert find(company.engine, job_id, mine).made_by == mine
    for number in (job_id, job_id + 1000):
        with pytest.raises(NotFound):
            find(company.engine, number, other)


def test_the_queue_hands_over_job_numbers_as_json(company: Company, settings: Settings) -> None:
    queue = make_queue(settings)
    got: list[int] = []

    @queue.task(name="job")
    def run(job_id: int) -> None:
        got.append(job_id)

    run(7)
    waiting = queue.storage.dequeue()
    assert json.loads(bytes(waiting))[6] == [7]
    queue.execute(queue.deserialize_task(waiting))
    assert got == [7]
    close = getattr(queue.storage, "close", None)
    if close:
        close()


def test_a_pickle_in_the_queue_is_not_loaded() -> None:
    with pytest.raises(ValueError):
        JsonSerializer().deserialize(pickle.dumps({"harmless": True}))
