"""What a funnel looks at: the stages of its pipeline, its deals and their moves.

Three modes look at three sets of moves. `cohort`: all moves of the deals whose first move in the pipeline lies in the period. `snapshot`: every move
before the end of the period. `flow`: the moves inside the period. Everything else is the same for all: what the moves name and how they leave the deal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, not_

from crm.backoffice.catalog import Configured
from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports.parameters import Json, within
from crm.backoffice.sight import Source
from crm.backoffice.spans import lasted_over

Mode = Literal["cohort", "snapshot", "flow"]
HISTORY = "stage_history"


@dataclass(frozen=True)
class Stages:
    """The stages of a pipeline: those that are rows, in order and the won ones last; and those in which deals are lost, which are none."""

    rows: tuple[Configured, ...]
    lost: tuple[int, ...]

    @classmethod
    def of(cls, stages: Iterable[Configured], pipeline: int) -> "Stages":
        own = [s for s in stages if s.parent_id == pipeline]
        rows = sorted((s for s in own if s.values["kind"] != "lost"), key=lambda s: (s.values["kind"] == "won", s.position))
        return cls(tuple(rows), tuple(s.id for s in own if s.values["kind"] == "lost"))

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each stage that is a row."""
        return {s.id: n for n, s in enumerate(self.rows)}

    @cached_property
    def every(self) -> list[int]:
        return [*(s.id for s in self.rows), *self.lost]

    @cached_property
    def won(self) -> list[int]:
        return [s.id for s in self.rows if s.values["kind"] == "won"]

    @cached_property
    def open(self) -> list[int]:
        return [s.id for s in self.rows if s.values["kind"] == "open"]

    def from_on(self, place: int) -> list[int]:
        """The stage at `place` and all later ones."""
        return [s.id for s in self.rows[place:]]


@dataclass(frozen=True)
class View:
    """Which deals and moves are looked at, once as conditions for lists and once as parts of a statement."""

    stages: Stages
    mode: Mode
    period: Period | None
    zone: ZoneInfo

    def moves(self) -> list[Json]:
        """The conditions on rows of the history by which they are looked at."""
        edges = within("entered_at", self.period, self.zone) if self.period is not None else []
        return {"cohort": [], "snapshot": edges[1:], "flow": edges}[self.mode]

    def standing(self) -> list[Json]:
        """The conditions on the one row of a deal that says where it stands in the end."""
        here: list[Json] = [{"field": "left_at", "op": "empty"}]
        if self.mode != "cohort" and self.period is not None:
            later = {"field": "left_at", "op": "ge", "value": self.period.moments(self.zone)[1].isoformat()}
            here = [{"any": [*here, later]}]
        return [*self.moves(), *here]

    def finished(self) -> list[Json]:
        """The conditions on rows of stays that had ended when the looking ended."""
        if self.mode == "cohort" or self.period is None:
            return [{"field": "left_at", "op": "not_empty"}]
        return [*self.moves(), {"field": "left_at", "op": "lt", "value": self.period.moments(self.zone)[1].isoformat()}]

    def deals(self) -> list[Json]:
        """The conditions on deals by which they are looked at at all."""
        if self.mode == "cohort" and self.period is not None:
            first: list[Json] = [*within("entered_at", self.period, self.zone), {"field": "first", "op": "eq", "value": True}]
            return [has_move(first, self.stages.every)]
        return [has_move(self.moves(), self.stages.every)]

    def moved(self, history: Source) -> list[ColumnElement[bool]]:
        """`moves`, in SQL."""
        if self.mode == "cohort" or self.period is None:
            return []
        start, end = self.period.moments(self.zone)
        return [history["entered_at"] < end, *([history["entered_at"] >= start] if self.mode == "flow" else [])]

    def left(self, history: Source) -> ColumnElement[bool]:
        """Whether a stay had ended when the looking ended."""
        if self.mode == "cohort" or self.period is None:
            return history["left_at"].is_not(None)
        return and_(history["left_at"].is_not(None), history["left_at"] < self.period.moments(self.zone)[1])

    def lasts(self, history: Source) -> list[ColumnElement[bool]]:
        """That a stay had not ended when the looking ended: conditions of which each chooses rows of its own, so that an index holds all that it reads."""
        return self.apart(history) if self.mode == "snapshot" and self.period is not None else [not_(self.left(history))]

    def apart(self, history: Source) -> list[ColumnElement[bool]]:
        """That a stay goes on still, and that it had begun before the end of the period and ended since."""
        assert self.period is not None
        return [history["left_at"].is_(None), lasted_over(history["entered_at"], history["left_at"], self.period.moments(self.zone)[1])]

    def until(self) -> datetime:
        """The moment until which stays that go on have lasted."""
        now = datetime.now(UTC)
        return now if self.mode == "cohort" or self.period is None else min(now, self.period.moments(self.zone)[1])

    def began(self, history: Source) -> list[ColumnElement[bool]]:
        """That a row of the history is of a deal that is looked at, where its own words say so."""
        return began_in(self.period.moments(self.zone), history) if self.mode == "cohort" and self.period is not None else []

    def begun(self, session: DataSession, deal: Source, table: Any) -> Any:
        """`table` joined with the first move of each deal, where that says whether the deal is looked at."""
        return self.joined(session, deal, table) if self.mode == "cohort" and self.period is not None else table

    def joined(self, session: DataSession, deal: Source, table: Any) -> Any:
        """`table` joined with the first move of each deal that entered the pipeline in the period."""
        assert self.period is not None
        start, end = self.period.moments(self.zone)
        entry = session.table(HISTORY)
        inside = and_(entry["first"], entry["stage"].in_(self.stages.every), entry["entered_at"] >= start, entry["entered_at"] < end)
        return table.join(entry.table, and_(entry.beside(deal), inside))


def began_in(edges: tuple[datetime, datetime], history: Source) -> list[ColumnElement[bool]]:
    """That the deal of a row entered the row's pipeline between two moments."""
    return [history["began_at"] >= edges[0], history["began_at"] < edges[1]]


def has_move(conditions: Sequence[Json], stages: Sequence[int], *, op: str = "gt") -> Json:
    """The condition on a deal that a row of its history names one of the stages and satisfies the conditions (`op` eq: that none does)."""
    return {"count": HISTORY, "where": {"all": [{"field": "stage", "op": "in", "value": list(stages)}, *conditions]}, "op": op, "value": 0}
