"""Reports on interactions."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.figures import middle, whole_seconds
from crm.backoffice.reports.grouping import Grouping, Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.sight import Source
from crm.backoffice.working_time import seconds_clock
from crm.contacts.interactions.course import CANCELLED, HELD, NO_SHOW, PLANNED
from crm.messages import Label
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY

DATED = "starts_at"
LONG = timedelta(days=100)  # in a period so long most of what was held is looked at anyway
AT_ONCE = 10_000  # rows fetched from the database
MOST_NAMED = 200  # records that the address of a list names one by one
DIRECTIONS = ("inbound", "outbound")

DIMENSIONS = (
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("contact", Label("Людина", "Person"), "contact", "contact"),
    Dimension("deal", Label("Угода", "Deal"), "deal", "deal"),
    Dimension("medium", Label("Спосіб", "Medium"), "medium", picklist="interaction_medium"),
    Dimension("direction", Label("Напрямок", "Direction"), "direction", picklist="direction"),
    Dimension("result", Label("Результат", "Result"), "result", picklist="interaction_result"),
    Dimension("month", Label("Місяць", "Month"), DATED),
)

MEASURES = (
    Column("planned", Label("Заплановано", "Planned"), "count", Label("Взаємодії у стані «запланована»", "Interactions that stand as planned"), ("state",)),
    Column("held", Label("Відбулося", "Held"), "count", Label("Взаємодії, що відбулися", "Interactions that were held"), ("state",)),
    Column("no_show", Label("Не зʼявилися", "No show"), "count", Label("Взаємодії, на які не зʼявилися", "Interactions to which nobody came"), ("state",)),
    Column("cancelled", Label("Скасовано", "Cancelled"), "count", Label("Скасовані взаємодії", "Interactions that were cancelled"), ("state",)),
    Column(
        "overdue", Label("Прострочено", "Overdue"), "count",
        Label("Досі заплановані, хоча їхній кінець минув", "Still planned after their end"), ("state", "ends_at"),
    ),
    Column(
        "inbound", Label("Вхідні", "Inbound"), "count",
        Label("З тих, що відбулися, почали вони", "Of the held, those that they began"), ("state", "direction"),
    ),
    Column(
        "outbound", Label("Вихідні", "Outbound"), "count",
        Label("З тих, що відбулися, почали ми", "Of the held, those that we began"), ("state", "direction"),
    ),
    Column(
        "minutes", Label("Хвилин", "Minutes"), "minutes",
        Label("Скільки тривали ті, що відбулися", "How long the held ones took"), ("state", "actual_minutes"),
    ),
    Column(
        "median_response", Label("Відповідь, хв, медіана", "Response, min, median"), "minutes",
        Label("Робочі хвилини від вхідної взаємодії до першої вихідної з тією самою компанією; половина швидше, половина довше",
              "Working minutes from an inbound interaction to the first outbound one with the same company; half were faster, half slower"),
        ("state", "direction", "account", DATED),
    ),
)
CHART = Chart(
    Label("Що відбулося й що заплановано", "What was held and what is planned"),
    (Series("held", "won"), Series("no_show", "lost"), Series("planned", "open")), note="overdue",
)


@dataclass
class Options:
    """The numbers of the options that the report asks for, and the moment at which it is asked."""

    states: Mapping[str, int]
    directions: Mapping[str, int]
    now: datetime


def _numbers() -> "array[int]":
    return array("q")


@dataclass
class Figures:
    """What is counted for one row. Of what was answered: when it was asked and answered in seconds since 1970, how many seconds of working time lie
    between, and the numbers of the first interactions, one more at the most than can be named. Arrays, for there may be millions."""

    counts: Counter[str] = field(default_factory=Counter)
    minutes: int | None = None
    asked: "array[int]" = field(default_factory=_numbers)
    answered: "array[int]" = field(default_factory=_numbers)
    waits: "array[int]" = field(default_factory=_numbers)
    named: list[int] = field(default_factory=list)

    def add_minutes(self, minutes: Any) -> None:
        if minutes is not None:
            self.minutes = (self.minutes or 0) + int(minutes)


@report(
    "interactions", label=Label("Взаємодії", "Interactions"),
    question=Label("Скільки взаємодій відбулося, що прострочено і як швидко ми відповідаємо?",
                   "How many interactions were held, what is overdue, and how soon do we respond?"),
    group="contacts", entity="interaction", measures=MEASURES, dimensions=DIMENSIONS, icon="message", opening={"by": "owner", "period": "last_90_days"},
)
def interactions(session: DataSession, params: CommonParams) -> Table:
    """Interactions by the moment they were held at, else by what they are planned for, split by `params.by`.

    `planned`, `held`, `no_show`, `cancelled` count states; `overdue` those still planned after their planned end; `inbound`, `outbound`
    and `minutes` are of the held. `median_response` is the median, over inbound held interactions that a later outbound held one with
    the same company answers, of the working minutes between the two, in the company's working time and zone.
    """
    options = Options(numbers(session, "interaction_state"), numbers(session, "direction"), datetime.now(UTC))
    rows = _counted(session, params, options)
    if params.shows("median_response"):
        responses(session, params, options, rows)
    whole = _together(rows.values())
    if not params.dimensions:
        rows = {(): whole}
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params)} for key, found in rows.items()]
    standard = (("month", False),) if "month" in params.by else (("held", True),) if params.shows("held") else ()
    by_name = tuple((d.key, False) for d in params.dimensions)
    named = {tuple(keys[key].values()): found.named for key, found in rows.items()}
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, by_name), params.sort or standard),
        totals=_measures(whole, params),
        currency=params.currency,
        drill=lambda row, key: _drill(session, params, row, key, options, named, whole),
        chart=CHART if params.dimensions and params.shows("held") else None,
    )


def numbers(session: DataSession, picklist: str) -> Mapping[str, int]:
    """The options of a picklist: key → number."""
    return {o.key: o.id for o in session.catalog.picklists[picklist].options}


def _chosen(statement: Select[Any], params: CommonParams, source: Source, groups: Grouping) -> Select[Any]:
    """The interactions that the parameters choose, with the joins of the dimensions."""
    return groups.joined(statement.select_from(source.table)).where(source.visible, source.asked({"all": params.conditions(DATED, moment=True)}))


def _counted(session: DataSession, params: CommonParams, options: Options) -> dict[Key, Figures]:
    source = session.table("interaction")
    groups = grouping(source, params.dimensions, params.time_zone)
    parts: dict[str, Any] = {}
    if params.shows("held"):
        parts["state"] = source["state"]
    if params.shows("inbound"):
        parts["direction"] = source["direction"]
    if params.shows("overdue"):
        parts["overdue"] = case((source["ends_at"] < options.now, 1), else_=0)
    minutes = func.sum(source["actual_minutes"]) if params.shows("minutes") else null()
    statement = _chosen(select(*groups.expressions, *parts.values(), func.count(source.id), minutes), params, source, groups)
    found: dict[Key, Figures] = defaultdict(Figures)
    states, directions = ({number: key for key, number in known.items()} for known in (options.states, options.directions))
    for row in session.execute(statement.group_by(*groups.expressions, *parts.values())):
        values: dict[str, Any] = dict(zip(parts, row[groups.width :], strict=False))
        *_, number, taken = row
        figures, state = found[groups.key(row)], states.get(values.get("state", 0), "")
        figures.counts[state] += number
        if state == HELD:
            figures.counts[directions.get(values.get("direction", 0), "")] += number
            figures.add_minutes(taken)
        elif state == PLANNED and values.get("overdue"):
            figures.counts["overdue"] += number
    return dict(found)


def responses(session: DataSession, params: CommonParams, options: Options, rows: dict[Key, Figures]) -> None:
    """Put into every row how long its inbound interactions waited for the first outbound one after them."""
    narrow = any(part is not None for part in (params.owner, params.department, params.territory, params.where))
    narrow = narrow or (params.period is not None and params.period.last - params.period.first < LONG)
    groups, statement = (_each_asks if narrow else _in_one_pass)(session, params, options)
    places: dict[Any, Figures] = {}
    for *raw, number, asked, answered in session.execute(statement.execution_options(yield_per=AT_ONCE)):
        if answered is None:
            continue
        place = raw[0] if groups.width == 1 else tuple(raw)
        figures = places.get(place)
        if figures is None:
            figures = places[place] = rows[groups.key(raw)]
        figures.asked.append(asked)
        figures.answered.append(answered)
        if len(figures.named) <= MOST_NAMED:
            figures.named.append(number)
    answered_in = [found for found in rows.values() if found.asked]
    if answered_in:
        company, first, last = session.catalog.company, min(min(f.asked) for f in answered_in), max(max(f.answered) for f in answered_in)
        worked = seconds_clock(company.working_time, company.zone, first, last, session.catalog.special_days)
        for found in answered_in:
            found.waits.extend(worked(answered) - worked(asked) for asked, answered in zip(found.asked, found.answered, strict=True))


def _each_asks(session: DataSession, params: CommonParams, options: Options) -> tuple[Grouping, Select[Any]]:
    """The inbound interactions that are chosen, each of which looks for its answer through an index: where they are few among all.

    Selected are the groups, the number, and the seconds of being asked and answered, null where nobody has answered.
    """
    source, other = session.table("interaction"), session.table("interaction")
    held, outbound = options.states.get(HELD), options.directions.get("outbound")
    answer = (
        select(other[DATED])
        .where(other.visible, other["account"] == source["account"], other["direction"] == outbound, other["state"] == held, other[DATED] >= source[DATED])
        .order_by(other[DATED]).limit(1).correlate(source.table).scalar_subquery()
    )
    groups = grouping(source, params.dimensions, params.time_zone)
    moments = (whole_seconds(session, source[DATED]), whole_seconds(session, answer))
    statement = _chosen(select(*groups.expressions, source.id, *moments), params, source, groups)
    return groups, statement.where(source["direction"] == options.directions.get("inbound"), source["state"] == held)


def _in_one_pass(session: DataSession, params: CommonParams, options: Options) -> tuple[Grouping, Select[Any]]:
    """The same where only a long period chooses, or nothing: all that was held with each company from its beginning on, read once from the last to
    the first, so that the least outbound moment so far is the answer. On PostgreSQL it costs a fifth of as many look-ups."""
    source = session.table("interaction")
    inbound, outbound = (options.directions.get(key) for key in DIRECTIONS)
    groups, at = grouping(source, params.dimensions, params.time_zone), source[DATED]
    answer = func.min(case((source["direction"] == outbound, at), else_=null())).over(partition_by=source["account"], order_by=at.desc())
    picked = [*groups.expressions, source.id.label("id"), source["direction"].label("direction"), at.label("asked"), answer.label("answered")]
    statement = groups.joined(select(*picked).select_from(source.table)).where(
        source.visible, source["state"] == options.states.get(HELD), source["direction"].in_([inbound, outbound]), source["account"].is_not(None),
    )
    first, until = params.period.moments(params.time_zone) if params.period else (None, None)
    each = (statement.where(at >= first) if first else statement).subquery()
    found = select(*list(each.c)[: groups.width], each.c.id, whole_seconds(session, each.c.asked), whole_seconds(session, each.c.answered))
    return groups, found.where(each.c.direction == inbound, *([each.c.asked < until] if until else []))


def _together(parts: Iterable[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        whole.counts.update(part.counts)
        whole.add_minutes(part.minutes)
        whole.waits.extend(part.waits)
        whole.named += part.named[: MOST_NAMED + 1 - len(whole.named)]
    return whole


def _measures(found: Figures, params: CommonParams) -> dict[str, Any]:
    seconds = middle(found.waits)
    every: dict[str, Any] = {key: found.counts[key] for key in (PLANNED, HELD, NO_SHOW, CANCELLED, "overdue", *DIRECTIONS)}
    every["minutes"] = found.minutes if found.counts[HELD] else 0
    every["median_response"] = None if seconds is None else seconds / 60
    return {c.key: every[c.key] for c in params.shown}


def _drill(
    session: DataSession, params: CommonParams, row: Row | None, key: str, options: Options, named: Mapping[Key, list[int]], whole: Figures,
) -> Drill:
    """The interactions behind a cell."""
    state = {"overdue": PLANNED, "inbound": HELD, "outbound": HELD, "minutes": HELD, "median_response": HELD}.get(key, key)
    chosen: list[Mapping[str, Any]] = [{"field": "state", "op": "eq", "value": state}, *params.conditions(DATED, moment=True)]
    if key == "overdue":
        chosen.append({"field": "ends_at", "op": "lt", "value": options.now.isoformat()})
    if key in DIRECTIONS or key == "median_response":
        chosen.append({"field": "direction", "op": "eq", "value": "inbound" if key == "median_response" else key})
    if key == "median_response":
        ids = whole.named if row is None else named.get(tuple(v for k, v in row.items() if k not in {c.key for c in MEASURES}), [])
        chosen += [{"field": "id", "op": "in", "value": sorted(ids)}] if len(ids) <= MOST_NAMED else []
    return Drill("interaction", {"all": [*chosen, *(row_conditions(session, "interaction", params.dimensions, row, params.time_zone) if row else [])]})
