"""Of whom judgements are, and what the deals of these people come to month by month, as the reader sees them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period, month as month_of
from crm.backoffice.reports import CommonParams, Dimension
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.readers import with_all_below
from crm.backoffice.reports.sight import visible_columns
from crm.backoffice.sight import Source
from crm.backoffice.worth import Place, add_to, today_in
from crm.messages import Label
from crm.organization.dimensions import DEPARTMENT, OWNER
from crm.sales.forecast.categories import COMMIT as COMMITTED, PICKLIST
from crm.sales.forecast.expected import CLOSED_ON, EXPECTED, Figures, count_open, count_won
from crm.sales.forecast.forecast_report import MEASURES as OF_A_PERIOD, ForecastParams
from crm.sales.forecast.months import MONTH, dimension
from crm.sales.judgements.models import COMMIT, JUDGEMENT, MEASURES as WORDS

STATED = ("month", "measure", "seller", "unit", "owner")
OF_DEALS = tuple(f"deal:{key}" for key in ("stage", "owner", "department", "amount", "currency"))
CLOSED = (*OF_DEALS, f"deal:{CLOSED_ON}")
EXPECTED_TOO = (*CLOSED, f"deal:{EXPECTED}", f"deal:{PICKLIST}", "deal:probability")
DIMENSIONS = (
    Dimension("month", Label("Місяць", "Month"), "month"),
    Dimension("owner", Label("Хто оцінив", "Who judged"), "owner", "user"),
    Dimension("seller", Label("За кого", "Of whom"), "seller", "user"),
    Dimension("unit", Label("За який підрозділ", "Of which department"), "unit", "department"),
    Dimension("measure", Label("Що оцінено", "What is judged"), "measure", words=WORDS),
    DEPARTMENT,
)


@dataclass(frozen=True)
class Judged:
    """A judgement: in which row it stands, of which month, what and whom, and its amount with where that stands."""

    key: Key
    month: Period
    measure: str
    seller: int | None
    unit: int | None
    place: Place
    amount: Decimal | None

    @property
    def name(self) -> str:
        """Its month, as rows name it."""
        return f"{self.month.first:%Y-%m}"


def judged(session: DataSession, params: CommonParams, where: Iterable[Json], *, money: bool, held: Any = None) -> list[Judged]:
    """The judgements that fit the conditions, and `held`: a predicate of the source."""
    source, base = session.table(JUDGEMENT), session.catalog.company.currency
    groups = grouping(source, params.dimensions)
    worth: list[ColumnElement[Any]] = [source["currency"], day_of_rate(source, params), source["amount"]] if money else []
    picked = groups.joined(select(*groups.expressions, *(source[key] for key in ("month", "measure", "seller", "unit")), *worth).select_from(source.table))
    asked = [source.visible, source.asked({"all": list(where)}), *([held(source)] if held is not None else [])]
    found = []
    for row in session.execute(picked.where(*asked).order_by(source.id)):
        day, measure, seller, unit, *rest = row[groups.width :]
        code, rate_day, amount = rest or (None, None, None)
        found.append(Judged(groups.key(row), month_of(day), measure, seller, unit, Place(code or base, rate_day), amount))
    return found


def whole_months(params: CommonParams) -> Period | None:
    """The days of all months that the period touches: a judgement is of a whole one."""
    days = params.period
    return Period(days.first.replace(day=1), month_of(days.last).last) if days is not None else None


class Deals:
    """What the reader's deals of some months come to by month, owner and department."""

    def __init__(self, session: DataSession, params: CommonParams, every: Iterable[Judged], *, open_too: bool) -> None:
        months = [one.month for one in every]
        self.session, self.branches = session, dict[int, frozenset[int]]()
        self.found: defaultdict[Key, Figures] = defaultdict(Figures)
        if not months:
            return
        span = Period(min(one.first for one in months), max(one.last for one in months))
        shown = visible_columns(session, "deal", (column for column in OF_A_PERIOD if column.key in ("amount", "commit", "weighted", "closed")))

        def split(dated: str) -> ForecastParams:
            return ForecastParams(currency=params.currency, rate=params.rate, time_zone=params.time_zone, period=span, shown=shown,
                                  dimensions=(dimension(MONTH, dated), OWNER, DEPARTMENT))

        if open_too:
            count_open(session, split(EXPECTED), session.catalog.stages("open"), None, today_in(params.time_zone), self.found)
        count_won(session, split(CLOSED_ON), session.catalog.stages("won"), self.found)

    def places(self) -> list[Place]:
        return [place for figures in self.found.values() for place in figures.places()]

    def worth(self, one: Judged, *, open_too: bool) -> dict[Place, Decimal | None]:
        """What is closed of the judged month, and with `open_too` what is expected of it beside: the committed, or all by their probability."""
        total: dict[Place, Decimal | None] = {}
        beside = () if not open_too else (COMMITTED,) if one.measure == COMMIT else ("weighted",)
        for (name, owner, department), figures in self.found.items():
            if name == one.name and (owner == one.seller if one.seller is not None else department in self.branch(one.unit)):
                for measure in ("closed", *beside):
                    for place, amount in figures.worth[measure].items():
                        add_to(total, place, amount)
        return total

    def branch(self, unit: int | None) -> frozenset[int]:
        """A department and all below it that the reader sees."""
        if unit is None:
            return frozenset()
        if unit not in self.branches:
            self.branches[unit] = frozenset(with_all_below(self.session, "department", unit))
        return self.branches[unit]


def deals_behind(session: DataSession, deals: Deals, one: Judged, *, open_too: bool) -> list[Json]:
    """The conditions on the deals that `Deals.worth` adds up."""
    of_whom: Json = {"field": "owner", "op": "eq", "value": one.seller} if one.seller is not None else {
        "field": "department", "op": "in", "value": sorted(deals.branch(one.unit))}
    closed = _in_month(session, "won", CLOSED_ON, one.month)
    if not open_too:
        return [of_whom, *closed]
    committed = [option.id for option in session.catalog.picklists[PICKLIST].options if option.key == COMMITTED]
    category: list[Json] = [{"field": PICKLIST, "op": "in", "value": committed}] if one.measure == COMMIT else []
    return [of_whom, {"any": [{"all": closed}, {"all": [*_in_month(session, "open", EXPECTED, one.month), *category]}]}]


def _in_month(session: DataSession, kind: str, dated: str, days: Period) -> list[Json]:
    return [{"field": "stage", "op": "in", "value": session.catalog.stages(kind)}, {"field": dated, "op": "within", "value": f"{days.first}..{days.last}"}]


def by_row(every: Iterable[Judged]) -> Mapping[Key, list[Judged]]:
    """The judgements of each row."""
    found: dict[Key, list[Judged]] = {}
    for one in every:
        found.setdefault(one.key, []).append(one)
    return found


def stood_on(source: Source, night: date) -> Any:
    """Whether a judgement was in force in the end of a day."""
    return (source["stated_on"] <= night) & (source["replaced_on"].is_(None) | (source["replaced_on"] > night))
