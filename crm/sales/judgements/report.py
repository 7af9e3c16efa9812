"""Judgements of a forecast beside what follows from the deals."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.reports import Chart, Column, CommonParams, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import columns_of, key_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion
from crm.messages import Label, m
from crm.sales.judgements.models import JUDGEMENT
from crm.sales.judgements.subjects import DIMENSIONS, EXPECTED_TOO, STATED, Deals, Judged, by_row, deals_behind, judged, whole_months

IN_FORCE = (*STATED, "replaced_on")
OPINION = (*IN_FORCE, "amount", "currency")
BOTH = (*OPINION, *EXPECTED_TOO)
MEASURES = (
    Column("judgements", Label("Оцінок", "Judgements"), "count", Label("Чинні оцінки за ці місяці", "Judgements of these months that are in force"), IN_FORCE),
    Column("computed", Label("За угодами", "By deals"), "money",
           Label("Закрите й очікуване в місяці з угод тих, кого оцінено: до зобовʼязання угоди з такою категорією, до прогнозу всі за ймовірністю",
                 "What is closed and expected in the month of the deals of whom is judged: in commit those of that category, in forecast all by probability"),
           (*IN_FORCE, *EXPECTED_TOO)),
    Column("judged", Label("Оцінка", "Judgement"), "money", Label("Сума оцінок", "What is judged"), OPINION),
    Column("difference", Label("Різниця", "Difference"), "money",
           Label("Оцінка мінус те, що виходить за угодами", "What is judged less what follows from the deals"), BOTH),
    Column("share", Label("Різниця, частка", "Difference, share"), "rate", Label("Різниця, поділена на те, що виходить за угодами",
           "The difference divided by what follows from the deals"), BOTH),
)
CHART = Chart(Label("За угодами й за оцінками", "By deals and as judged"), (Series("computed", "open"), Series("judged", "won")), beside=True)


@report(
    "forecast_judgements", label=Label("Оцінки прогнозу", "Judgements of the forecast"),
    question=Label("Чого чекають від місяців люди, а чого — угоди?", "What do people expect of the months, and what do the deals?"),
    group="sales", entity=JUDGEMENT, measures=MEASURES, dimensions=DIMENSIONS, opening={"by": "month,measure,owner,seller,unit"},
)
def forecast_judgements(session: DataSession, params: CommonParams) -> Table:
    """Judgements in force of the months that the period touches, split by `params.by`, beside what the reader's deals of the same people come to.

    What stands for levels of one tree holds the same deals again, so sums over levels are no forecast. Money is in `params.currency`, None as soon as an
    amount has no rate. `share` is a fraction of 1, None where the deals come to nothing.
    """
    where, beside = _in_force(params), params.shows("computed")
    every = judged(session, params, where, money=params.shows("judged"))
    deals = Deals(session, params, every if beside else (), open_too=True)
    places = [*(one.place for one in every), *deals.places()]
    done = conversion(session, params, (place.currency for place in places))
    found = by_row(every) if params.dimensions else {(): every}
    names = row_keys(session, params.dimensions, found)
    keys = {key_of(params.dimensions, names[key]): key for key in found}
    rows = [{**names[key], **_measures(ones, deals, done, params)} for key, ones in found.items()]
    by_name = tuple((d.key, False) for d in params.dimensions)
    levels = [m("Levels hold the same deals: a sum over a person and over the department is no forecast.")] if len(every) > 1 else []
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, by_name), params.sort),
        totals=_measures(every, deals, done, params), currency=params.currency,
        drill=lambda row, key: _behind(session, params, deals, row, key, every if row is None else found[keys[key_of(params.dimensions, row)]]),
        notes=(*levels, *notes(session, session.catalog.entity(JUDGEMENT), params, done, places)),
        chart=CHART if params.dimensions and beside and params.shows("judged") else None,
    )


def _in_force(params: CommonParams) -> list[Json]:
    """The conditions on judgements."""
    days = whole_months(params)
    when: list[Json] = [{"field": "month", "op": "within", "value": f"{days.first}..{days.last}"}] if days is not None else []
    return [{"field": "replaced_on", "op": "empty"}, *when, *unfiltered(params)]


def unfiltered(params: CommonParams) -> list[Json]:
    """The conditions on judgements but for the period."""
    return replace(params, period=None).conditions("")


def _measures(ones: Sequence[Judged], deals: Deals, done: Conversion, params: CommonParams) -> dict[str, Any]:
    opinion = total([done.worth(one.amount, one.place) if one.amount is not None else None for one in ones]) if params.shows("judged") else None
    computed = total([done.total(worth) if worth else Decimal(0) for worth in (deals.worth(one, open_too=True) for one in ones)])
    difference = opinion - computed if opinion is not None and computed is not None else None
    every = {
        "judgements": len(ones), "computed": computed, "judged": opinion, "difference": difference,
        "share": float(difference / computed) if difference is not None and computed else None,
    }
    return {c.key: every[c.key] for c in params.shown}


def total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, None as soon as one is not known."""
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if len(known) == len(amounts) else None


def _behind(session: DataSession, params: CommonParams, deals: Deals, row: Row | None, key: str, ones: Sequence[Judged]) -> Drill | None:
    """The judgements; behind what follows from deals these, where it is of one judgement."""
    if key in ("judgements", "judged"):
        return Drill(JUDGEMENT, {"all": [*_in_force(params), *(row_conditions(session, JUDGEMENT, params.dimensions, row) if row else [])]})
    return Drill("deal", {"all": deals_behind(session, deals, ones[0], open_too=True)}) if key == "computed" and len(ones) == 1 else None
