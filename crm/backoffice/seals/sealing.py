"""Blocks are sealed as the journal grows: by the worker every minute, or at once by `flask journal seal`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from crm.backoffice.journal import JournalRow
from crm.backoffice.seals.block import JournalSeal, Keeper, head_of, marks_of, ranges_of, root_of

BLOCK = 2000  # rows of a block at most
EVERY = timedelta(minutes=10)  # a smaller block is sealed when its first row is as old
WAIT = "2s"  # for writers of the journal under way, on PostgreSQL


def seal(engine: Engine, keeper: Keeper, *, now: datetime | None = None, at_once: bool = False, most: int = 100) -> int:
    """Seal what is settled: whole blocks, and a smaller one when it is old enough or `at_once`; `most` blocks. Returns how many rows."""
    now = now or datetime.now(UTC)
    settled = _settled(engine)
    sealed = 0
    for _ in range(most if settled else 0):
        try:
            made = _next(engine, keeper, settled, now, at_once=at_once)
        except IntegrityError:  # another worker has just sealed it
            made = 0
        sealed += made
        if not made:
            break
    _write_heads(engine, keeper)
    return sealed


def _settled(engine: Engine) -> int:
    """The number of the last row before which none can appear any more: no writer of the journal is under way at this moment. 0 when there
    are writers that do not end in time."""
    journal = JournalRow.__table__
    try:
        with engine.execution_options(writer=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT}'"))
                connection.execute(text("LOCK TABLE journal IN SHARE MODE"))
            return int(connection.execute(select(func.max(journal.c.id))).scalar() or 0)
    except OperationalError:
        return 0


def _next(engine: Engine, keeper: Keeper, settled: int, now: datetime, *, at_once: bool) -> int:
    journal, table = JournalRow.__table__, JournalSeal.__table__
    with engine.execution_options(writer=True).begin() as connection:
        before = newest(connection)
        rows = connection.execute(
            select(journal.c.id, journal.c.at, journal.c.digest).where(journal.c.id > (before.last if before else 0), journal.c.id <= settled)
            .order_by(journal.c.id).limit(BLOCK)
        ).all()
        if not rows or (len(rows) < BLOCK and not at_once and now - rows[0].at < EVERY):
            return 0
        made = _made(before, [(row.id, row.digest) for row in rows], now, keeper)
        connection.execute(insert(table), [{c.name: getattr(made, c.name) for c in table.columns}])
    return len(rows)


def _made(before: JournalSeal | None, rows: Sequence[tuple[int, str]], now: datetime, keeper: Keeper) -> JournalSeal:
    number = before.number + 1 if before else 1
    root = root_of(rows)
    head = head_of(before.head if before else "", number, now, root)
    return JournalSeal(
        number=number, at=now, ranges=ranges_of([n for n, _ in rows]), marks=marks_of(rows), root=root, head=head, signature=keeper.sign(head),
    )


def newest(connection: Connection) -> JournalSeal | None:
    table = JournalSeal.__table__
    row = connection.execute(select(table).order_by(table.c.number.desc()).limit(1)).mappings().first()
    return JournalSeal(**row) if row else None


def _write_heads(engine: Engine, keeper: Keeper) -> None:
    """Lines for seals that have none yet: a process may have ended between the seal and its line."""
    table = JournalSeal.__table__
    kept = max((number for number, _, _ in keeper.lines()), default=0)
    with engine.connect() as connection:
        new = [JournalSeal(**row) for row in connection.execute(select(table).where(table.c.number > kept).order_by(table.c.number)).mappings()]
    if new:
        keeper.keep(new)
