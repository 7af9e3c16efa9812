"""What became of a forecast between two nights: what came, what went and why, what grew and shrank. What is left over is nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import and_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.parts import in_parts
from crm.backoffice.periods import Period
from crm.backoffice.reports import Chart, Column, CommonParams, Drill, Parameter, Series, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion, Place, today_in
from crm.messages import Label, m
from crm.sales.forecast.expected import EXPECTED, asked_of_all
from crm.sales.forecast.forecast_report import DIMENSIONS
from crm.sales.forecast.nights import expected_in, held, held_on, in_stage, stood_on
from crm.sales.forecast.outlook import NIGHT, OUTLOOK

WEEK = timedelta(days=7)
MANY = 200  # deals that a condition still names one by one
NEEDS = tuple(f"{NIGHT}.{key}" for key in ("since", "until", "stage", "expected_on", "amount", "currency"))

CAME = {"new": Label("Нові", "New"), "moved_in": Label("Перенесені сюди", "Moved in"), "reopened": Label("Відкриті знову", "Re-opened")}
WENT = {
    "moved_out": Label("Перенесені далі", "Moved out"), "won": Label("Виграні", "Won"), "lost": Label("Програні", "Lost"),
}
_CAME = {
    "new": Label("Сума угод, про які першої ночі ще не було відомо", "Amount of deals that were not known on the first night"),
    "moved_in": Label("Сума угод, очікування яких перенесено в період", "Amount of deals whose expected day was moved into the period"),
    "reopened": Label("Сума угод, що були закриті й відкриті знову", "Amount of deals that were closed and are open again"),
}
_WENT = {
    "moved_out": Label("Сума угод, очікування яких перенесено з періоду", "Amount of deals whose expected day was moved out of the period"),
    "won": Label("Сума виграних за цей час", "Amount of those won meanwhile"), "lost": Label("Сума програних за цей час", "Amount of those lost meanwhile"),
}
MEASURES = (
    Column("opening", Label("Було", "Was"), "money", Label("Сума відкритих угод, очікуваних у періоді, першої ночі",
           "Amount of the open deals expected in the period on the first night"), NEEDS),
    *(Column(key, label, "money", _CAME[key], NEEDS) for key, label in CAME.items()),
    Column("grew", Label("Зросли", "Grew"), "money", Label("На скільки більшими стали ті, що були й лишилися",
           "By how much those grew that were and are in it"), NEEDS),
    Column("shrank", Label("Зменшилися", "Shrank"), "money", Label("На скільки меншими стали ті, що були й лишилися",
           "By how much those shrank that were and are in it"), NEEDS),
    *(Column(key, label, "money", _WENT[key], NEEDS) for key, label in WENT.items()),
    Column("closing", Label("Є", "Is"), "money",
           Label("Сума відкритих угод, очікуваних у періоді, останньої ночі: було + прийшло + зросли − зменшилися − пішло",
                 "Amount of the open deals expected in the period on the last night: was + came + grew − shrank − went"), NEEDS),
)
CHART = Chart(Label("Було і є", "Was and is"), (Series("opening", "open"), Series("closing", "won")), beside=True)
BETWEEN = Parameter(
    "period", Label("Зміни за", "Changes of"), Label("Перша й остання ніч, між якими порівнюється; порожньо: останні сім днів",
    "The first and the last night that are compared; empty: the last seven days"), without=Label("останні сім днів", "the last seven days"),
)


@dataclass(frozen=True, kw_only=True)
class ChangesParams(CommonParams):
    """What is asked beside what all reports are. `period` is that which is forecast, `changed` the time in which the forecast changed."""

    changed: Annotated[Period | None, BETWEEN] = None


@dataclass(frozen=True)
class Standing:
    """What was expected of a deal on a night: `stage` is the kind of its stage, open, won or lost."""

    key: Key
    stage: str
    expected: date | None
    place: Place
    amount: Decimal

    def inside(self, period: Period | None) -> bool:
        """Whether it was open and expected in the period."""
        return self.stage == "open" and (period is None or (self.expected is not None and period.first <= self.expected <= period.last))


@dataclass
class Moves:
    """Of one row, by measure: the deals, and what they are worth in it."""

    deals: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    worth: defaultdict[str, list[Decimal | None]] = field(default_factory=lambda: defaultdict(list))

    def total(self, measure: str) -> Decimal | None:
        known = [amount for amount in self.worth[measure] if amount is not None]
        return exact_sum(known) if len(known) == len(self.worth[measure]) else None


@report(
    "forecast_changes", label=Label("Що змінилося в прогнозі", "What changed in the forecast"),
    question=Label("Чому прогноз періоду нині інший, ніж був?", "Why is the forecast of the period another one than it was?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=ChangesParams,
    opening={"period": "this_quarter", "changed": "last_7_days", "by": "owner"},
)
def forecast_changes(session: DataSession, params: ChangesParams) -> Table:
    """The open deals expected in the period on two nights, split by `params.by` (as deals are now), and why one set became the other.

    opening + new + moved_in + reopened + grew − shrank − moved_out − won − lost = closing, in every row. Money is in `params.currency` at the rates of
    `params.rate`, None as soon as an amount has no rate. Deals that the reader does not see now, the removed among them, are in no figure.
    """
    nights = _nights(params)
    before, after = (_standings(session, params, night) for night in nights)
    was = before | _standings(session, params, nights[0], after.keys() - before.keys())
    now = after | _standings(session, params, nights[1], before.keys() - after.keys())
    places = [one.place for standings in (was, now) for one in standings.values()]
    done = conversion(session, params, (place.currency for place in places))
    found, whole = defaultdict[Key, Moves](Moves), Moves()
    for deal in sorted(before.keys() | after.keys()):
        for row in (found[(now.get(deal) or was[deal]).key], whole):
            for measure, amount in _moved(was.get(deal), now.get(deal), params.period, done):
                row.deals[measure].append(deal)
                row.worth[measure].append(amount)
    if not params.dimensions:
        found = defaultdict(Moves, {(): whole})
    names = row_keys(session, params.dimensions, found)
    keys = {_name(params, names[key]): key for key in found}
    rows = [{**names[key], **{c.key: moves.total(c.key) for c in params.shown}} for key, moves in found.items()]
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(rows, params.sort or (("closing", True),)),
        totals={c.key: whole.total(c.key) for c in params.shown}, currency=params.currency, chart=CHART if params.dimensions else None,
        drill=lambda row, key: _drill(session, params, nights, row, key, (whole if row is None else found[keys[_name(params, row)]]).deals[key]),
        notes=(m("Compared: the nights of %(first)s and %(last)s.", first=nights[0].isoformat(), last=nights[1].isoformat()),
               *notes(session, session.catalog.entity("deal"), params, done, places)),
    )


def _nights(params: ChangesParams) -> tuple[date, date]:
    today = today_in(params.time_zone)
    return (params.changed.first, params.changed.last) if params.changed is not None else (today - WEEK, today)


def _name(params: ChangesParams, row: Row) -> tuple[Any, ...]:
    return tuple(row.get(f"{d.key}_id", row[d.key]) for d in params.dimensions)


def _standings(session: DataSession, params: ChangesParams, night: date, deals: Collection[int] | None = None) -> dict[int, Standing]:
    """What was expected on a night of deals by number: of those that were open and expected in the period, or of the given ones."""
    kinds = {s.id: s.values["kind"] for s in session.catalog.configured["stage"].values()}
    outlook, deal, base = session.table(OUTLOOK), session.table("deal"), session.catalog.company.currency
    groups = grouping(deal, params.dimensions)
    picked = select(
        *groups.expressions, deal.id, outlook["stage"], outlook[EXPECTED], outlook["currency"], day_of_rate(outlook, params), outlook["amount"],
    ).select_from(outlook.table.join(deal.table, and_(deal.id == outlook["deal"], deal.visible)))
    query = groups.joined(picked).where(outlook.visible, held(outlook, night), deal.asked({"all": asked_of_all(params)}))
    if deals is None:
        query = query.where(outlook["stage"].in_(session.catalog.stages("open")))
        if params.period is not None:
            query = query.where(outlook[EXPECTED] >= params.period.first, outlook[EXPECTED] <= params.period.last)
    found = {}
    for part in [None] if deals is None else in_parts(sorted(deals)):
        for row in session.execute(query if part is None else query.where(deal.id.in_(part))):
            number, stage, expected, code, day, amount = row[groups.width :]
            found[number] = Standing(groups.key(row), kinds.get(stage, ""), expected, Place(code or base, day), amount or Decimal(0))
    return found


def _moved(old: Standing | None, new: Standing | None, period: Period | None, done: Conversion) -> Iterator[tuple[str, Decimal | None]]:
    """In which measures a deal stands, and with how much."""
    was, now = old if old and old.inside(period) else None, new if new and new.inside(period) else None
    before, after = (done.worth(one.amount, one.place) if one else None for one in (was, now))
    if was:
        yield "opening", before
    if now:
        yield "closing", after
    if was and now:
        grown = None if before is None or after is None else after - before
        if grown is None or grown > 0:
            yield "grew", grown
        if grown is None or grown < 0:
            yield "shrank", None if grown is None else -grown
    elif now:
        yield "new" if old is None else "moved_in" if old.stage == "open" else "reopened", after
    elif was:
        yield new.stage if new and new.stage in WENT else "moved_out", before


# --- the records behind a cell --------------------------------------------------------------------------------------


def _drill(session: DataSession, params: ChangesParams, nights: tuple[date, date], row: Row | None, key: str, deals: Sequence[int]) -> Drill | None:
    """What was expected on the first and the last night; the deals that came, went, grew or shrank."""
    common = [*asked_of_all(params), *(row_conditions(session, "deal", params.dimensions, row) if row else [])]
    first, last = nights
    if key in ("opening", "closing"):
        seen = prefixed({"all": common}, "deal", session.catalog.saved.every)
        night = held_on(first if key == "opening" else last)
        return Drill(OUTLOOK, {"all": [*night, *expected_in(session, params.period), *seen["all"]]}) if seen is not None else None
    if len(deals) <= MANY:
        return Drill("deal", {"all": [{"field": "id", "op": "in", "value": list(deals)}]})
    inside, lost, won, open_ = (expected_in(session, params.period), *(in_stage(session, kind) for kind in ("lost", "won", "open")))
    was, now, was_not = stood_on(first, inside), stood_on(last, inside), stood_on(first, inside, op="eq")
    behind: dict[str, list[Json]] = {
        "new": [stood_on(first, [], op="eq"), now], "moved_in": [was_not, stood_on(first, open_), now], "won": [was, stood_on(last, won)],
        "lost": [was, stood_on(last, lost)], "reopened": [{"any": [stood_on(first, won), stood_on(first, lost)]}, now],
        "moved_out": [was, stood_on(last, inside, op="eq"), stood_on(last, won, op="eq"), stood_on(last, lost, op="eq")],
    }
    return Drill("deal", {"all": [*common, *behind.get(key, [was, now])]})
