"""Whether the journal still reads as it was written: every row, every record's history, every sealed block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.journal import ERASURE, JournalRow, digest_of, print_of
from crm.backoffice.seals.block import MARK, JournalSeal, Keeper, head_of, root_of

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)  # of a column that holds what its type does not read


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
        if found is None or found.number != number or not found.is_sound or found.first <= last:
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
    broken.at(*rows.uncovered())
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
        self.erased: dict[int, str] = {}  # rows whose values were erased: what is left of them
        self.covered: dict[int, str] = {}  # and what an erasure says it left
        self._coming = self._all()
        self._ahead: Mapping[Any, Any] | None = next(self._coming, None)

    def _all(self) -> Iterator[Mapping[Any, Any]]:
        """From the very first number: one below 1, which no row of ours has, was put in."""
        journal = JournalRow.__table__
        query = select(journal.c.id).order_by(journal.c.id).limit(self.page)
        numbers = list(self.session.kernel(query).scalars())
        while numbers:
            yield from self._read(numbers)
            numbers = list(self.session.kernel(query.where(journal.c.id > numbers[-1])).scalars())

    def _read(self, numbers: Sequence[int]) -> Iterator[Mapping[Any, Any]]:
        """These rows; of one in which a column does not read as what it is only the number."""
        if not numbers:
            return
        journal = JournalRow.__table__
        rows = select(journal).where(journal.c.id.between(numbers[0], numbers[-1])).order_by(journal.c.id)
        try:
            yield from self.session.kernel(rows).mappings().all()
        except UNREADABLE:
            half = len(numbers) // 2
            if half:
                yield from self._read(numbers[:half])
                yield from self._read(numbers[half:])
            else:
                yield {"id": numbers[0]}

    def until(self, number: int) -> Iterator[Mapping[Any, Any]]:
        """Rows up to `number`."""
        while self._ahead is not None and self._ahead["id"] <= number:
            row, self._ahead = self._ahead, next(self._coming, None)
            yield row

    def rest(self) -> Iterator[Mapping[Any, Any]]:
        return self.until(2**63)

    def check(self, row: Mapping[Any, Any], broken: _Broken) -> None:
        self.count += 1
        if not _reads(row):
            broken.at(row["id"])
            return
        place, chained = (row["entity"], row["record_id"]), row["version"] is not None
        if row["id"] < 1 or row["digest"] != digest_of(row) or (chained and row["previous"] != self.last.get(place, "")):
            broken.at(row["id"])
        if chained:
            self.last[place] = row["digest"]
        if row.get("erased") is not None:
            self.erased[row["id"]] = print_of(row["changes"])
        if row["action"] == ERASURE:
            self.covered |= _left(row["changes"])

    def uncovered(self) -> list[int]:
        """Rows whose values were erased and of which no erasure says what was left: something else was put there."""
        return [number for number, left in self.erased.items() if self.covered.get(number) != left]


def _left(changes: Any) -> dict[int, str]:
    """Row → what an erasure left of it; nothing of what does not read as one."""
    try:
        return {int(number): str(left) for number, left in changes["rows"][1].items()}
    except UNREADABLE:
        return {}


def _reads(row: Mapping[Any, Any]) -> bool:
    """Whether the columns that are reckoned with hold what they are for: SQLite keeps anything in any of them."""
    return all(isinstance(row.get(key), str) for key in ("salt", "digest", "previous")) and isinstance(row.get("at"), datetime)


def _verify_block(found: JournalSeal, rows: _Rows, head: str, broken: _Broken) -> str:
    """The rows of a block against its seal; its head, as it must be after `head`."""
    wanted = _Wanted(found.ranges)
    present: list[tuple[int, str]] = []
    for row in rows.until(found.last):
        rows.check(row, broken)
        number, digest = row["id"], str(row.get("digest"))
        missing = wanted.before(number)
        if missing is not None:
            broken.at(missing)
        at = wanted.take(number)
        if at is None:
            broken.at(number)  # put in
            continue
        if found.marks[at * MARK : (at + 1) * MARK] != digest[:MARK]:
            broken.at(number)
        present.append((number, digest))
    missing = wanted.before(found.last + 1)
    if missing is not None:
        broken.at(missing)
    if root_of(present) != found.root:
        broken.within(found)
    return head_of(head, found.number, found.at, found.root)


class _Wanted:
    """The numbers that a block holds, met in their order. Never counted one by one: a forged block may claim any number of them."""

    def __init__(self, ranges: Sequence[Sequence[int]]) -> None:
        self._ahead = [(first, last) for first, last in reversed(ranges)]
        self._passed = 0

    def before(self, number: int) -> int | None:
        """The first of those not met yet that are less than `number`; all such count as passed."""
        missing: int | None = None
        while self._ahead and self._ahead[-1][0] < number:
            first, last = self._ahead.pop()
            missing = first if missing is None else missing
            self._passed += min(last + 1, number) - first
            if last >= number:
                self._ahead.append((number, last))
        return missing

    def take(self, number: int) -> int | None:
        """The place of `number`, which is the next; None when it is not."""
        if not self._ahead or self._ahead[-1][0] != number:
            return None
        first, last = self._ahead.pop()
        if last > first:
            self._ahead.append((first + 1, last))
        self._passed += 1
        return self._passed - 1


def _seals(session: DataSession) -> Iterator[JournalSeal | None]:
    """In their order; None for one that does not read as a seal."""
    table, after = JournalSeal.__table__, -1
    while True:
        number = session.kernel(select(table.c.number).where(table.c.number > after).order_by(table.c.number).limit(1)).scalar()
        if number is None:
            return
        try:
            row = session.kernel(select(table).where(table.c.number == number)).mappings().one()
        except UNREADABLE:
            yield None
        else:
            yield JournalSeal(**row) if all(isinstance(row[key], str) for key in ("marks", "root", "head", "signature")) else None
        after = number
