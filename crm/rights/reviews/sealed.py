"""The digest of a signed review: made of every membership with its decision, kept in the journal, and so under the journal's seals. Comments enter
as salted hashes of their own, so that one can be erased and the rest still holds."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.seals.block import JournalSeal, root_of
from crm.rights.reviews.reading import ITEMS, Item, Review, items

JOURNAL, SEALS = JournalRow.__table__, JournalSeal.__table__


@dataclass(frozen=True)
class Line:
    """What of an item the digest covers, as JSON."""

    review: int
    item: int
    membership: int
    user: int
    role: int
    since: str | None
    until: str | None
    reviewer: int
    decision: str | None
    shorten_to: str | None
    decided_at: str | None
    outcome: str
    comment: str

    @classmethod
    def of(cls, review_id: int, item: Item, outcome: str, hashed: str) -> "Line":
        days = [str(day) if day is not None else None for day in (item.since, item.until, item.shorten_to)]
        at = item.decided_at.isoformat() if item.decided_at is not None else None
        return cls(review_id, item.id, item.membership, item.user, item.role, days[0], days[1], item.reviewer, item.decision, days[2], at, outcome, hashed)


@dataclass(frozen=True)
class Sealed:
    """How a signed review stands: whether its rows are what was signed (`holds`), how many comments are no longer (their text was erased), the
    journal's row that keeps the digest, and the number of the sealed block that row is in (None: it waits for the next one)."""

    holds: bool
    comments: int
    row: int | None
    block: int | None


def new_salt() -> str:
    return secrets.token_hex(16)


def comment_hash(salt: str, comment: str) -> str:
    return hashlib.sha256((salt + comment).encode()).hexdigest()


def line_digest(line: Line) -> str:
    return hashlib.sha256(json.dumps(asdict(line), sort_keys=True).encode()).hexdigest()


def root(lines: Iterable[tuple[int, str]]) -> str:
    """Of all lines by number and digest."""
    return root_of(sorted(lines))


def sealed(session: DataSession, review: Review, action: str) -> Sealed:
    """Recompute a signed review and look for it in the journal."""
    query = select(ITEMS.c.id, ITEMS.c.salt, ITEMS.c.comment_hash).where(ITEMS.c.review_id == review.id)
    kept = {row.id: row for row in session.kernel(query)}
    lines, comments = [], 0
    for one in items(session, review.id):
        own = kept[one.id]
        lines.append((one.id, line_digest(Line.of(review.id, one, one.outcome or "", own.comment_hash or ""))))
        comments += comment_hash(own.salt or "", one.comment) != own.comment_hash
    asked = select(JOURNAL.c.id, JOURNAL.c.changes).where(JOURNAL.c.entity == "access_review", JOURNAL.c.record_id == review.id, JOURNAL.c.action == action)
    written = session.kernel(asked).first()
    said = (written.changes.get("digest") or [None, None])[1] if written is not None else None
    return Sealed(root(lines) == review.digest == said, comments, written.id if written is not None else None,
                  _block(session, review, written.id) if written is not None else None)


def _block(session: DataSession, review: Review, row: int) -> int | None:
    """Blocks are sealed in order, so the row's is among the first after the sign-off."""
    query = select(SEALS.c.number, SEALS.c.ranges).where(SEALS.c.at >= review.signed_at).order_by(SEALS.c.number).limit(20)
    return next((seal.number for seal in session.kernel(query) if seal.ranges[0][0] <= row <= seal.ranges[-1][1]), None)
