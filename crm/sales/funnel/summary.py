"""The funnel in one line a row: how many deals were won, lost and are open, at which rates, and how much a day they bring. What people, units and
periods are compared by."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, not_, or_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import WIDE
from crm.backoffice.reports import Column, Drill, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.estimates import wilson
from crm.backoffice.reports.figures import whole_seconds
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.worth import Conversion
from crm.messages import Label
from crm.sales.funnel.counting import as_one, count_deals
from crm.sales.funnel.groups import Group
from crm.sales.funnel.lengths import looked_at_rows
from crm.sales.funnel.report import DIMENSIONS, ENOUGH, ENTERED, STANDS, FunnelParams, view_of
from crm.sales.funnel.view import HISTORY, View, has_move

DAY = 24 * 60 * 60
MONEY = (*STANDS, "amount", "currency")
SIGNS = ("skipped", "returned", "reopened")

MEASURES = (
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, на які дивиться воронка", "The deals that the funnel looks at"), ENTERED),
    Column("won", Label("Виграно", "Won"), "count", Label("Стоять на виграному етапі", "They stand in a won stage"), STANDS),
    Column("lost", Label("Програно", "Lost"), "count", Label("Стоять на програному етапі", "They stand in a lost stage"), STANDS),
    Column("open", Label("Відкрито", "Open"), "count", Label("Стоять на відкритому етапі", "They stand in an open stage"), STANDS),
    Column("won_rate", Label("Виграно з усіх", "Won of all"), "rate",
           Label("Виграні, поділені на всі угоди; відкриті ще можуть це змінити", "Won divided by all deals; open ones may still change it"), STANDS,
           sample=("deals",)),
    Column("won_low", Label("З усіх від", "Of all, from"), "rate",
           Label("Нижня межа 95 % інтервалу Вілсона; порожньо, якщо угод менше 20", "The lower end of Wilson's 95 % interval; empty below 20 deals"), STANDS),
    Column("won_high", Label("З усіх до", "Of all, up to"), "rate",
           Label("Верхня межа 95 % інтервалу Вілсона; порожньо, якщо угод менше 20", "The upper end of Wilson's 95 % interval; empty below 20 deals"), STANDS),
    Column("win_rate", Label("Виграно із закритих", "Won of closed"), "rate",
           Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), STANDS, sample=("won", "lost")),
    Column("win_low", Label("Із закритих від", "Of closed, from"), "rate",
           Label("Нижня межа 95 % інтервалу Вілсона; порожньо, якщо закритих менше 20", "The lower end of Wilson's 95 % interval; empty below 20 closed"),
           STANDS),
    Column("win_high", Label("Із закритих до", "Of closed, up to"), "rate",
           Label("Верхня межа 95 % інтервалу Вілсона; порожньо, якщо закритих менше 20", "The upper end of Wilson's 95 % interval; empty below 20 closed"),
           STANDS),
    Column("average_won", Label("Середня виграна", "Average won"), "money",
           Label("Сума виграних, поділена на їхню кількість", "The amount of the won divided by them"),
           MONEY),
    Column("cycle_days", Label("Цикл, днів", "Cycle, days"), "days",
           Label("Від першого переходу у воронці до виграшу, середнє за виграними", "From the first move in the pipeline to winning, the mean of the won"),
           STANDS),
    Column("velocity", Label("Швидкість на день", "Velocity a day"), "money",
           Label("Відкриті × частка виграних із закритих × середня виграна ÷ цикл", "Open × won of closed × average won ÷ cycle"), MONEY),
    Column("skipped", Label("З пропусками", "With skips"), "count", Label("Хоч один етап перескочено", "At least one stage was jumped over"),
           (*ENTERED, f"{HISTORY}.skipped")),
    Column("returned", Label("З поверненнями", "With returns"), "count",
           Label("Хоч раз повертались на попередній етап", "They went back to an earlier stage at least once"),
           (*ENTERED, f"{HISTORY}.back")),
    Column("reopened", Label("Відкрито знову", "Re-opened"), "count",
           Label("Хоч раз відкрито після виграшу чи програшу", "Opened again after won or lost at least once"),
           (*ENTERED, f"{HISTORY}.reopened")),
)


@dataclass
class Beside:
    """What is counted beside a group: of how many won deals the way is known and how many seconds it took them together; deals with each sign."""

    timed: int = 0
    seconds: int = 0
    skipped: int = 0
    returned: int = 0
    reopened: int = 0

    def join(self, other: "Beside") -> None:
        for name in ("timed", "seconds", *SIGNS):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@report(
    "funnel_summary", label=Label("Підсумок воронки", "Funnel summary"),
    question=Label("Яку частку угод виграно, за скільки днів і скільки це дає за день?",
                   "What share of deals is won, how soon, and how much does it bring a day?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=FunnelParams, icon="coins",
    opening={"period": "last_365_days", "by": "owner"},
)
def funnel_summary(session: DataSession, params: FunnelParams) -> Table:
    """The deals of the funnel, a row for each value of `params.by`: outcomes, rates with their intervals, and velocity.

    Rates are fractions of 1; intervals are Wilson's 95 %, None below 20. `cycle_days` are days of 24 hours from the first move in the pipeline to the one
    that won, the mean of the won. `velocity` is `open` × `win_rate` × `average_won` ÷ `cycle_days`, money a day in `params.currency` at the rates of
    `params.rate`; None where one of its parts is undefined. Raises BadRequest where there are several pipelines and none is named.
    """
    view = view_of(session, params)
    chosen = replace(params, period=None).conditions("")
    found: defaultdict[Key, Group] = defaultdict(Group)
    count_deals(session, view, params, chosen, found)
    beside = _beside(session, view, params, chosen)
    whole, all_beside = Group(), Beside()
    for key, group in found.items():
        whole.join(group)
        all_beside.join(beside[key])
    if not params.dimensions and not found:
        found[()] = whole
    done = conversion(session, params, (place.currency for place in whole.won_worth))
    keys = row_keys(session, params.dimensions, found)
    rows = [{**keys[key], **_measures(group, beside[key], params, done)} for key, group in found.items()]
    order = params.sort or ((("deals", True),) if params.dimensions else ())
    rows = ordered(ordered(rows, tuple((d.key, False) for d in params.dimensions)), order)
    worth = (place for place, amount in whole.won_worth.items() if amount) if params.shows("velocity") else ()
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=rows, totals=_measures(whole, all_beside, params, done), currency=params.currency,
        drill=lambda row, key: _drill(session, view, params, row, key), notes=notes(session, session.catalog.entity("deal"), params, done, worth),
    )


def _beside(session: DataSession, view: View, params: FunnelParams, chosen: Sequence[Json]) -> defaultdict[Key, Beside]:
    found: defaultdict[Key, Beside] = defaultdict(Beside)
    if params.shows("cycle_days"):
        _time(session, view, params, chosen, found)
    flags = [name for name in SIGNS if params.shows(name)]
    if flags:
        _signs(session, view, params, chosen, flags, found)
    return found


def _time(session: DataSession, view: View, params: FunnelParams, chosen: Sequence[Json], found: defaultdict[Key, Beside]) -> None:
    """The way of the won deals, from the move that brought them into the pipeline to the one in which they stand: a row that is seen with all of its deal
    says itself when the way began."""
    deal, last = session.table("deal"), session.table(HISTORY)
    groups = grouping(deal, params.dimensions)
    table, where = looked_at_rows(session, view, last, deal, chosen if groups.dimensions or chosen else None)
    if as_one(session):
        began = last["began_at"]
    else:
        first = session.table(HISTORY)
        table, began = table.join(first.table, and_(first.beside(deal), first["first"], first["stage"].in_(view.stages.every))), first["entered_at"]
    took = func.sum(whole_seconds(session, last["entered_at"]) - whole_seconds(session, began))
    counted = groups.joined(select(*groups.expressions, func.count(), took).select_from(table))
    stands = (not_(view.left(last)), *view.moved(last), last["stage"].in_(view.stages.won))
    for row in session.execute(counted.where(*where, *stands).group_by(*groups.expressions)):
        number, seconds = row[groups.width :]
        beside = found[groups.key(row)]
        beside.timed, beside.seconds = beside.timed + number, beside.seconds + int(seconds or 0)


def _signs(
    session: DataSession, view: View, params: FunnelParams, chosen: Sequence[Json], flags: Sequence[str], found: defaultdict[Key, Beside],
) -> None:
    """The deals of which some move skipped stages, went back or opened them again; first deal by deal, since to count different ones of a million rows
    takes longer."""
    deal, move = session.table("deal"), session.table(HISTORY)
    groups = grouping(deal, params.dimensions)
    asked = [move["skipped"] > 0 if name == "skipped" else move["back" if name == "returned" else "reopened"] for name in flags]
    table, where = looked_at_rows(session, view, move, deal, chosen if groups.dimensions or chosen else None)
    number = move["deal"] if as_one(session) else deal.id
    keys = [expression.label(f"key_{n}") for n, expression in enumerate(groups.expressions)]
    signs = [func.max(case((one, 1), else_=0)).label(name) for name, one in zip(flags, asked, strict=True)]
    told = groups.joined(select(*keys, *signs).select_from(table)).where(*where, move["stage"].in_(view.stages.every), *view.moved(move), or_(*asked))
    deals = told.group_by(*groups.expressions, number).subquery()
    by = list(deals.c)[: len(keys)]
    for row in session.execute(select(*by, *(func.sum(deals.c[name]) for name in flags)).group_by(*by)):
        beside = found[groups.key(row)]
        for name, count in zip(flags, row[groups.width :], strict=True):
            setattr(beside, name, getattr(beside, name) + int(count or 0))


def _measures(group: Group, beside: Beside, params: FunnelParams, done: Conversion) -> dict[str, Any]:
    won, lost, still = group.won, group.lost_of_all, group.open.total()
    closed = won + lost
    of_all = wilson(won, group.deals) if group.deals >= ENOUGH else None
    of_closed = wilson(won, closed) if closed >= ENOUGH else None
    amount = done.total(group.won_worth) if won else None
    every: dict[str, Any] = {
        "deals": group.deals, "won": won, "lost": lost, "open": still,
        "won_rate": rate(won, group.deals), "won_low": of_all.low if of_all else None, "won_high": of_all.high if of_all else None,
        "win_rate": rate(won, closed), "win_low": of_closed.low if of_closed else None, "win_high": of_closed.high if of_closed else None,
        "average_won": WIDE.divide(amount, won) if amount is not None else None,
        "cycle_days": beside.seconds / DAY / beside.timed if beside.timed else None,
        "velocity": _velocity(still, closed, amount, beside), **{name: getattr(beside, name) for name in SIGNS},
    }
    return {c.key: every[c.key] for c in params.shown}


def _velocity(still: int, closed: int, amount: Decimal | None, beside: Beside) -> Decimal | None:
    """Open × won/closed × amount/won ÷ days: the number of the won falls out. None where a part is undefined, or winning took no time."""
    if amount is None or not closed or not beside.seconds:
        return None
    return WIDE.divide(WIDE.multiply(amount, still * DAY * beside.timed), closed * beside.seconds)


def _drill(session: DataSession, view: View, params: FunnelParams, row: Row | None, key: str) -> Drill:
    """The deals behind a figure; behind a rate all that it is a share of, behind velocity all of its parts."""
    stages = view.stages
    chosen = [*view.deals(), *replace(params, period=None).conditions("")]
    chosen += row_conditions(session, "deal", params.dimensions, row) if row is not None else []
    closed = has_move(view.standing(), [*stages.won, *stages.lost])
    won = has_move(view.standing(), stages.won)
    signs: dict[str, Json] = {
        "skipped": {"field": "skipped", "op": "gt", "value": 0}, "returned": {"field": "back", "op": "eq", "value": True},
        "reopened": {"field": "reopened", "op": "eq", "value": True},
    }
    behind: dict[str, Json] = {
        "won": won, "lost": has_move(view.standing(), stages.lost), "open": has_move(view.standing(), stages.open),
        "win_rate": closed, "win_low": closed, "win_high": closed, "average_won": won, "cycle_days": won,
        "velocity": has_move(view.standing(), stages.every), **{name: has_move([*view.moves(), sign], stages.every) for name, sign in signs.items()},
    }
    return Drill("deal", {"all": [*chosen, *([behind[key]] if key in behind else [])]})
