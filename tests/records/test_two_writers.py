"""Two writers at once: the row version stands in the WHERE of the write, so that of two who saw the same one saves and one is asked."""

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.journal import JournalRow
from crm.backoffice.rules import Draft
from crm.backoffice.seals.block import Keeper
from crm.backoffice.seals.sealing import seal
from crm.backoffice.seals.verifying import verify
from crm.errors import Conflict
from tests.company import Company

WRITERS = 6
THREADS, TIMES = 20, 5


def at_once(company: Company, account: int, changes: list[dict[str, Any]]) -> list[str]:
    """Everybody saves his change of a record that he saw in its first version, at the same moment; what became of each."""
    begin, outcomes = Barrier(len(changes)), [""] * len(changes)

    def save(place: int) -> None:
        begin.wait(20)
        with company.system() as session:
            try:
                records.change(session, "account", account, changes[place], seen_version=1)
                session.commit()
                outcomes[place] = "saved"
            except Conflict:
                outcomes[place] = "conflict"

    threads = [Thread(target=save, args=(n,)) for n in range(len(changes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def versions(company: Company, account: int) -> list[int]:
    journal = JournalRow.__table__
    with company.engine.connect() as connection:
        query = select(journal.c.version).where(journal.c.entity == "account", journal.c.record_id == account).order_by(journal.c.id)
        return list(connection.execute(query).scalars())


def test_of_those_who_change_one_field_one_saves_and_the_others_are_asked(company: Company) -> None:
    (account,) = company.make("account", {"name": "А"})
    outcomes = at_once(company, account, [{"name": f"Б{n}"} for n in range(WRITERS)])
    assert sorted(outcomes) == ["conflict"] * (WRITERS - 1) + ["saved"]
    assert versions(company, account) == [1, 2]


def test_those_who_change_different_fields_are_all_kept(company: Company) -> None:
    (account,) = company.make("account", {"name": "А"})
    changes: list[dict[str, Any]] = [{"name": "Б"}, {"city": "Львів"}, {"employees": 7}, {"founded": 1991}, {"address": "вул. Довга, 1"}, {"code": "X-1"}]
    assert at_once(company, account, changes) == ["saved"] * len(changes)
    assert versions(company, account) == list(range(1, len(changes) + 2))
    with company.engine.connect() as connection:
        row = connection.execute(company.catalog.entity("account").table.select()).mappings().one()
    for change in changes:
        for key, value in change.items():
            assert row[key] == value


def test_a_write_over_a_version_that_is_gone_writes_nothing(company: Company) -> None:
    """What the locks keep from happening, the WHERE refuses should it happen."""
    (account,) = company.make("account", {"name": "А"})
    with company.system() as session:
        kind = session.catalog.entity("account")
        old = {"name": "А", "row_version": 1}
        draft = Draft(kind, session, account, old, {**old, "name": "Б"}, frozenset({"name"}), is_new=False)
        with pytest.raises(Conflict):
            records._update(session, kind, [draft], {account: 7})
        assert records._update(session, kind, [draft], {account: 1}) == {account: 2}


def test_of_twenty_who_edit_one_record_again_and_again_no_edit_is_lost_and_the_journal_is_whole(company: Company, tmp_path: Path) -> None:
    (account,) = company.make("account", {"name": "А", "employees": 0})
    table, keeper = company.catalog.entity("account").table, Keeper.of(tmp_path, "a secret of the installation")
    begin, saved, refused = Barrier(THREADS), [0] * THREADS, list[str]()

    def edit(place: int) -> None:
        """Adds one to what he has read, and reads anew when somebody else was faster."""
        begin.wait(30)
        while saved[place] < TIMES:
            with company.engine.connect() as connection:
                seen = connection.execute(select(table.c.row_version, table.c.employees).where(table.c.id == account)).one()
            with company.system() as session:
                try:
                    done = records.change(session, "account", account, {"employees": seen.employees + 1}, seen_version=seen.row_version)
                    session.commit()
                    saved[place] += bool(done.changed)  # who writes what another has just written has written nothing, and adds to that
                except Conflict:
                    continue
                except Exception as fault:  # a thread must not end unseen
                    refused.append(repr(fault))
                    return

    threads = [Thread(target=edit, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seal(company.engine, keeper, at_once=True)  # sealing goes on meanwhile
        threads[0].join(0.2)
    assert refused == [] and saved == [TIMES] * THREADS
    with company.engine.connect() as connection:
        row = connection.execute(select(table.c.employees, table.c.row_version).where(table.c.id == account)).one()
        journal = JournalRow.__table__
        told = connection.execute(
            select(journal.c.version, journal.c.changes).where(journal.c.entity == "account", journal.c.record_id == account).order_by(journal.c.id)).all()
    assert (row.employees, row.row_version) == (THREADS * TIMES, THREADS * TIMES + 1)
    assert [version for version, _ in told] == list(range(1, THREADS * TIMES + 2))
    assert [changes["employees"] for _, changes in told[1:]] == [[n, n + 1] for n in range(THREADS * TIMES)]
    seal(company.engine, keeper, at_once=True)
    with company.system(write=False) as session:
        found = verify(session, keeper)
    assert found.ok and found.unsealed == 0
