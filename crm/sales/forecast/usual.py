"""What a deal has in its stage unless somebody says otherwise: its probability, by which source, and the category in which it is forecast."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.pipelines import Likelihood, likelihood_of
from crm.sales.forecast.categories import CLOSED, HISTORY, OMITTED, PIPELINE, STAGE
from crm.sales.forecast.odds import TABLE, Odds

KNOWN = "odds of stages"


@dataclass(frozen=True)
class Usual:
    """`probability` as a fraction by `source`; `history` is what history says, None where it says nothing, whichever of them counts."""

    probability: Decimal | None
    source: str
    history: Decimal | None


def likelihood(catalog: Catalog, stage: Configured) -> Likelihood:
    """Whence deals of the stage's pipeline have their probability."""
    pipeline = catalog.configured["pipeline"].get(stage.parent_id or 0)
    return likelihood_of(pipeline.values) if pipeline is not None else Likelihood()


def usual(session: DataSession, stage: Configured) -> Usual:
    """Of a deal in `stage`. What is won or lost has no history to go by: it is decided."""
    rule = likelihood(session.catalog, stage)
    odds = known(session).get(stage.id) if stage.values["kind"] == "open" else None
    history = odds.kept(rule) if odds is not None else None
    if rule.source == HISTORY and history is not None:
        return Usual(history, HISTORY, history)
    return Usual(stage.values["probability"], STAGE, history)


def known(session: DataSession) -> dict[int, Odds]:
    """Stage → what became of those that had come as far, as it was last counted; read once a session."""
    if KNOWN not in session.info:
        rows = session.kernel(select(TABLE.c.stage_id, TABLE.c.reached, TABLE.c.won, TABLE.c.decided, TABLE.c.decided_won))
        session.info[KNOWN] = {stage: Odds(*counted) for stage, *counted in rows}
    found: dict[int, Odds] = session.info[KNOWN]
    return found


def category(stage: Configured) -> str:
    """The key of the category of deals in `stage`."""
    return {"won": CLOSED, "lost": OMITTED}.get(stage.values["kind"]) or stage.values["forecast"] or PIPELINE
