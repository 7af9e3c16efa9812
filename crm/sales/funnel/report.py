"""The sales funnel: of the deals that entered a pipeline, how many reached each stage, how long they stood there, and what became of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Parameter, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.estimates import Tally, quantile, surviving_half, wilson
from crm.backoffice.reports.grouping import Key, columns_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.worth import Conversion
from crm.errors import BadRequest
from crm.messages import Label, Message, m, mn
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY
from crm.sales.funnel.counting import count_deals, without_history
from crm.sales.funnel.groups import Group
from crm.sales.funnel.lengths import count_stays
from crm.sales.funnel.view import HISTORY, Mode, Stages, View, has_move

ENOUGH = 20  # deals from which on a rate gets an interval
DAY = 24 * 60
STAGE = "stage"
DAYS = ("median_days", "km_median_days", "p90_days")
ENTERED = (f"{HISTORY}.stage", f"{HISTORY}.entered_at", f"{HISTORY}.first", "pipeline")
STANDS = (*ENTERED, f"{HISTORY}.left_at", f"{HISTORY}.from_stage")
LASTED = (*ENTERED, f"{HISTORY}.left_at", f"{HISTORY}.minutes")
MODES = {
    "cohort": Label("когорта", "cohort"),
    "snapshot": Label("знімок", "snapshot"),
    "flow": Label("потік", "flow"),
}


def pipelines(session: DataSession) -> Mapping[str, Label]:
    """The pipelines of deals by code, in their order."""
    return {p.code: p.label for p in session.catalog.configured["pipeline"].values() if p.values["entity"] == "deal"}


PIPELINE = Parameter(
    "choice", Label("Воронка", "Pipeline"), Label("Код воронки; можна не називати, якщо вона одна", "A pipeline's code; need not be given where there is one"),
    choices=pipelines,
)
MODE = Parameter(
    "choice", Label("Погляд", "View"),
    Label("cohort: угоди, що потрапили у воронку за період; snapshot: стан на його кінець; flow: переходи за період",
          "cohort: deals that entered the pipeline in the period; snapshot: as it was at its end; flow: moves inside the period"),
    choices=lambda _session: MODES,
)


@dataclass(frozen=True, kw_only=True)
class FunnelParams(CommonParams):
    """What the funnel is asked beside what all reports are."""

    pipeline: Annotated[str, PIPELINE] = ""
    mode: Annotated[str, MODE] = "cohort"


DIMENSIONS = (
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("business_line", Label("Напрям", "Business line"), "business_line", "product_category"),
    Dimension("source", Label("Джерело", "Source"), "source", picklist="source"),
    Dimension("sales_channel", Label("Канал продажу", "Sales channel"), "sales_channel", picklist="sales_channel"),
    Dimension("loss_reason", Label("Причина програшу", "Loss reason"), "loss_reason", picklist="loss_reason"),
)
MEASURES = (
    Column(STAGE, Label("Етап", "Stage"), "stage",
           Label("Етапи воронки за порядком, крім програшу", "The stages of the pipeline in order, without lost"), ENTERED),
    Column("entered", Label("Увійшли", "Entered"), "count",
           Label("Угоди, в історії яких є цей етап; повернення не рахується вдруге",
                 "Deals whose history names the stage; who comes back counts once"), ENTERED),
    Column("reached", Label("Дійшли", "Reached"), "count",
           Label("Угоди, в історії яких є цей етап або пізніший: хто перестрибнув, той дійшов",
                 "Deals whose history names the stage or a later one: who skipped it has reached it"), ENTERED),
    Column("conversion", Label("Конверсія", "Conversion"), "rate",
           Label("Дійшли, поділені на тих, хто дійшов до попереднього етапу; для першого 1",
                 "Reached divided by those who reached the stage before; 1 for the first"), ENTERED, sample=("reached",)),
    Column("to_won", Label("До виграшу", "To won"), "rate",
           Label("Яка частка тих, хто дійшов сюди, виграна", "What share of those who reached the stage is won"), STANDS, sample=("reached",)),
    Column("won", Label("Виграно", "Won"), "count",
           Label("З тих, хто дійшов сюди, стоять на виграному етапі", "Of those who reached it, those that stand in a won stage"), STANDS),
    Column("lost", Label("Програно звідси", "Lost from here"), "count",
           Label("Стоять на програному етапі й потрапили туди з цього", "They stand in a lost stage and came there from this one"), STANDS),
    Column("open", Label("Стоять тут", "Open here"), "count",
           Label("Відкриті угоди, що стоять на цьому етапі", "Open deals that stand in the stage"), STANDS),
    Column("median_days", Label("Днів, медіана", "Days, median"), "days",
           Label("Половина завершених перебувань на етапі коротша, половина довша",
                 "Half of the finished stays in the stage are shorter, half longer"), LASTED),
    Column("km_median_days", Label("Днів, з незавершеними", "Days, with unfinished"), "days",
           Label("Медіана Каплана–Маєра: перебування, що тривають, враховано настільки, наскільки вони вже тривають",
                 "The median by Kaplan and Meier: stays that go on count for as long as they have lasted"), LASTED),
    Column("p90_days", Label("Днів, 90 %", "Days, 90 %"), "days",
           Label("Девʼять із десяти завершених перебувань не довші", "Nine of ten finished stays are no longer"), LASTED),
    Column("amount", Label("Сума", "Amount"), "money", Label("Нинішня сума тих, хто дійшов", "What the deals that reached the stage are worth now"),
           (*ENTERED, "amount", "currency")),
    Column("low", Label("Конверсія від", "Conversion from"), "rate",
           Label("Нижня межа 95 % інтервалу Вілсона; порожньо, якщо угод менше 20", "The lower end of Wilson's 95 % interval; empty below 20 deals"), ENTERED),
    Column("high", Label("Конверсія до", "Conversion up to"), "rate",
           Label("Верхня межа 95 % інтервалу Вілсона; порожньо, якщо угод менше 20", "The upper end of Wilson's 95 % interval; empty below 20 deals"), ENTERED),
)
CHART = Chart(
    Label("Скільки угод дійшли до етапу і де вони тепер", "How many deals reached the stage, and where they are now"),
    (Series("reached", "whole"), Series("won", "won"), Series("open", "open"), Series("lost", "lost")), note="conversion", beside=True,
)


@report(
    "funnel", label=Label("Воронка продажів", "Sales funnel"),
    question=Label("Скільки угод доходять до кожного етапу і де вони зупиняються?", "How many deals reach each stage, and where do they stop?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=FunnelParams, icon="filter", opening={"period": "last_365_days"},
)
def funnel(session: DataSession, params: FunnelParams) -> Table:
    """The stages of a pipeline, split by `params.by`, over the deals and moves that `params.mode` looks at (see `crm.sales.funnel.view`).

    A deal reached a stage if its history names that stage or a later one; lost is no stage, and stepping back takes nothing away. `conversion` and
    `to_won` are fractions of 1, of those who reached the stage before and this one; `low`, `high` are Wilson's 95 % interval of `conversion`, None
    below 20 deals. Days are those of the company's wall clock; a stay of which one is a sample is a visit, so who comes back has two. Money is that
    of the deals now, in `params.currency` at the rates of `params.rate`, None as soon as a deal has no rate. `totals` counts deals, and
    `without_history` those of the pipeline that no move of it tells of. Raises BadRequest where there are several pipelines and none is named.
    """
    view = view_of(session, params)
    chosen = replace(params, period=None).conditions("")
    found: defaultdict[Key, Group] = defaultdict(Group)
    count_deals(session, view, params, chosen, found)
    if any(params.shows(key) for key in DAYS):
        count_stays(session, view, params, chosen, found)
    whole = Group()
    for group in found.values():
        whole.join(group)
    if not params.dimensions and not found:
        found[()] = whole
    done = conversion(session, params, (place.currency for place in whole.worth_from(0)))
    keys = row_keys(session, params.dimensions, found)
    order = ordered([{**keys[key], "key": key} for key in found], tuple((d.key, False) for d in params.dimensions))
    places = [n for n, stage in enumerate(view.stages.rows) if not stage.retired or whole.entered[n]]
    rows = [row for named in order for row in _rows(view.stages, places, keys[named["key"]], found[named["key"]], params, done)]
    missing = without_history(session, view, chosen)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=sorted_rows(rows, view.stages, params.sort),
        totals={**_totals(whole, params, done), "without_history": missing}, currency=params.currency,
        drill=lambda row, key: _drill(session, view, places, params, row, key), notes=_notes(session, whole, missing, params, done),
        chart=CHART if params.shows("reached") and not params.dimensions else None,
    )


def view_of(session: DataSession, params: FunnelParams) -> View:
    """The deals and moves that the parameters look at. Raises BadRequest where there are several pipelines and none is named."""
    return looked_at(session, params.pipeline, params.time_zone, params.period, cast(Mode, params.mode))


def looked_at(session: DataSession, pipeline: str, zone: ZoneInfo, period: Period | None = None, mode: Mode = "cohort") -> View:
    """The deals and moves of one pipeline, by code. Raises BadRequest where there are several and none is named."""
    known = pipelines(session)
    code = pipeline or (next(iter(known)) if len(known) == 1 else "")
    if not code:
        raise BadRequest(m("Say which pipeline: %(known)s.", known=", ".join(known)))
    number = next(p.id for p in session.catalog.configured["pipeline"].values() if p.code == code)
    return View(Stages.of(session.catalog.configured["stage"].values(), number), mode, period, zone)


def _rows(
    stages: Stages, places: Sequence[int], names: Mapping[str, Any], group: Group, params: FunnelParams, done: Conversion,
) -> Iterator[dict[str, Any]]:
    """A row a stage; one that is out of use is not among `places` unless some deal of the report entered it."""
    for above, place in zip([None, *places], places, strict=False):
        stage = stages.rows[place]
        every = _measures(group, stages, place, group.reached(place if above is None else above), done)
        yield {**names, f"{STAGE}_id": stage.id, **{c.key: stage.key if c.key == STAGE else every[c.key] for c in params.shown}}


def _measures(group: Group, stages: Stages, place: int, before: int, done: Conversion) -> dict[str, Any]:
    """The figures of the stage at `place`; `before` reached the row above."""
    reached, won = group.reached(place), group.reached_and_won(place)
    between = wilson(reached, before) if before >= ENOUGH else None
    finished, going_on = Tally(group.finished[place]), Tally(group.unfinished[place])
    return {
        "entered": group.entered[place], "reached": reached, "conversion": rate(reached, before), "to_won": rate(won, reached), "won": won,
        "lost": group.lost[place], "open": group.open[place], "median_days": _days(quantile(finished, 0.5)),
        "km_median_days": _days(surviving_half(finished, going_on)) if stages.rows[place].values["kind"] == "open" else None,
        "p90_days": _days(quantile(finished, 0.9)),
        "amount": done.total(group.worth_from(place)) if reached else Decimal(0),
        "low": between.low if between else None, "high": between.high if between else None,
    }


def _days(minutes: float | None) -> float | None:
    return None if minutes is None else minutes / DAY


def _totals(whole: Group, params: FunnelParams, done: Conversion) -> dict[str, Any]:
    """Deals over all stages; what is a stage's own is undefined."""
    reached = whole.reached(0)
    every: dict[str, Any] = {
        **dict.fromkeys(c.key for c in MEASURES), "entered": whole.deals, "reached": reached, "to_won": rate(whole.won, whole.deals), "won": whole.won,
        "lost": whole.lost_of_all, "open": whole.open.total(),
        "amount": done.total(whole.worth_from(0)) if reached else Decimal(0),
    }
    return {c.key: every[c.key] for c in params.shown}


def sorted_rows(rows: list[dict[str, Any]], stages: Stages, order: tuple[tuple[str, bool], ...]) -> list[dict[str, Any]]:
    """Rows by columns, of which stages go in their order in the pipeline."""
    places = stages.places
    for key, descending in reversed(order):
        if key == STAGE:
            rows = sorted(rows, key=lambda row: places[row[f"{STAGE}_id"]], reverse=descending)
        else:
            rows = ordered(rows, ((key, descending),))
    return rows


def _notes(session: DataSession, whole: Group, missing: int, params: FunnelParams, done: Conversion) -> tuple[Message, ...]:
    found = list[Message]()
    if params.shows("amount"):
        worth = (place for place, amount in whole.worth_from(0).items() if amount)
        found += notes(session, session.catalog.entity("deal"), params, done, worth)
    if missing:
        found.append(mn("%(num)s deal of the pipeline has no history of stages and is in no figure.",
                        "%(num)s deals of the pipeline have no history of stages and are in no figure.", missing))
    return tuple(found)


# --- the deals behind a cell ---------------------------------------------------------------------------------------


def _drill(session: DataSession, view: View, places: Sequence[int], params: FunnelParams, row: Row | None, key: str) -> Drill:
    """The deals behind a figure; behind a rate those it is a share of, behind days those whose stays were measured."""
    chosen = [*view.deals(), *replace(params, period=None).conditions("")]
    stages = view.stages
    won, lost = [has_move(view.standing(), stages.won)], [has_move(view.standing(), stages.lost)]
    if row is None:
        of_all: dict[str, Sequence[Json]] = {
            "reached": [has_move(view.moves(), stages.from_on(0))], "amount": [has_move(view.moves(), stages.from_on(0))],
            "won": won, "lost": lost, "open": [has_move(view.standing(), stages.open)],
        }
        return Drill("deal", {"all": [*chosen, *of_all.get(key, ())]})
    chosen += row_conditions(session, "deal", params.dimensions, row)
    place = next(n for n, s in enumerate(stages.rows) if s.id == row[f"{STAGE}_id"])
    here, reached = [stages.rows[place].id], has_move(view.moves(), stages.from_on(place))
    before = has_move(view.moves(), stages.from_on(places[max(places.index(place) - 1, 0)]))
    behind: dict[str, Sequence[Json]] = {
        "entered": [has_move(view.moves(), here)], "won": [reached, *won],
        "lost": [has_move([*view.standing(), {"field": "from_stage", "op": "eq", "value": here[0]}], stages.lost)],
        "open": [has_move(view.standing(), [s for s in here if s in stages.open])], "conversion": [before], "low": [before], "high": [before],
        "median_days": [has_move(view.finished(), here)], "p90_days": [has_move(view.finished(), here)], "km_median_days": [has_move(view.moves(), here)],
    }
    return Drill("deal", {"all": [*chosen, *behind.get(key, [reached])]})
