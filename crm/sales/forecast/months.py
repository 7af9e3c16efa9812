"""The months or quarters that a forecast sets side by side."""

from datetime import date, timedelta

from babel.dates import format_skeleton

from crm.backoffice.periods import Period, month, quarter
from crm.backoffice.reports import Dimension, Parameter
from crm.errors import BadRequest
from crm.messages import Label, m

MONTH, QUARTER = "month", "quarter"
AHEAD = {MONTH: 6, QUARTER: 4}  # how many there are unless a period is given, the present one among them
MOST = 36
STEPS = {MONTH: Label("за місяцями", "by month"), QUARTER: Label("за кварталами", "by quarter")}
STEP = Parameter("choice", Label("Крок", "Step"), Label("month: за місяцями; quarter: за кварталами", "month: by month; quarter: by quarter"),
                 choices=lambda _session: STEPS)
SPAN = Parameter(
    "period", Label("Період", "Period"), Label("2026, 2026-Q2, 2026-06, this_quarter; порожньо: цей місяць і пʼять наступних або цей квартал і три наступні",
    "2026, 2026-Q2, 2026-06, this_quarter; empty: this month and the next five, or this quarter and the next three"),
    without=Label("відтепер і далі", "from now on"),
)


def steps(period: Period | None, step: str, first: date, today: date) -> dict[str, Period]:
    """The days of each month or quarter of the period by its name (`2026-03`, `2026-Q1`); at the edges only those in the period. Without a period from the
    one of `first` to as many after today's as `AHEAD` says. Raises BadRequest for more than 36."""
    of = month if step == MONTH else quarter
    found: dict[str, Period] = {}
    here, ahead = of(period.first if period is not None else first), 0
    while (period is None and ahead < AHEAD[step]) or (period is not None and here.first <= period.last):
        if len(found) == MOST:
            raise BadRequest(m("At most %(most)s months or quarters stand side by side: choose a shorter period.", most=MOST))
        ahead += here.last >= today
        inside = here if period is None else Period(max(here.first, period.first), min(here.last, period.last))
        found[named(here.first, step)] = inside
        if here.last == date.max:
            break
        here = of(here.last + timedelta(days=1))
    return found


def named(day: date, step: str) -> str:
    """The month or the quarter in which a day lies, as periods are written."""
    return f"{day:%Y-%m}" if step == MONTH else f"{day.year:04d}-Q{(day.month + 2) // 3}"


def worded(name: str, day: date) -> Label:
    """What a month or quarter is called that begins on this day."""
    if "Q" in name:
        return Label(f"{name[-1]} квартал {day.year}", f"Q{name[-1]} {day.year}")
    return Label(*(str(format_skeleton("yMMMM", day, locale=language)) for language in ("uk", "en")))


def whole(found: dict[str, Period]) -> Period:
    """All their days."""
    every = list(found.values())
    return Period(every[0].first, every[-1].last)


def dimension(step: str, path: str) -> Dimension:
    """By which deals are split into them."""
    return Dimension("month", Label("Місяць", "Month") if step == MONTH else Label("Квартал", "Quarter"), path, step="month" if step == MONTH else "quarter")
