"""Reports on deals."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.figures import days_between, mean, median
from crm.backoffice.reports.grouping import Grouping, Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.worth import Conversion, Place
from crm.messages import Label
from crm.organization.dimensions import MANAGER, OWNER, TERRITORY

CLOSED_ON = "closed_on"
LINES = "lines."
DAYS = ("stage", "opened_on", CLOSED_ON)
CHART = Chart(Label("Виграні й програні угоди", "Won and lost deals"), (Series("won", "won"), Series("lost", "lost")), note="win_rate")

DIMENSIONS = (
    OWNER, MANAGER, TERRITORY,
    Dimension("product", Label("Продукт", "Product"), "lines.product", "product"),
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("month", Label("Місяць закриття", "Month closed"), CLOSED_ON),
)

MEASURES = (
    Column("won", Label("Виграно", "Won"), "count", Label("Угоди на виграному етапі", "Deals that stand in a won stage"), needs=("stage",)),
    Column("lost", Label("Програно", "Lost"), "count", Label("Угоди на програному етапі", "Deals that stand in a lost stage"), needs=("stage",)),
    Column(
        "win_rate", Label("Частка виграних", "Win rate"), "rate",
        Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), needs=("stage",), sample=("won", "lost"),
    ),
    Column(
        "avg_days", Label("Днів у середньому", "Days, mean"), "days",
        Label("Від відкриття до закриття виграних угод, середнє", "From opening to closing of the won deals, the mean"), needs=DAYS,
    ),
    Column(
        "median_days", Label("Днів, медіана", "Days, median"), "days",
        Label("Половину виграних угод закрито швидше, половину довше", "Half of the won deals closed faster, half slower"), needs=DAYS,
    ),
    Column(
        "amount", Label("Сума виграних", "Amount won"), "money",
        Label("Сума виграних угод; у розрізі продукту сума їхніх рядків", "The amount of the won deals; by product that of their lines"),
        needs=("stage", "amount", "currency"),
    ),
)


@dataclass
class Figures:
    """What is counted for one row: deals by outcome, days of the won → how many, money of the won by currency and day."""

    won: int = 0
    lost: int = 0
    days: Counter[int] = field(default_factory=Counter)
    amounts: dict[Place, Decimal | None] = field(default_factory=dict)

    def add_amount(self, place: Place, amount: Decimal | None) -> None:
        before = self.amounts.get(place)
        self.amounts[place] = amount if before is None else before + (amount or 0)


@report(
    "win_rate", label=Label("Частка виграних угод", "Win rate"),
    question=Label("Яку частку закритих угод виграно і за скільки днів?", "What share of the closed deals was won, and in how many days?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="trophy", opening={"by": "month"},
)
def win_rate(session: DataSession, params: CommonParams) -> Table:
    """Won and lost deals by the day they closed on, split by `params.by`.

    `win_rate` is won/(won + lost), a fraction of 1. Days run from `opened_on` to `closed_on` of the won deals that have both.
    `amount` is that of the won in `params.currency` at the rates of `params.rate`, undefined as soon as a won deal has no rate. By product a deal
    counts once a product, the amount is that of the lines, and a deal without lines stands under the empty product.
    """
    deal, won, lost = session.catalog.entity("deal"), session.catalog.stages("won"), session.catalog.stages("lost")
    rows = _figures(session, params, params.dimensions, won, lost)
    many = any(d.path.startswith(LINES) for d in params.dimensions)
    whole = _figures(session, params, (), won, lost).get((), Figures()) if many else _together(rows.values())
    if many:
        whole.amounts = _together(rows.values()).amounts
    done = conversion(session, params, (place.currency for place in whole.amounts))
    if not params.dimensions:
        rows = {(): whole}
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params, done)} for key, found in rows.items()]
    standard = (("month", False),) if "month" in params.by else (("won", True),) if params.shows("won") else ()
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, by_name), params.sort or standard),
        totals=_measures(whole, params, done),
        currency=params.currency,
        drill=lambda row, key: _drill(session, params, row, key, won, lost),
        notes=notes(session, deal, params, done, (place for place, amount in whole.amounts.items() if amount)),
        chart=CHART if params.dimensions and params.shows("won") else None,
    )


def _figures(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...], won: list[int], lost: list[int]) -> dict[Key, Figures]:
    deal = session.table("deal")
    groups = grouping(deal, dimensions)
    found: dict[Key, Figures] = defaultdict(Figures)
    days = case((deal["stage"].in_(won), days_between(session, deal["opened_on"], deal[CLOSED_ON]))) if params.shows("avg_days") else null()
    number = func.count(deal.id.distinct()) if groups.many else func.count(deal.id)
    for row in session.execute(_closed(params, deal, groups, won + lost, deal["stage"], days, number=number)):
        key, (stage, took, count) = groups.key(row), row[groups.width :]
        figures = found[key]
        if stage in won:
            figures.won += count
            if took is not None:
                figures.days[took] += count
        else:
            figures.lost += count
    if params.shows("amount"):
        source, base = groups.sources.get("lines", deal), session.catalog.company.currency
        for row in session.execute(_closed(params, deal, groups, won, deal["currency"], day_of_rate(deal, params), number=func.sum(source["amount"]))):
            currency, day, amount = row[groups.width :]
            found[groups.key(row)].add_amount(Place(currency or base, day), amount)
    return dict(found)


def _closed(params: CommonParams, deal: Any, groups: Grouping, stages: list[int], *by: Any, number: Any) -> Any:
    """Closed deals that the parameters choose, grouped by the dimensions and by `by`, with one aggregate at the end."""
    where = deal.asked({"all": params.conditions(CLOSED_ON)})
    statement = select(*groups.expressions, *by, number).select_from(deal.table)
    grouped = [*groups.expressions, *(b for b in by if not isinstance(b, type(null())))]
    return groups.joined(statement).where(deal.visible, deal["stage"].in_(stages), where).group_by(*grouped)


def _together(parts: Any) -> Figures:
    whole = Figures()
    for part in parts:
        whole.won += part.won
        whole.lost += part.lost
        whole.days.update(part.days)
        for place, amount in part.amounts.items():
            whole.add_amount(place, amount)
    return whole


def _measures(found: Figures, params: CommonParams, done: Conversion) -> dict[str, Any]:
    amount = done.total(found.amounts) if found.won else Decimal(0)
    every = {
        "won": found.won, "lost": found.lost, "win_rate": rate(found.won, found.won + found.lost),
        "avg_days": mean(found.days), "median_days": median(found.days), "amount": amount,
    }
    return {c.key: every[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str, won: list[int], lost: list[int]) -> Drill | None:
    """The deals behind a cell; behind an amount by product, the lines."""
    stages = {"lost": lost, "win_rate": won + lost}.get(key, won)
    chosen: list[Mapping[str, Any]] = [{"field": "stage", "op": "in", "value": stages}, *params.conditions(CLOSED_ON)]
    if key in ("avg_days", "median_days"):
        chosen += [{"field": name, "op": "not_empty"} for name in ("opened_on", CLOSED_ON)]
    if key == "amount" and any(d.path.startswith(LINES) for d in params.dimensions):
        return _lines(session, params, row, chosen)
    return Drill("deal", {"all": [*chosen, *(row_conditions(session, "deal", params.dimensions, row) if row else [])]})


def _lines(session: DataSession, params: CommonParams, row: Row | None, chosen: list[Mapping[str, Any]]) -> Drill | None:
    of_deal = tuple(d for d in params.dimensions if not d.path.startswith(LINES))
    of_line = tuple(replace(d, path=d.path.removeprefix(LINES)) for d in params.dimensions if d.path.startswith(LINES))
    if row is not None and any(row[f"{d.key}_id"] is None for d in of_line):
        return None
    deals = prefixed({"all": [*chosen, *(row_conditions(session, "deal", of_deal, row) if row else [])]}, "deal", session.catalog.saved.every)
    return Drill("deal_line", {"all": [*deals["all"], *(row_conditions(session, "deal_line", of_line, row) if row else [])]}) if deals else None
