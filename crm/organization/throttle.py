"""Growing pauses between attempts, kept in a table so that every worker counts alike.

An attempt is counted before it is judged: guesses sent side by side do not slip through together. The account counts by what was typed,
whether such a person exists or not. An address from which the account signed in lately has a counter of its own, so that a stranger's
guesses do not keep the owner out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from crm.backoffice.guard import SystemSession
from crm.organization.sign_in_models import SignInAttempt


@dataclass(frozen=True)
class Limit:
    """`free` attempts without a pause, then pauses of `first` seconds, doubling up to `longest`; forgotten after `memory` without one."""

    kind: str
    free: int
    first: int = 5
    longest: int = 900
    memory: timedelta = timedelta(hours=1)

    def pause(self, count: int) -> int:
        """Seconds to wait after the attempt number `count`."""
        return 0 if count < self.free else min(self.longest, self.first << min(count - self.free, 16))


ACCOUNT = Limit("account", free=5)
ADDRESS = Limit("address", free=40)
CODE = Limit("code", free=5, longest=3600, memory=timedelta(days=1))  # only who knows the password gets here, so the pauses may be long
CODE_ADDRESS = Limit("codes", free=40)
OFFER = Limit("offer", free=30)  # answers by links of quotes, their sheets as files, and links that are none
LETTER_ACCOUNT = Limit("letter", free=3, first=300, longest=3600, memory=timedelta(hours=6))
LETTER_ADDRESS = Limit("letters", free=20, first=60, longest=3600)


def digest(subject: str) -> str:
    """What stands in the table instead of an account or an address."""
    return sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


def network(address: str) -> str:
    """The address as one customer of a provider has it: IPv6 hosts change their lower half at will."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def of_code(account: str, address: str) -> list[tuple[Limit, str]]:
    """What an attempt to show a code counts against."""
    return [(CODE, account), (CODE_ADDRESS, network(address))]


def enter(session: SystemSession, subjects: Sequence[tuple[Limit, str]]) -> int:
    """Counts one attempt for every (limit, subject). Returns 0, or the seconds to wait when one of them pauses: then nothing was counted
    and the attempt must not be judged. Give `subjects` in the same order everywhere; the caller commits."""
    now = datetime.now(UTC)
    rows = [(limit, _locked(session, limit.kind, digest(subject), now)) for limit, subject in subjects]
    # A pause longer than any limit gives is a clock that was set back.
    waits = [(until - now).total_seconds() for limit, (_, _, _, until) in rows if until is not None and until - now <= timedelta(seconds=limit.longest)]
    if any(wait > 0 for wait in waits):
        return max(1, round(max(waits)))
    for limit, (row_id, count, last_at, _) in rows:
        count = 1 if now - last_at > limit.memory else count + 1
        pause = limit.pause(count)
        until = now + timedelta(seconds=pause) if pause else None
        session.execute(update(SignInAttempt).where(SignInAttempt.id == row_id).values(count=count, last_at=now, until=until))
    return 0


def _locked(session: SystemSession, kind: str, subject: str, now: datetime) -> tuple[int, int, datetime, datetime | None]:
    """(id, count, last, until) of a counter, made when it is missing, held until the end of the transaction. In one statement: between two,
    somebody else may forgive the subject and take the row away."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = SignInAttempt
    made = insert(table).values(kind=kind, subject=subject, count=0, last_at=now)
    held = made.on_conflict_do_update(index_elements=[table.kind, table.subject], set_={"kind": kind})
    row_id, count, last_at, until = session.execute(held.returning(table.id, table.count, table.last_at, table.until)).one()
    return row_id, count, last_at, until


def forgive(session: SystemSession, limit: Limit, subject: str) -> None:
    """Forgets the attempts of a subject that has shown itself; the address keeps its count, or one good account would wash it clean."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.kind == limit.kind, SignInAttempt.subject == digest(subject)))


def forget_old(session: SystemSession) -> None:
    """Removes counters that no limit remembers any more."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.last_at < datetime.now(UTC) - timedelta(days=1)))
