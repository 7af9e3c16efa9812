"""Whether the journal still reads as it was written: every row, every record's history, every sealed block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow, digest_of
from crm.backoffice.seals.block import MARK, JournalSeal, Keeper, head_of, root_of


@dataclass(frozen=True)
class Verification:
    """What `flask journal verify` found: rows in all, in sealed blocks and after them, and the first that does not hold or is missing."""

    rows: int
    sealed: int
    unsealed: int
    first_broken: int | None

    @property
    def ok(self) -> bool:
        return self.first_broken is None


def verify(session: DataSession, keeper: Keeper, *, page: int = 5000) -> Verification:
    """Recompute every digest and every seal, in order. Constant memory but for the last digest of each record."""
    rows, broken = _Rows(session, page), _Broken()
    kept = {number: (first, head) for number, first, head in keeper.lines()}
    head, last = "", 0
    for number, found in enumerate(_seals(session), 1):
        if found.number != number or not found.is_sound or found.first <= last:
            broken.at(last + 1)
            break
        head = _verify_block(found, rows, head, broken)
        _, written = kept.pop(number, (0, ""))
        signed = keeper.signed(found.head, found.signature)
        if found.head != head or (written and written != head) or signed is False or (signed is None and not written):
            broken.within(found)
        last = found.last
    broken.at(*(first for first, _ in kept.values()))  # blocks that the file knows and the database does not
    sealed = rows.count
    for row in rows.rest():
        rows.check(row, broken)
    return Verification(rows.count, sealed, rows.count - sealed, broken.first)


class _Broken:
    """The first row that does not hold."""

    first: int | None = None

    def at(self, *numbers: int) -> None:
        for number in numbers:
            self.first = number if self.first is None else min(self.first, number)

    def within(self, block: JournalSeal) -> None:
        """Something of a block does not hold: its first row, unless a row of it, or before it, is known."""
        if self.first is None or self.first > block.last:
            self.first = block.first


class _Rows:
    """The journal's rows in their order, each checked by itself and against its record's last one."""

    def __init__(self, session: DataSession, page: int) -> None:
        self.session, self.page = session, page
        self.count = 0
        self.last: dict[tuple[str | None, int | None], str] = {}
        self._read = self._all()
        self._ahead: Mapping[Any, Any] | None = next(self._read, None)

    def _all(self) -> Iterator[Mapping[Any, Any]]:
        journal, after = JournalRow.__table__, 0
        while True:
            found = self.session.kernel(select(journal).where(journal.c.id > after).order_by(journal.c.id).limit(self.page)).mappings().all()
            yield from found
            if len(found) < self.page:
                return
            after = found[-1]["id"]

    def until(self, number: int) -> Iterator[Mapping[Any, Any]]:
        """Rows up to `number`."""
        while self._ahead is not None and self._ahead["id"] <= number:
            row, self._ahead = self._ahead, next(self._read, None)
            yield row

    def rest(self) -> Iterator[Mapping[Any, Any]]:
        return self.until(2**63)

    def check(self, row: Mapping[Any, Any], broken: _Broken) -> None:
        self.count += 1
        place, chained = (row["entity"], row["record_id"]), row["version"] is not None
        if row["digest"] != digest_of(row) or (chained and row["previous"] != self.last.get(place, "")):
            broken.at(row["id"])
        if chained:
            self.last[place] = row["digest"]


def _verify_block(found: JournalSeal, rows: _Rows, head: str, broken: _Broken) -> str:
    """The rows of a block against its seal; its head, as it must be after `head`."""
    wanted = (n for first, last in found.ranges for n in range(first, last + 1))
    present: list[tuple[int, str]] = []
    at = 0
    expected = next(wanted, None)
    for row in rows.until(found.last):
        rows.check(row, broken)
        while expected is not None and expected < row["id"]:
            broken.at(expected)  # missing
            expected, at = next(wanted, None), at + 1
        if expected != row["id"]:
            broken.at(row["id"])  # put in
            continue
        if found.marks[at * MARK : (at + 1) * MARK] != row["digest"][:MARK]:
            broken.at(row["id"])
        present.append((row["id"], row["digest"]))
        expected, at = next(wanted, None), at + 1
    if expected is not None:
        broken.at(expected)
    if root_of(present) != found.root:
        broken.within(found)
    return head_of(head, found.number, found.at, found.root)


def _seals(session: DataSession) -> Iterator[JournalSeal]:
    table, after = JournalSeal.__table__, -1
    while True:
        row = session.kernel(select(table).where(table.c.number > after).order_by(table.c.number).limit(1)).mappings().first()
        if row is None:
            return
        yield JournalSeal(**row)
        after = row["number"]
