"""What a report may be asked: typed parameters, read from the texts of a command line or an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, get_type_hints
from zoneinfo import ZoneInfo

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import readers
from crm.backoffice.reports.table import Column
from crm.errors import BadRequest
from crm.messages import Label, m

Kind = Literal["period", "currency", "time_zone", "record", "branch", "where", "by", "sort", "entity", "measure", "date", "search", "rate", "choice", "number"]
Step = Literal["month", "quarter", "year"]
Json = Mapping[str, Any]
HISTORIC, CURRENT = readers.HISTORIC, readers.CURRENT

READERS: Mapping[Kind, Callable[[DataSession, Any, str], Any]] = {
    "period": readers.period_of, "currency": readers.currency_of, "time_zone": readers.zone_of, "record": readers.record_of,
    "branch": readers.branch_of, "where": readers.where_of, "by": readers.names_of, "sort": readers.order_of,
    "rate": readers.rate_of, "choice": readers.choice_of, "number": readers.number_of,
    "entity": readers.text_of, "measure": readers.texts_of, "date": readers.text_of, "search": readers.text_of,
}


@dataclass(frozen=True)
class Parameter:
    """The description of one parameter, as `--describe` and the screen show it."""

    kind: Kind
    label: Label
    help: Label
    entity: str = ""  # what a "record" or "branch" (a record with everything below it) is looked up in
    choices: Callable[[DataSession], Mapping[str, Label]] | None = None  # of a "choice": key → what it is called
    without: Label | None = None  # of a "period": which it is when none is given, where that is not all time


@dataclass(frozen=True)
class Dimension:
    """Something a report can be split by: a path from the report's entity to a reference, to an option, to one of some words, to yes or no, or to a date or
    moment by `step`: month, quarter, year."""

    key: str
    label: Label
    path: str
    entity: str = ""  # whose names the rows carry
    picklist: str = ""  # whose options' keys they carry; without either it is a step of days
    flag: bool = False  # yes or no
    words: tuple[tuple[str, Label], ...] = ()  # of a field that holds one of these keys
    step: Step = "month"

    @property
    def by_month(self) -> bool:
        """Whether its values are days, told by their month or a longer step."""
        return not self.entity and not self.picklist and not self.flag and not self.words


PERIODS = "2026, 2026-Q2, 2026-06, 2026-01-01..2026-03-31, this_quarter, last_30_days"
PERIOD = Parameter("period", Label("Період", "Period"), Label(f"{PERIODS}; порожньо: увесь час", f"{PERIODS}; empty: all time"))
CURRENCY = Parameter("currency", Label("Валюта", "Currency"), Label("Код валюти; порожньо: основна валюта", "A currency code; empty: the base currency"))
RATE = Parameter("rate", Label("Курс валют", "Exchange rate"), Label(
    "historic: на день запису; current: останній; РРРР-ММ-ДД: на цей день", "historic: of the record's day; current: the last; YYYY-MM-DD: of that day"))
TIME_ZONE = Parameter(
    "time_zone", Label("Часовий пояс", "Time zone"),
    Label("Наприклад, Europe/Kyiv; порожньо: пояс компанії", "For example Europe/Kyiv; empty: the company's zone"),
)
OWNER = Parameter("record", Label("Відповідальний", "Owner"), Label("Код або імʼя людини, або me", "A person's code or name, or me"), "user")
BELOW = Label("Код або назва; з усіма, що нижче", "Code or name; with all below it")
DEPARTMENT = Parameter("branch", Label("Підрозділ", "Department"), BELOW, "department")
TERRITORY = Parameter("branch", Label("Територія", "Territory"), BELOW, "territory")
WHERE = Parameter("where", Label("Умова", "Condition"), Label("Умова як у списках, JSON", "A condition as in lists, JSON"))
BY = Parameter("by", Label("Розріз", "Split by"), Label("Один або кілька розрізів через кому", "One or several dimensions, with commas"))
SORT = Parameter("sort", Label("Порядок", "Order"), Label("Стовпці через кому, з мінусом за спаданням", "Columns with commas, a minus for descending"))


@dataclass(frozen=True, kw_only=True)
class CommonParams:
    """What every report can be asked. A report with more questions extends this class by further `Annotated[…, Parameter(…)]` fields."""

    period: Annotated[Period | None, PERIOD] = None
    currency: Annotated[str, CURRENCY]
    rate: Annotated[str | date, RATE] = HISTORIC
    time_zone: Annotated[ZoneInfo, TIME_ZONE]
    owner: Annotated[int | None, OWNER] = None
    department: Annotated[tuple[int, ...] | None, DEPARTMENT] = None
    territory: Annotated[tuple[int, ...] | None, TERRITORY] = None
    where: Annotated[Json | None, WHERE] = None
    by: Annotated[tuple[str, ...], BY] = ()
    sort: Annotated[tuple[tuple[str, bool], ...], SORT] = ()

    shown: tuple[Column, ...] = ()  # the measures this reader may see
    dimensions: tuple[Dimension, ...] = ()  # what stands in `by`

    def conditions(self, dated: str, *, moment: bool = False) -> list[Json]:
        """The parameters as conditions on the report's records; `dated` is the date that the period looks at, or a `moment`, of which
        days are those of `time_zone`."""
        found: list[Json] = []
        if self.period is not None and moment:
            found += within(dated, self.period, self.time_zone)
        elif self.period is not None:
            found.append({"field": dated, "op": "within", "value": f"{self.period.first}..{self.period.last}"})
        if self.owner is not None:
            found.append({"field": "owner", "op": "eq", "value": self.owner})
        for name, ids in (("department", self.department), ("territory", self.territory)):
            if ids is not None:
                found.append({"field": name, "op": "in", "value": list(ids)})
        if self.where is not None:
            found.append(self.where)
        return found

    def shows(self, key: str) -> bool:
        """Whether the reader gets the measure `key`."""
        return any(c.key == key for c in self.shown)


def within(field: str, days: Period, zone: ZoneInfo) -> list[Json]:
    """The conditions that choose the moments of these days of a zone."""
    start, end = days.moments(zone)
    return [{"field": field, "op": "ge", "value": start.isoformat()}, {"field": field, "op": "lt", "value": end.isoformat()}]


def described(params: type[CommonParams]) -> dict[str, Parameter]:
    """The parameters of a parameter class, by name."""
    hints = get_type_hints(params, include_extras=True)
    return {name: note for name, hint in hints.items() for note in getattr(hint, "__metadata__", ()) if isinstance(note, Parameter)}


def read(report: Any, session: DataSession, given: Mapping[str, str], shown: tuple[Column, ...]) -> CommonParams:
    """The parameters of `report` from texts; an empty text counts as not given.

    Raises BadRequest naming the parameter that is unknown or does not make sense, UnknownName for a hidden or unknown name in it.
    """
    known = described(report.params)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadRequest(m("The report has no parameter “%(name)s”.", name=unknown[0][:60]))
    context = readers.Asked(report, shown, _zone(session, given))
    values: dict[str, Any] = {"currency": session.catalog.company.currency, "time_zone": context.zone}
    for name, parameter in known.items():
        text = given.get(name, "").strip()
        if text:
            values[name] = READERS[parameter.kind](session, context.about(parameter), text)
    by = values.get("by", ())
    for key, _ in values.get("sort", ()):
        if key not in by and not any(c.key == key for c in shown):
            raise BadRequest(m("The rows are not split by “%(name)s”, so they cannot be sorted by it.", name=key))
    params: CommonParams = report.params(**values, shown=shown, dimensions=tuple(d for key in by for d in report.dimensions if d.key == key))
    return params


def _zone(session: DataSession, given: Mapping[str, str]) -> ZoneInfo:
    text = given.get("time_zone", "").strip()
    zone: ZoneInfo = readers.zone_of(session, None, text) if text else session.catalog.company.zone
    return zone


def given(params: CommonParams) -> dict[str, Any]:
    """The parameters as plain values for JSON: what the report understood, periods as `A..B`, records as numbers."""
    shown: dict[str, Any] = {}
    for name in described(type(params)):
        value = getattr(params, name)
        match value:
            case Period():
                value = f"{value.first}..{value.last}"
            case date():
                value = value.isoformat()
            case ZoneInfo():
                value = value.key
            case tuple() if name == "sort":
                value = ",".join(("-" if descending else "") + key for key, descending in value)
            case tuple():
                value = list(value)
        shown[name] = value
    return {k: v for k, v in shown.items() if v not in (None, "", [], ())}

