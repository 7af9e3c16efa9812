"""The rows of a file as its trial left them: what becomes of each, why, and what a person decided. Gone with the file."""

from collections.abc import Iterable, Mapping as Map, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, ForeignKey, Index, String, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.exchange.decisions import Action, Decision, Proposal
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.guard import DataSession

Outcome = Literal["made", "changed", "same", "left", "failed"]
LOOKED_OVER = 5_000  # rows whose decisions are read at once when they are told apart


class ImportRow(Base):
    """One row of an upload. `record_id` is the record that the trial or a person meant; whether its reader sees it is asked when it is shown."""

    __tablename__ = "import_row"
    __table_args__ = (Index("ix_import_row_decision", "upload_id", "decision", "number"), Index("ix_import_row_outcome", "upload_id", "outcome", "number"))

    upload_id: Mapped[int] = mapped_column(ForeignKey("import_upload.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(200))
    decision: Mapped[str] = mapped_column(String(8))  # Action
    firm: Mapped[bool]  # a person decided it
    outcome: Mapped[str] = mapped_column(String(8))  # Outcome
    reason: Mapped[str] = mapped_column(String(8))  # decisions.Reason
    record_id: Mapped[int | None]
    fields: Mapped[str] = mapped_column(String(200))
    much: Mapped[int]


ROWS = ImportRow.__table__


@dataclass(frozen=True)
class KeptRow:
    """A row as it is kept. `fields` are those in which it resembles its record, `much` in hundredths."""

    number: int
    title: str
    decision: str
    firm: bool
    outcome: str
    reason: str
    record: int | None
    fields: tuple[str, ...]
    much: int


def keep(session: DataSession, upload: int, plans: Sequence[RowPlan], context: Context, proposed: Map[int, Proposal]) -> None:
    """Keep a part of the rows as it was judged, in place of what was kept of it; the caller commits."""
    rows = [_row(one, context, proposed.get(one.number)) for one in plans if not one.draft.blank or one.draft.problems]
    if not plans:
        return
    span = _between(upload, plans[0].number, plans[-1].number)
    before = {r.number: r for r in session.kernel(select(ROWS.c.number, ROWS.c.reason, ROWS.c.record_id, ROWS.c.fields, ROWS.c.much).where(span, ROWS.c.firm))}
    session.kernel(delete(ROWS).where(span))
    for row in rows:
        known = before.get(row["number"]) if row["firm"] else None
        if known is not None:  # why it was proposed otherwise stays told
            row |= {"reason": known.reason, "record_id": row["record_id"] or known.record_id, "fields": known.fields, "much": known.much}
    if rows:
        session.kernel(insert(ROWS), [{"upload_id": upload, **row} for row in rows])


def trim(session: DataSession, upload: int, last: int) -> None:
    """Forget rows behind the last one of the file."""
    session.kernel(delete(ROWS).where(ROWS.c.upload_id == upload, ROWS.c.number > last))


def forget(session: DataSession, uploads: Iterable[int]) -> None:
    """Forget all rows of these uploads."""
    session.kernel(delete(ROWS).where(ROWS.c.upload_id.in_(list(uploads))))


def decided(session: DataSession, upload: int, first: int, last: int, *, firm: bool) -> dict[int, Decision]:
    """What was decided of a part of the rows; with `firm` only by a person."""
    query = select(ROWS.c.number, ROWS.c.decision, ROWS.c.record_id, ROWS.c.firm).where(_between(upload, first, last))
    if firm:
        query = query.where(ROWS.c.firm)
    return {r.number: Decision(r.decision, r.record_id if r.decision == "update" else None, r.firm) for r in session.kernel(query)}


def became(session: DataSession, upload: int, first: int, last: int) -> dict[int, int]:
    """The records that a part of the rows became, as far as they were written."""
    written = ROWS.c.decision.in_(("create", "update")) & (ROWS.c.outcome != "failed") & ROWS.c.record_id.is_not(None)
    return {r.number: r.record_id for r in session.kernel(select(ROWS.c.number, ROWS.c.record_id).where(_between(upload, first, last), written))}


def keep_made(session: DataSession, upload: int, records: Map[int, int]) -> None:
    """Remember which records rows became, in the transaction that made them."""
    if records:
        one = update(ROWS).where(ROWS.c.upload_id == upload, ROWS.c.number == bindparam("row")).values(record_id=bindparam("became"))
        session.kernel(one, [{"row": number, "became": record} for number, record in records.items()])


def counts(session: DataSession, upload: int) -> dict[tuple[str, str], int]:
    """Rows by decision and outcome."""
    query = select(ROWS.c.decision, ROWS.c.outcome, func.count()).where(ROWS.c.upload_id == upload).group_by(ROWS.c.decision, ROWS.c.outcome)
    return {(decision, outcome): count for decision, outcome, count in session.kernel(query)}


def page(session: DataSession, upload: int, *, decision: str | None, failed: bool, after: int, size: int) -> list[KeptRow]:
    """Rows behind the number `after`, of one decision or all, failed ones alone or not."""
    query = select(ROWS).where(_chosen(upload, decision, failed), ROWS.c.number > after).order_by(ROWS.c.number).limit(size)
    return [
        KeptRow(r.number, r.title, r.decision, r.firm, r.outcome, r.reason, r.record_id, tuple(r.fields.split(",")) if r.fields else (), r.much)
        for r in session.kernel(query)
    ]


def choose(
    session: DataSession, upload: int, action: Action, *, numbers: Sequence[int] | None = None, decision: str | None = None, failed: bool = False,
) -> int:
    """Decide so of the rows with these numbers, or of all of a decision; how many. A row that found no record cannot change one and stays."""
    if numbers is not None:
        which: ColumnElement[bool] = (ROWS.c.upload_id == upload) & ROWS.c.number.in_(list(numbers))
    else:
        which = _chosen(upload, decision, failed)
    if action == "update":
        which &= ROWS.c.record_id.is_not(None)
    done = session.kernel(update(ROWS).where(which, ROWS.c.decision != action).values(decision=action, firm=True))
    return int(done.rowcount)  # type: ignore[attr-defined]  # an update's result counts rows


def digest(session: DataSession, upload: int) -> str:
    """Tells one set of decisions from another."""
    told, after = sha256(), 0
    while True:
        query = select(ROWS.c.number, ROWS.c.decision, ROWS.c.record_id, ROWS.c.firm).where(ROWS.c.upload_id == upload, ROWS.c.number > after)
        several = session.kernel(query.order_by(ROWS.c.number).limit(LOOKED_OVER))
        part = [(r.number, r.decision, r.record_id if r.decision == "update" else None, r.firm) for r in several]
        if not part:
            return told.hexdigest()
        told.update(repr(part).encode())
        after = part[-1][0]


def unwritten(session: DataSession, upload: int, first: int, last: int) -> set[int]:
    """Which of a part of the rows stay in the file: those to be reviewed, and those that failed."""
    left = (ROWS.c.decision == "review") | ((ROWS.c.outcome == "failed") & (ROWS.c.decision != "skip"))
    return set(session.kernel(select(ROWS.c.number).where(_between(upload, first, last), left)).scalars())


def _between(upload: int, first: int, last: int) -> ColumnElement[bool]:
    return (ROWS.c.upload_id == upload) & ROWS.c.number.between(first, last)


def _chosen(upload: int, decision: str | None, failed: bool) -> ColumnElement[bool]:
    which: ColumnElement[bool] = ROWS.c.upload_id == upload
    if decision is not None:
        which &= ROWS.c.decision == decision
    return which & (ROWS.c.outcome == "failed") if failed else which


def _row(one: RowPlan, context: Context, proposal: Proposal | None) -> dict[str, Any]:
    decision = one.draft.decision
    firm = decision is not None and decision.firm
    action = decision.action if decision is not None else proposal.action if proposal is not None else "create" if one.is_new else "update"
    outcome: Outcome = "failed" if one.draft.problems else "left" if one.draft.left else "made" if one.is_new else "same" if one.idle else "changed"
    record = proposal.record if proposal is not None else one.record_id
    title = one.draft.texts.get(context.layout.kind.declared.title) or one.draft.texts.get("code") or next(filter(None, one.draft.texts.values()), "")
    return {
        "number": one.number, "title": title[:200], "decision": action, "firm": firm, "outcome": outcome,
        "reason": proposal.reason if proposal is not None else "failed" if outcome == "failed" else "hand" if firm else "none", "record_id": record,
        "fields": ",".join(proposal.fields)[:200] if proposal is not None else "", "much": proposal.much if proposal is not None else 0,
    }
