"""The journal proves itself: rows by their digests, records by their chains, blocks by their seals, the end by the heads outside the database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, delete, func, insert, select, text, update

from crm.backoffice import records
from crm.backoffice.journal import JournalRow, digest_of
from crm.backoffice.seals import sealing
from crm.backoffice.seals.block import JournalSeal, Keeper
from crm.backoffice.seals.sealing import seal
from crm.backoffice.seals.verifying import Verification, verify
from tests.company import Company

JOURNAL, SEALS = JournalRow.__table__, JournalSeal.__table__


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper.of(tmp_path, "a secret of the installation")


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BLOCK", 4)


def history(company: Company, changes: int = 3) -> list[int]:
    """Two companies changed in turn; the numbers of the first one's rows."""
    first, second = company.make("account", {"name": "1"}, {"name": "2"})
    for n in range(changes):
        with company.system() as session:
            records.change(session, "account", first, {"name": f"а{n}"})
            records.change(session, "account", second, {"name": f"б{n}"})
            session.commit()
    with company.engine.connect() as connection:
        rows = select(JOURNAL.c.id).where(JOURNAL.c.entity == "account", JOURNAL.c.record_id == first).order_by(JOURNAL.c.id)
        return list(connection.execute(rows).scalars())


def verified(company: Company, keeper: Keeper) -> Verification:
    with company.system(write=False) as session:
        return verify(session, keeper, page=5)


def run(company: Company, statement: Any) -> None:
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(statement)


def stored(company: Company, number: int) -> Row[Any]:
    with company.engine.connect() as connection:
        return connection.execute(select(JOURNAL).where(JOURNAL.c.id == number)).one()


def count(company: Company) -> int:
    with company.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(JOURNAL)).scalar_one())


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("column", ["changes", "action", "actor_id", "at", "previous", "digest", "reason", "source", "batch", "version", "salt", "record_id"])
def test_the_first_row_that_was_tampered_with_is_named(company: Company, keeper: Keeper, blocks: None, column: str, sealed: bool) -> None:
    rows = history(company)
    if sealed:
        seal(company.engine, keeper, at_once=True)
    assert verified(company, keeper).ok
    at = stored(company, rows[1]).at
    forged: dict[str, Any] = {
        "changes": {"name": ["1", "в"]}, "action": "restore", "actor_id": 1, "at": at.replace(year=2020), "previous": "0" * 64, "digest": "0" * 64,
        "reason": "інша", "source": "ui", "batch": "інша", "version": 99, "salt": "0" * 32, "record_id": rows[0] + 10_000,
    }
    run(company, update(JOURNAL).where(JOURNAL.c.id == rows[1]).values({column: forged[column]}))
    assert verified(company, keeper).first_broken == rows[1]


def test_a_row_taken_out_before_it_was_sealed_breaks_its_records_chain(company: Company, keeper: Keeper) -> None:
    rows = history(company)
    run(company, delete(JOURNAL).where(JOURNAL.c.id == rows[1]))
    assert verified(company, keeper).first_broken == rows[2]


def test_what_is_sealed_is_told_apart_from_what_is_not_yet(company: Company, keeper: Keeper, blocks: None) -> None:
    history(company)
    rows = count(company)
    assert verified(company, keeper) == Verification(rows, 0, rows, None)
    whole = rows - rows % 4
    assert seal(company.engine, keeper) == whole  # the rest is younger than ten minutes
    assert verified(company, keeper) == Verification(rows, whole, rows % 4, None)
    assert seal(company.engine, keeper, now=datetime.now(UTC) + timedelta(minutes=11)) == rows % 4
    assert seal(company.engine, keeper, at_once=True) == 0
    assert verified(company, keeper) == Verification(rows, rows, 0, None)


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_row_taken_out_of_a_sealed_block_is_named(company: Company, keeper: Keeper, blocks: None, place: int) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    with company.engine.connect() as connection:
        numbers = list(connection.execute(select(JOURNAL.c.id).order_by(JOURNAL.c.id)).scalars())
    run(company, delete(JOURNAL).where(JOURNAL.c.id == numbers[place]))
    assert verified(company, keeper).first_broken == numbers[place]


def test_a_records_whole_history_taken_out_is_named_by_its_first_row(company: Company, keeper: Keeper, blocks: None) -> None:
    rows = history(company)
    seal(company.engine, keeper, at_once=True)
    run(company, delete(JOURNAL).where(JOURNAL.c.id.in_(rows)))
    assert verified(company, keeper).first_broken == rows[0]


def test_a_history_written_anew_with_right_digests_is_named(company: Company, keeper: Keeper, blocks: None) -> None:
    rows = history(company)
    seal(company.engine, keeper, at_once=True)
    previous = ""
    for number in rows:
        row = {**stored(company, number)._mapping, "previous": previous}
        if number == rows[2]:
            row["changes"] = {"name": ["а0", "інша"]}
        previous = digest_of(row)
        run(company, update(JOURNAL).where(JOURNAL.c.id == number).values(changes=row["changes"], previous=row["previous"], digest=previous))
    assert verified(company, keeper).first_broken == rows[2]


def test_a_row_put_into_a_gap_of_a_sealed_block_is_named(company: Company, keeper: Keeper, blocks: None) -> None:
    rows = history(company)
    run(company, delete(JOURNAL).where(JOURNAL.c.id == rows[-1]))  # a number that was given and never used
    with company.system() as session:
        records.create(session, "account", {"name": "3"})
        session.commit()
    seal(company.engine, keeper, at_once=True)
    with company.engine.connect() as connection:
        free = next(iter({*range(1, rows[-1] + 1)} - {*connection.execute(select(JOURNAL.c.id)).scalars()}), None)
    if free is None:
        pytest.skip("this database gives the numbers of the last rows once more")
    row = {**stored(company, rows[0])._mapping, "id": free, "version": None, "previous": ""}
    run(company, insert(JOURNAL).values({**row, "digest": digest_of(row)}))
    assert verified(company, keeper).first_broken == free


def test_an_end_cut_off_with_its_seals_shows_by_the_file_of_heads(company: Company, keeper: Keeper, blocks: None) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    with company.engine.connect() as connection:
        last = [JournalSeal(**row) for row in connection.execute(select(SEALS).order_by(SEALS.c.number.desc()).limit(2)).mappings()]
    cut = last[-1].first
    run(company, delete(SEALS).where(SEALS.c.number >= last[-1].number))
    run(company, delete(JOURNAL).where(JOURNAL.c.id >= cut))
    assert verified(company, keeper).first_broken == cut
    keeper.file.write_text("".join(keeper.file.read_text().splitlines(keepends=True)[: last[-1].number - 1]))
    assert verified(company, keeper).ok  # only a copy of the file elsewhere tells now


NO_RANGES: list[Any] = [[], None, "text", {}, [[1]], [["a", "b"]], [[5, 1]], [[1, 2], [2, 3]], [[0, 3]], [[-4, 3]], [[1, 2, 3]], [[1.5, 2]], [[True, 2]]]


@pytest.mark.parametrize("ranges", NO_RANGES)
def test_ranges_that_are_none_are_named_and_no_fault(company: Company, keeper: Keeper, blocks: None, ranges: Any) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    run(company, update(SEALS).where(SEALS.c.number == 1).values(ranges=ranges))
    assert verified(company, keeper).first_broken == 1


@pytest.mark.parametrize("digest", ["", "не шістнадцяткове", "z" * 64])
def test_a_digest_that_is_none_is_named_and_no_fault(company: Company, keeper: Keeper, blocks: None, digest: str) -> None:
    rows = history(company)
    seal(company.engine, keeper, at_once=True)
    run(company, update(JOURNAL).where(JOURNAL.c.id == rows[1]).values(digest=digest))
    assert verified(company, keeper).first_broken == rows[1]


@pytest.mark.parametrize("column", ["at", "ranges", "marks", "root", "head", "signature"])
def test_a_forged_seal_is_named_by_its_blocks_first_row(company: Company, keeper: Keeper, blocks: None, column: str) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    with company.engine.connect() as connection:
        second = JournalSeal(**connection.execute(select(SEALS).where(SEALS.c.number == 2)).mappings().one())
    forged: dict[str, Any] = {
        "at": second.at + timedelta(seconds=1), "ranges": [[second.first, second.last - 1]], "marks": "z" * 48, "root": "0" * 64,
        "head": "0" * 64, "signature": keeper.sign("another"),
    }
    run(company, update(SEALS).where(SEALS.c.number == 2).values({column: forged[column]}))
    found = verified(company, keeper).first_broken
    assert found is not None and second.first <= found <= second.last + 1


def test_a_seal_taken_out_is_named(company: Company, keeper: Keeper, blocks: None) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    with company.engine.connect() as connection:
        second = JournalSeal(**connection.execute(select(SEALS).where(SEALS.c.number == 2)).mappings().one())
    run(company, delete(SEALS).where(SEALS.c.number == 2))
    keeper.file.unlink()
    assert verified(company, keeper).first_broken == second.first


def test_after_a_change_of_the_secret_the_file_of_heads_proves_older_seals(company: Company, keeper: Keeper, blocks: None, tmp_path: Path) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    renewed = Keeper.of(tmp_path, "another secret of the installation")
    assert verified(company, renewed).ok
    keeper.file.unlink()
    with company.engine.connect() as connection:
        first = JournalSeal(**connection.execute(select(SEALS).where(SEALS.c.number == 1)).mappings().one())
    assert verified(company, renewed).first_broken == first.first


def test_a_head_missing_from_the_file_is_written_at_the_next_sealing(company: Company, keeper: Keeper, blocks: None) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    whole = keeper.file.read_text()
    keeper.file.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    seal(company.engine, keeper)
    assert keeper.file.read_text() == whole


def test_a_writer_under_way_is_waited_for(company: Company, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "WAIT", "200ms")
    history(company)
    with company.system() as session:
        records.create(session, "account", {"name": "ще не збережено"})
        if company.engine.dialect.name == "postgresql":  # on SQLite nobody else could write meanwhile
            assert seal(company.engine, keeper, at_once=True) == 0
        session.commit()
    assert seal(company.engine, keeper, at_once=True) == count(company)
    assert verified(company, keeper).ok


UNREADABLE_ROW = {"changes": "'{'", "at": "'gestern'", "digest": "x'00ff'", "previous": "x'00ff'", "salt": "x'00ff'", "reason": "x'00ff'", "version": "'zwei'"}
UNREADABLE_SEAL = {"ranges": "'['", "at": "'gestern'", "marks": "x'00ff'", "root": "x'00ff'", "head": "x'00ff'", "signature": "x'00ff'"}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("column", list(UNREADABLE_ROW))
def test_a_row_that_does_not_even_read_is_named_and_no_fault(company: Company, keeper: Keeper, blocks: None, column: str, sealed: bool) -> None:
    if company.engine.dialect.name != "sqlite":
        pytest.skip("this database keeps in a column only what it is for")
    rows = history(company)
    if sealed:
        seal(company.engine, keeper, at_once=True)
    run(company, text(f"UPDATE journal SET {column} = {UNREADABLE_ROW[column]} WHERE id = {rows[1]}"))
    assert verified(company, keeper).first_broken == rows[1]


@pytest.mark.parametrize("column", list(UNREADABLE_SEAL))
def test_a_seal_that_does_not_even_read_is_named_and_no_fault(company: Company, keeper: Keeper, blocks: None, column: str) -> None:
    if company.engine.dialect.name != "sqlite":
        pytest.skip("this database keeps in a column only what it is for")
    history(company)
    seal(company.engine, keeper, at_once=True)
    run(company, text(f"UPDATE journal_seal SET {column} = {UNREADABLE_SEAL[column]} WHERE number = 1"))
    assert verified(company, keeper).first_broken == 1


@pytest.mark.parametrize("number", [0, -1, -(2**31)])
def test_a_row_put_in_before_all_others_is_named(company: Company, keeper: Keeper, number: int) -> None:
    """Histories are read by record and would show it."""
    rows = history(company)
    row = {**stored(company, rows[0])._mapping, "id": number, "version": None, "previous": "", "changes": {"name": [None, "вигадка"]}}
    run(company, insert(JOURNAL).values({**row, "digest": digest_of(row)}))
    assert verified(company, keeper).first_broken == number
    seal(company.engine, keeper, at_once=True)
    assert verified(company, keeper).first_broken == number


def test_a_seal_that_claims_endless_rows_is_named_at_once(company: Company, keeper: Keeper, blocks: None) -> None:
    rows = history(company)
    seal(company.engine, keeper, at_once=True)
    far = 2**31 - 2
    row = {**stored(company, rows[0])._mapping, "id": far, "version": None, "previous": ""}
    run(company, insert(JOURNAL).values({**row, "digest": digest_of(row)}))
    last = max(n for n, _, _ in keeper.lines())
    with company.engine.connect() as connection:
        first = JournalSeal(**connection.execute(select(SEALS).where(SEALS.c.number == last)).mappings().one()).first
    run(company, update(SEALS).where(SEALS.c.number == last).values(ranges=[[first, far]]))
    found = verified(company, keeper).first_broken
    assert found is not None and first <= found <= count(company)


LONG = "9" * 5000


@pytest.mark.parametrize("line", [
    "1 1 4 é {mark}.é", "1 1 4 {head} {mark}.é", LONG + " 1 4 {head} 00000000.x", "1 " + LONG + " 4 {head} 00000000.x", "\0", "1 1 4",
])
def test_a_line_of_heads_that_does_not_read_is_no_line_and_no_fault(company: Company, keeper: Keeper, blocks: None, line: str) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    head, signature = keeper.file.read_text().splitlines()[0].split()[3:]
    with keeper.file.open("a", encoding="utf-8") as kept:
        kept.write(line.format(head=head, mark=signature.partition(".")[0]) + "\n")
    assert verified(company, keeper).ok
    company.make("account", {"name": "3"})
    seal(company.engine, keeper, at_once=True)
    assert verified(company, keeper).ok


def test_a_signature_of_other_signs_is_named_and_no_fault(company: Company, keeper: Keeper, blocks: None) -> None:
    history(company)
    seal(company.engine, keeper, at_once=True)
    run(company, update(SEALS).where(SEALS.c.number == 1).values(signature=keeper.sign("x").partition(".")[0] + ".підпис"))
    assert verified(company, keeper).first_broken == 1
