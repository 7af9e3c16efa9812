"""A sealed block as it is stored, the file of heads, and what a head is made of."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment

MARK = 12  # characters of each row's digest that a seal keeps, to name the row that was changed; the whole digests stand behind its head


class JournalSeal(Base):
    """One block: its rows by number, marks of their digests, and the signed head that continues the head before."""

    __tablename__ = "journal_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcMoment())
    ranges: Mapped[list[list[int]]] = mapped_column(JSON)  # [first, last] of rows without a gap
    marks: Mapped[str] = mapped_column(Text)
    root: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(80))

    @property
    def is_sound(self) -> bool:
        """Whether the ranges are what a seal has: pairs of whole numbers, each beyond the one before."""
        given = self.ranges
        if not isinstance(given, list) or not given or not all(isinstance(r, list) and len(r) == 2 and all(type(n) is int for n in r) for r in given):
            return False
        numbers = [n for first, last in given for n in (first, last + 1)]
        return numbers[0] > 0 and all(a < b for a, b in pairwise(numbers))

    @property
    def first(self) -> int:
        return self.ranges[0][0]

    @property
    def last(self) -> int:
        return self.ranges[-1][1]


@dataclass(frozen=True)
class Keeper:
    """Where heads are kept and by what they are signed. A signature begins with a mark of its key: after a change of SECRET_KEY older heads are
    as good as the copies of the file."""

    file: Path
    key: bytes

    @classmethod
    def of(cls, instance: Path, secret: str) -> "Keeper":
        return cls(instance / "journal.heads", hashlib.sha256(b"journal heads:" + secret.encode()).digest())

    def sign(self, head: str) -> str:
        return f"{self._mark}.{hmac.new(self.key, head.encode(), hashlib.sha256).hexdigest()}"

    def signed(self, head: str, signature: str) -> bool | None:
        """Whether we signed it; None when it was signed with another key."""
        return hmac.compare_digest(signature.encode(), self.sign(head).encode()) if signature.partition(".")[0] == self._mark else None

    @property
    def _mark(self) -> str:
        return hashlib.sha256(self.key).hexdigest()[:8]

    def lines(self) -> Iterator[tuple[int, int, str]]:
        """Number, first row and head of each kept line; one with a wrong signature, or that does not read as a line, is none."""
        if not self.file.is_file():
            return
        with self.file.open(encoding="ascii", errors="replace") as kept:
            for line in kept:
                parts = line.split()
                if len(parts) == 5 and all(p.isdigit() and len(p) < 19 for p in parts[:2]) and self.signed(parts[3], parts[4]) is not False:
                    yield int(parts[0]), int(parts[1]), parts[3]

    def set_aside(self) -> None:
        """The heads of another journal, before one begins anew: renamed, not removed."""
        if self.file.is_file():
            self.file.rename(self.file.with_name(f"{self.file.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}"))

    def keep(self, seals: Sequence[JournalSeal]) -> None:
        """Add a line for each seal."""
        with self.file.open("a", encoding="ascii") as kept:
            kept.writelines(f"{s.number} {s.first} {s.last} {s.head} {s.signature}\n" for s in seals)


def root_of(rows: Sequence[tuple[int, str]]) -> str:
    """Of rows by number and digest."""
    return hashlib.sha256("".join(f"{number}:{digest}\n" for number, digest in rows).encode()).hexdigest()


def head_of(before: str, number: int, at: datetime, root: str) -> str:
    """Of a block whose rows have this root, after the head `before`."""
    return hashlib.sha256(json.dumps([before, number, at.isoformat(), root]).encode()).hexdigest()


def marks_of(rows: Sequence[tuple[int, str]]) -> str:
    """The first characters of each digest."""
    return "".join(digest[:MARK] for _, digest in rows)


def ranges_of(numbers: Sequence[int]) -> list[list[int]]:
    """Rows without a gap as [first, last]."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
