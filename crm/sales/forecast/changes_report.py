"""What became of a forecast between two nights: what came, what went and why, what grew and shrank. What is left over is nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.periods import Period
from crm.backoffice.reports import Chart, Column, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.grouping import Key, columns_of, key_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion
from crm.messages import Label, m
from crm.sales.forecast.expected import asked_of_all
from crm.sales.forecast.forecast_report import DIMENSIONS
from crm.sales.forecast.nights import expected_in, held_on, in_stage, stood_on
from crm.sales.forecast.outlook import NIGHT, OUTLOOK
from crm.sales.forecast.standings import MANY, NightsParams, Standing, compared

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
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=NightsParams,
    opening={"period": "this_quarter", "changed": "last_7_days", "by": "owner"},
)
def forecast_changes(session: DataSession, params: NightsParams) -> Table:
    """The open deals expected in the period on two nights, split by `params.by` (as deals are now), and why one set became the other.

    opening + new + moved_in + reopened + grew − shrank − moved_out − won − lost = closing, in every row. Money is in `params.currency` at the rates of
    `params.rate`, None as soon as an amount has no rate. Deals that the reader does not see now, the removed among them, are in no figure.
    """
    nights, (was, now, deals) = params.nights(), compared(session, params)
    places = [one.place for standings in (was, now) for one in standings.values()]
    done = conversion(session, params, (place.currency for place in places))
    found, whole = defaultdict[Key, Moves](Moves), Moves()
    for deal in sorted(deals):
        for row in (found[(now.get(deal) or was[deal]).key], whole):
            for measure, amount in _moved(was.get(deal), now.get(deal), params.period, done):
                row.deals[measure].append(deal)
                row.worth[measure].append(amount)
    if not params.dimensions:
        found = defaultdict(Moves, {(): whole})
    names = row_keys(session, params.dimensions, found)
    keys = {key_of(params.dimensions, names[key]): key for key in found}
    rows = [{**names[key], **{c.key: moves.total(c.key) for c in params.shown}} for key, moves in found.items()]
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(rows, params.sort or (("closing", True),)),
        totals={c.key: whole.total(c.key) for c in params.shown}, currency=params.currency, chart=CHART if params.dimensions else None,
        drill=lambda row, key: _drill(session, params, nights, row, key, (whole if row is None else found[keys[key_of(params.dimensions, row)]]).deals[key]),
        notes=(m("Compared: the nights of %(first)s and %(last)s.", first=nights[0].isoformat(), last=nights[1].isoformat()),
               *notes(session, session.catalog.entity("deal"), params, done, places)),
    )


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


def _drill(session: DataSession, params: NightsParams, nights: tuple[date, date], row: Row | None, key: str, deals: Sequence[int]) -> Drill | None:
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
