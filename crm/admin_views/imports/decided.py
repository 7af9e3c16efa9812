"""What becomes of rows, as the page of decisions draws it: filters with their numbers, and rows with the reason of each proposal."""

from collections.abc import Mapping as Map, Sequence
from dataclasses import dataclass

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import row_log
from crm.backoffice.exchange.decisions import Action, as_action
from crm.backoffice.exchange.row_log import KeptRow
from crm.backoffice.guard import UserSession
from crm.backoffice.likeness.index import is_name
from crm.messages import Message, m

WORDS: Map[Action, Message] = {"create": m("create"), "update": m("change"), "review": m("review"), "skip": m("skip")}
FILTERS: Map[str, Message] = {
    "": m("All"), "create": m("New records"), "update": m("Changes"), "review": m("To review"), "skip": m("Skipped"), "failed": m("Errors"),
}


@dataclass(frozen=True)
class Filter:
    """One view of the rows: its key in the address, its name, how many rows it has."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class RowLine:
    """One row of the file: what may be decided of it (value, words), what is, and why it was proposed; `url` leads to the record that is meant."""

    number: int
    title: str
    options: Sequence[tuple[str, str]]
    decision: str
    firm: bool
    failed: bool
    why: str
    record: str
    url: str


@dataclass(frozen=True)
class Tally:
    """Rows by what becomes of them, as it is decided now."""

    created: int
    updated: int
    unchanged: int
    failed: int
    review: int
    skipped: int

    @property
    def unwritten(self) -> int:
        """Rows that stay in the file."""
        return self.review + self.failed


def tally(counts: Map[tuple[str, str], int]) -> Tally:
    """The numbers of `row_log.counts` as they are told."""
    def among(*actions: str, failed: bool = False, same: bool = False) -> int:
        return sum(n for (a, o), n in counts.items() if a in actions and (o == "failed") == failed and (o == "same") == same)

    return Tally(
        among("create") + among("create", same=True), among("update"), among("update", same=True), among("create", "update", failed=True),
        sum(n for (a, _), n in counts.items() if a == "review"), sum(n for (a, _), n in counts.items() if a == "skip"),
    )


def filters(counts: Map[tuple[str, str], int]) -> list[Filter]:
    """The filters in their order."""
    told: dict[str, int] = {key: sum(n for (a, _), n in counts.items() if a == key) for key in WORDS}
    told |= {"": sum(counts.values()), "failed": sum(n for (_, o), n in counts.items() if o == "failed")}
    return [Filter(key, say(label), told[key]) for key, label in FILTERS.items()]


def chosen(raw: str) -> tuple[Action | None, bool]:
    """A filter of the address: the decision, and whether failed rows alone."""
    return as_action(raw), raw == "failed"


def lines(session: UserSession, kind: Entity, rows: Sequence[KeptRow]) -> list[RowLine]:
    """Rows in the reader's words. A record that he does not see any more is not told of."""
    seen = lookup.titles(session, kind, {row.record for row in rows if row.record is not None})
    return [_line(session, kind, row, seen) for row in rows]


def _line(session: UserSession, kind: Entity, row: KeptRow, seen: Map[int, str]) -> RowLine:
    known = row.record is not None and row.record in seen
    options = [(action, say(words)) for action, words in WORDS.items() if action != "update" or known or row.decision == "update"]
    failed = row.outcome == "failed"
    return RowLine(
        row.number, row.title or say(m("row %(number)s", number=row.number)), options, row.decision, row.firm, failed,
        say(m("Cannot be taken; the reason stands under Errors of the trial.")) if failed else _why(session, kind, row, known=known),
        seen[row.record] if known and row.record is not None else "", f"/{kind.key}/{row.record}/" if known else "",
    )


def _why(session: UserSession, kind: Entity, row: KeptRow, *, known: bool) -> str:
    if row.reason == "key" and known:
        return say(m("Nothing differs from")) if row.outcome == "same" else say(m("Found by its key:"))
    if row.reason == "alike" and known:
        readable = session.sight.filterable(kind.key)
        told = [kind.fields[name] for name in row.fields if name in readable]
        same = [spec for spec in told if not is_name(spec)]
        fields = ", ".join(f"“{spec.label.text(context.reader().language)}”" for spec in same or told)
        if same:
            return say(m("The same %(fields)s as", fields=fields))
        return say(m("Sounds alike by %(percent)s %% (%(fields)s):", percent=row.much, fields=fields))
    if row.reason == "none":
        return say(m("Nothing like it was found."))
    return ""


def load(session: UserSession, upload: int, raw: str, after: int, size: int) -> list[KeptRow]:
    """A page of rows and one more."""
    decision, failed = chosen(raw)
    return row_log.page(session, upload, decision=decision, failed=failed, after=after, size=size + 1)
