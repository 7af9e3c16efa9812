"""The three probabilities of a deal side by side, as one reader may see them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.backoffice.catalog import Configured
from crm.backoffice.guard import UserSession
from crm.backoffice.reports.estimates import Interval
from crm.sales.forecast.categories import HISTORY, MANUAL, STAGE
from crm.sales.forecast.usual import known, likelihood


@dataclass(frozen=True)
class Side:
    """What one source says: a fraction, None where it says nothing; `holds` where the deal goes by it. Of history also between which fractions it lies
    and how many decided deals it rests on."""

    source: str
    probability: Decimal | None
    holds: bool
    between: Interval | None = None
    deals: int | None = None


def sides(session: UserSession, stage: Configured, values: Mapping[str, Any], shown: Collection[str]) -> list[Side]:
    """Of a deal that stands in `stage` and holds `values`; `shown` are the fields that its reader sees of it unmasked. The stage says what it says to
    everybody; without the deal's probability nothing tells which of them it goes by; history is for those who see `history_probability`."""
    holds = values.get("probability_source") if {"probability", "probability_source"} <= set(shown) else None
    found = []
    if "probability" in shown:
        found.append(Side(MANUAL, values.get("probability") if holds == MANUAL else None, holds == MANUAL))
    found.append(Side(STAGE, stage.values["probability"], holds == STAGE))
    if "history_probability" in shown and stage.values["kind"] == "open":
        rule, odds = likelihood(session.catalog, stage), known(session).get(stage.id)
        told = odds is not None and values.get("history_probability") is not None
        found.append(Side(
            HISTORY, values.get("history_probability"), holds == HISTORY, odds.interval(rule.weight) if odds and told else None, odds.reached if odds else 0,
        ))
    return found
