"""The report on time spent: how many minutes clients, deals and won deals took, and who spends more than others do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, and_, case, cast, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import period
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.drill import grouped_by
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.sight import Source
from crm.contacts.interactions.course import HELD
from crm.contacts.reports import DATED, DIMENSIONS as ALL_DIMENSIONS
from crm.messages import Label

NEEDS = ("state", "actual_minutes")
WON = (*NEEDS, "deal.stage")
NOTHING: Any = cast(null(), Integer)
DIMENSIONS: tuple[Dimension, ...] = tuple(d for d in ALL_DIMENSIONS if d.key != "result")
MEASURES = (
    Column("held", Label("Відбулося", "Held"), "count", Label("Взаємодії, що відбулися", "Interactions that were held"), ("state",)),
    Column("timed", Label("З тривалістю", "With minutes"), "count", Label("З них ті, тривалість яких відома", "Of them, those whose duration is known"), NEEDS),
    Column("minutes", Label("Хвилин", "Minutes"), "minutes", Label("Скільки вони тривали разом", "How long they took together"), NEEDS),
    Column(
        "against_median", Label("Проти медіани", "Against the median"), "rate",
        Label("Хвилини рядка, поділені на медіану всіх рядків звіту", "Minutes of the row divided by the median of all rows of the report"), NEEDS,
    ),
    Column("clients", Label("Клієнтів", "Clients"), "count", Label("Компанії, на які пішов цей час", "Companies that took this time"), (*NEEDS, "account")),
    Column("per_client", Label("Хв на клієнта", "Min a client"), "minutes", Label("Хвилини з компанією, поділені на компанії",
           "Minutes with a company divided by companies"), (*NEEDS, "account")),
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, на які пішов цей час", "Deals that took this time"), (*NEEDS, "deal")),
    Column("per_deal", Label("Хв на угоду", "Min a deal"), "minutes", Label("Хвилини за угодами, поділені на угоди",
           "Minutes on deals divided by deals"), (*NEEDS, "deal")),
    Column("won_deals", Label("Виграних угод", "Won deals"), "count", Label("З них ті, що стоять на виграному етапі", "Of them, those in a won stage"), WON),
    Column("per_won", Label("Хв на виграну", "Min a won deal"), "minutes", Label("Хвилини за виграними угодами, поділені на них",
           "Minutes on won deals divided by them"), WON),
)
CHART = Chart(Label("Скільки часу пішло", "Time spent"), (Series("minutes", "open"),), note="per_client")


@dataclass(frozen=True)
class Figures:
    """What is counted for one row; minutes are None where nobody wrote any."""

    held: int = 0
    timed: int = 0
    minutes: int | None = None
    clients: int = 0
    on_clients: int | None = None
    deals: int = 0
    on_deals: int | None = None
    won: int = 0
    on_won: int | None = None


@report(
    "time_spent", label=Label("Витрачений час", "Time spent"),
    question=Label("Скільки часу беруть клієнти, угоди й виграні угоди?", "How much time do clients, deals and won deals take?"),
    group="contacts", entity="interaction", measures=MEASURES, dimensions=DIMENSIONS, icon="history", opening={"by": "owner", "period": "last_90_days"},
)
def time_spent(session: DataSession, params: CommonParams) -> Table:
    """Minutes of held interactions by the moment they were held at, split by `params.by`.

    Of companies and deals only those count that the reader sees, and of their minutes only written ones. `against_median` is the minutes of a row
    divided by the median of the rows that have any, so the peers are the other rows of the report; None with fewer than two.
    """
    rows = _counted(session, params, params.dimensions)
    whole = _counted(session, params, ()).get((), Figures())
    if not params.dimensions:
        rows = {(): whole}
    spent = [found.minutes for found in rows.values() if found.minutes is not None]
    usual = median(spent) if len(spent) > 1 else None
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params, usual)} for key, found in rows.items()]
    standard = (("month", False),) if "month" in params.by else (("minutes", True),) if params.shows("minutes") else (("held", True),)
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(shown, by_name), params.sort or standard),
        totals=_measures(whole, params, None), currency=params.currency, drill=lambda row, key: _drill(session, params, row, key),
        chart=CHART if params.dimensions and params.shows("minutes") and params.shows("per_client") else None,
    )


def _state(session: DataSession) -> int:
    return next(o.id for o in session.catalog.picklists["interaction_state"].options if o.key == HELD)


def _counted(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> dict[Key, Figures]:
    source = session.table("interaction")
    place = next((n for n, d in enumerate(dimensions) if d.by_month), None)
    months = _months(session, params, dimensions[place]) if place is not None else []
    groups = grouping(source, tuple(d for d in dimensions if not d.by_month))
    split = [*groups.expressions, *([_within(source[DATED], months, params.time_zone)] if place is not None else [])]
    table: Any = source.table
    parts: dict[str, Any] = {"held": func.count(source.id)}
    minutes: Any = null()
    if params.shows("minutes"):
        minutes = source["actual_minutes"]
        parts |= {"timed": func.count(minutes), "minutes": func.sum(minutes)}
    if params.shows("clients"):
        account = session.table("account")
        table = table.outerjoin(account.table, and_(account.id == source["account"], account.visible))
        parts |= _shares("clients", "on_clients", account.id, account.id.is_not(None), minutes)
    if params.shows("deals"):
        deal = session.table("deal")
        table = table.outerjoin(deal.table, and_(deal.id == source["deal"], deal.visible))
        parts |= _shares("deals", "on_deals", deal.id, deal.id.is_not(None), minutes)
        if params.shows("won_deals"):
            parts |= _shares("won", "on_won", deal.id, deal["stage"].in_(session.catalog.stages("won")), minutes)
    statement = _chosen(session, params, source, groups.joined(select(*split, *parts.values()).select_from(table))).group_by(*split)
    found: dict[Key, Figures] = {}
    for row in session.execute(statement):
        values: dict[str, Any] = {name: None if value is None else int(value) for name, value in zip(parts, row[len(split) :], strict=True)}
        key = groups.key(row)
        if place is not None:
            key = (*key[:place], None if row[groups.width] is None else months[row[groups.width]], *key[place:])
        found[key] = Figures(**values)
    return found


def _chosen(session: DataSession, params: CommonParams, source: Source, statement: Select[Any]) -> Select[Any]:
    conditions = source.asked({"all": params.conditions(DATED, moment=True)})
    return statement.where(source.visible, source["state"] == _state(session), conditions)


def _months(session: DataSession, params: CommonParams, month: Dimension) -> list[str]:
    """The months of the zone in which anything was held."""
    source = session.table("interaction")
    groups = grouping(source, (month,), params.time_zone)
    statement = _chosen(session, params, source, select(*groups.expressions).select_from(source.table)).group_by(*groups.expressions)
    return sorted({name for (name,) in map(groups.key, session.execute(statement)) if name is not None})


def _within(at: Any, months: list[str], zone: ZoneInfo) -> Any:
    """The place among `months` of the one in which a moment lies: who is counted once a month is counted by the database, which knows no zones."""
    edges = [period(name, date.min).moments(zone) for name in months]
    return case(*((and_(at >= start, at < end), n) for n, (start, end) in enumerate(edges)), else_=null()) if edges else NOTHING


def _shares(number: str, spent: str, record: Any, belongs: Any, minutes: Any) -> dict[str, Any]:
    """How many records took written minutes, and how many minutes."""
    counts = and_(belongs, minutes.is_not(None))
    return {number: func.count(case((counts, record), else_=null()).distinct()), spent: func.sum(case((counts, minutes), else_=null()))}


def _measures(found: Figures, params: CommonParams, usual: float | None) -> dict[str, Any]:
    every: dict[str, Any] = {
        "held": found.held, "timed": found.timed, "minutes": found.minutes if found.held else 0,
        "against_median": found.minutes / usual if found.minutes is not None and usual else None,
        "clients": found.clients, "per_client": _each(found.on_clients, found.clients), "deals": found.deals, "per_deal": _each(found.on_deals, found.deals),
        "won_deals": found.won, "per_won": _each(found.on_won, found.won),
    }
    return {c.key: every[c.key] for c in params.shown}


def _each(minutes: int | None, number: int) -> float | None:
    return minutes / number if minutes is not None and number else None


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """The interactions behind minutes, the companies and deals behind their numbers and shares; behind a comparison the interactions of all rows, in
    groups by what the rows are."""
    chosen: list[Mapping[str, Any]] = [{"field": "state", "op": "eq", "value": HELD}, *params.conditions(DATED, moment=True)]
    if key == "against_median":
        timed = {"field": "actual_minutes", "op": "not_empty"}
        return grouped_by(session, Drill("interaction", {"all": [*chosen, timed]}), params.dimensions, "actual_minutes")
    chosen += row_conditions(session, "interaction", params.dimensions, row, params.time_zone) if row else []
    if key != "held":
        chosen.append({"field": "actual_minutes", "op": "not_empty"})
    target = {"clients": "account", "per_client": "account", "deals": "deal", "per_deal": "deal", "won_deals": "deal", "per_won": "deal"}.get(key)
    if target is None:
        return Drill("interaction", {"all": chosen})
    took: dict[str, Any] = {"count": "interactions", "where": {"all": chosen}, "op": "gt", "value": 0}
    won = [{"field": "stage", "op": "in", "value": session.catalog.stages("won")}] if key in ("won_deals", "per_won") else []
    return Drill(target, {"all": [took, *won]})
