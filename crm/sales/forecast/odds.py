"""How probable it is that a deal in a stage will be won, by what became of those that had come as far.

p = (won + k·p0) / (reached + k): of the decided deals that reached the stage, drawn towards the rate p0 of the whole pipeline as if k more had gone as
is usual there (a beta-binomial estimate whose prior is worth k deals). Only deals with an outcome count: an open one has not been lost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.catalog import Configured
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.pipelines import Likelihood
from crm.backoffice.money import round_half_up
from crm.backoffice.reports.estimates import Interval, shrunk, wilson
from crm.backoffice.reports.grouping import Key
from crm.backoffice.reports.parameters import CommonParams, Json
from crm.backoffice.types import UtcMoment
from crm.sales.funnel.counting import count_deals
from crm.sales.funnel.groups import Group
from crm.sales.funnel.view import Stages, View

PLACES = 2  # a whole percent: what one deal more does to it does not show


class StageOddsRow(Base):
    """What became of the decided deals of a stage when they were last counted, over the whole company: of those of its pipeline (`decided`, of them
    `decided_won`) so many `reached` the stage, and of these so many were `won`."""

    __tablename__ = "stage_odds"

    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"), primary_key=True, autoincrement=False)
    reached: Mapped[int]
    won: Mapped[int]
    decided: Mapped[int]
    decided_won: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcMoment())


TABLE = StageOddsRow.__table__


@dataclass(frozen=True)
class Odds:
    """Of one stage. `reached` and `won` count decided deals that came as far; `decided` and `decided_won` those of the whole pipeline."""

    reached: int
    won: int
    decided: int
    decided_won: int

    def probability(self, weight: int) -> float | None:
        """A fraction of 1, not rounded; None where nothing is decided yet."""
        return shrunk(self.won, self.reached, self.decided_won / self.decided, weight) if self.decided else None

    def interval(self, weight: int) -> Interval | None:
        """Between which fractions it lies: Wilson's 95 % interval, the added deals counted with the others."""
        return wilson(self.won + weight * self.decided_won / self.decided, self.reached + weight) if self.decided else None

    def kept(self, rule: Likelihood) -> Decimal | None:
        """What deals are given: a whole percent, None below the fewest deals that the pipeline asks for."""
        found = self.probability(rule.weight) if self.reached >= rule.least else None
        return None if found is None else round_half_up(Decimal(repr(found)), PLACES)


@dataclass(frozen=True)
class Outcomes:
    """The decided deals of one row of a report: those won and those lost."""

    stages: Stages
    won: Group
    lost: Group

    def at(self, place: int) -> Odds:
        """Of the stage at `place`."""
        won = self.won.reached(place)
        return Odds(won + self.lost.reached(place), won, self.won.deals + self.lost.deals, self.won.deals)


def outcomes(session: DataSession, view: View, params: CommonParams, chosen: Sequence[Json]) -> dict[Key, Outcomes]:
    """The decided deals that satisfy `chosen` and have a history in the pipeline, by row key. A deal is won or lost as it stands now, whenever it moved."""
    params = replace(params, shown=())
    won, lost = defaultdict[Key, Group](Group), defaultdict[Key, Group](Group)
    for stages, found in ((view.stages.won, won), (view.stages.lost, lost)):
        count_deals(session, view, params, [*chosen, {"field": "stage", "op": "in", "value": list(stages)}], found)
    return {key: Outcomes(view.stages, won[key], lost[key]) for key in {*won, *lost}}


def count(session: DataSession, pipeline: Configured) -> dict[int, Odds]:
    """Stage → what became of the decided deals that reached it, over all that the session sees. For a session of the system."""
    company = session.catalog.company
    view = View(Stages.of(session.catalog.configured["stage"].values(), pipeline.id), "cohort", None, company.zone)
    found = outcomes(session, view, CommonParams(currency=company.currency, time_zone=company.zone), [])
    whole = found.get((), Outcomes(view.stages, Group(), Group()))
    return {stage.id: whole.at(place) for place, stage in enumerate(view.stages.rows) if stage.values["kind"] == "open"}
