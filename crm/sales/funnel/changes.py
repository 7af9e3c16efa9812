"""What has become of a pipeline in a period: deals that entered it, moved, were won or lost, and those whose amount or expected day was changed."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.history import first_and_last, steady
from crm.backoffice.parts import in_parts
from crm.backoffice.reports import Column, CommonParams, Drill, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import HISTORIC, Json, within
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.sight import Source
from crm.backoffice.worth import Conversion, Place
from crm.messages import Label, Message, m
from crm.sales.funnel.counting import NOTHING
from crm.sales.funnel.groups import Worth
from crm.sales.funnel.report import DIMENSIONS, PIPELINE, STANDS, looked_at
from crm.sales.funnel.view import HISTORY, View, has_move

MOST_NAMED = 1000  # deals that the address of a list names one by one
CHANGE = "change"
MOVES = (*STANDS, f"{HISTORY}.back", f"{HISTORY}.reopened")
WORDS = (
    ("entered", Label("Увійшли у воронку", "Entered the pipeline")), ("moved_on", Label("Просунулись далі", "Moved on")),
    ("moved_back", Label("Повернулись назад", "Moved back")), ("won", Label("Виграно", "Won")), ("lost", Label("Програно", "Lost")),
    ("reopened", Label("Відкрито знову", "Re-opened")), ("grew", Label("Сума зросла", "Amount grew")), ("shrank", Label("Сума зменшилась", "Amount shrank")),
    ("slipped", Label("Закриття відклали", "Closing slipped")),
)
KINDS = tuple(key for key, _ in WORDS)
OF_VALUES: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {  # the field, and what its change from old to new must be
    "grew": ("amount", lambda old, new: (new or 0) > (old or 0)), "shrank": ("amount", lambda old, new: (new or 0) < (old or 0)),
    "slipped": ("expected_on", lambda old, new: old is not None and new is not None and new > old),
}

MEASURES = (
    Column(CHANGE, Label("Що сталося", "What happened"), "option",
           Label("Угода може бути в кількох рядках", "A deal may stand in several rows"), MOVES, words=WORDS),
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, з якими це сталося за період", "The deals to which it happened in the period"), MOVES),
    Column("amount", Label("Сума", "Amount"), "money", Label("Скільки вони варті тепер", "What they are worth now"), (*MOVES, "amount", "currency")),
)


@dataclass(frozen=True, kw_only=True)
class ChangesParams(CommonParams):
    """What is asked beside what all reports are."""

    pipeline: Annotated[str, PIPELINE] = ""


@dataclass
class Found:
    """The deals of one change: how many, what they are worth, and their numbers where no condition finds them."""

    deals: int = 0
    worth: Worth = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)

    def add(self, number: int, place: Place | None, amount: Decimal | None) -> None:
        self.deals += number
        if place is not None:
            before = self.worth.get(place)
            self.worth[place] = amount if before is None else before if amount is None else before + amount

    def join(self, other: "Found") -> None:
        self.deals, self.ids = self.deals + other.deals, [*self.ids, *other.ids]
        for place, amount in other.worth.items():
            self.add(0, place, amount)


Counted = defaultdict[str, defaultdict[Key, Found]]


@report(
    "funnel_changes", label=Label("Що змінилось у воронці", "What changed in the funnel"),
    question=Label("Що сталося з угодами за період?", "What has become of deals in the period?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=ChangesParams, icon="history", opening={"period": "this_week"},
)
def funnel_changes(session: DataSession, params: ChangesParams) -> Table:
    """Deals by what happened to them in `params.period`, split by `params.by`: a row a change, in a fixed order; a deal may stand in several.

    Moves come from the history of stages. Whether an amount grew or shrank, or the expected day slipped, is told by the journal: the value before the first
    change of the period beside that after the last, an empty amount as 0; only where the reader may know past values of the field. Money is that of the
    deals now, in `params.currency`, None as soon as a deal has no rate. The totals count each deal that a row counts, as often as it does. Raises
    BadRequest where there are several pipelines and none is named.
    """
    view = looked_at(session, params.pipeline, params.time_zone, params.period)
    counted: Counted = defaultdict(lambda: defaultdict(Found))
    for kind, condition in _moves(view).items():
        _count_moves(session, params, [*_chosen(params), condition], counted[kind])
    untold = [kind for kind, (key, _) in OF_VALUES.items() if not steady(session, session.catalog.entity("deal"), key)]
    for key in dict.fromkeys(field_ for kind, (field_, _) in OF_VALUES.items() if kind not in untold):
        _count_values(session, params, view, key, counted)
    shown = [kind for kind in KINDS if kind not in untold]
    keys = {key for kind in shown for key in counted[kind]} if params.dimensions else {()}
    named = row_keys(session, params.dimensions, keys)
    whole = Found()
    for kind in shown:
        for one in counted[kind].values():
            whole.join(one)
    done = conversion(session, params, (place.currency for place in whole.worth))
    by_name = tuple((d.key, False) for d in params.dimensions)
    rows = [{**named[key], CHANGE: kind, **_measures(counted[kind].get(key, Found()), params, done)} for kind in shown for key in keys]
    rows = ordered(ordered(rows, by_name), params.sort) if params.sort else ordered(rows, by_name)
    worth = (place for place, amount in whole.worth.items() if amount) if params.shows("amount") else ()
    said = (*notes(session, session.catalog.entity("deal"), params, done, worth), *_notes(untold))
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=rows, totals={CHANGE: None, **_measures(whole, params, done)}, currency=params.currency,
        drill=lambda row, key: _drill(session, view, params, counted, row), notes=said,
    )


def _chosen(params: ChangesParams) -> list[Json]:
    return replace(params, period=None).conditions("")


def _moves(view: View) -> dict[str, Json]:
    """The condition on deals of each change that is a move."""
    inside = within("entered_at", view.period, view.zone) if view.period is not None else []
    stages = view.stages

    def flag(name: str, value: bool = True) -> Json:
        return {"field": name, "op": "eq", "value": value}

    on = [flag(name, False) for name in ("first", "back", "reopened")]
    return {
        "entered": has_move([*inside, flag("first")], stages.every), "moved_on": has_move([*inside, *on], stages.open),
        "moved_back": has_move([*inside, flag("back")], stages.every), "won": has_move(inside, stages.won), "lost": has_move(inside, stages.lost),
        "reopened": has_move([*inside, flag("reopened")], stages.every),
    }


def _money(deal: Source, params: ChangesParams) -> tuple[list[Any], Any]:
    """What a statement groups money by, and the sum."""
    if not params.shows("amount"):
        return [NOTHING, NOTHING], NOTHING
    return [deal["currency"], day_of_rate(deal, params)], func.sum(deal["amount"])


def _count_moves(session: DataSession, params: ChangesParams, conditions: Sequence[Json], found: defaultdict[Key, Found]) -> None:
    deal = session.table("deal")
    groups, (split, amount) = grouping(deal, params.dimensions), _money(deal, params)
    counted = groups.joined(select(*groups.expressions, *split, func.count(), amount).select_from(deal.table))
    by = [*groups.expressions, *_grouped(split, params)]
    for row in session.execute(counted.where(deal.visible, deal.asked({"all": list(conditions)})).group_by(*by)):
        code, day, number, worth = row[groups.width :]
        found[groups.key(row)].add(number, _place(session, params, code, day), worth)


def _grouped(split: Sequence[Any], params: ChangesParams) -> Sequence[Any]:
    return () if not params.shows("amount") else split if params.rate == HISTORIC else split[:1]


def _place(session: DataSession, params: ChangesParams, code: str | None, day: Any) -> Place | None:
    return Place(code or session.catalog.company.currency, day) if params.shows("amount") else None


def _count_values(session: DataSession, params: ChangesParams, view: View, key: str, counted: Counted) -> None:
    """Deals of the pipeline whose field holds something else after the period than before it, by kind of change."""
    start, end = view.period.moments(view.zone) if view.period is not None else (None, None)
    changed = first_and_last(session, session.catalog.entity("deal"), key, start, end)
    kinds = {kind: fits for kind, (field_, fits) in OF_VALUES.items() if field_ == key}
    number = next((s.parent_id for s in session.catalog.configured["stage"].values() if s.id in view.stages.every), 0)
    asked: list[Json] = [*_chosen(params), {"field": "pipeline", "op": "eq", "value": number}]
    deal = session.table("deal")
    groups, (split, _) = grouping(deal, params.dimensions), _money(deal, params)
    worth = deal["amount"] if params.shows("amount") else NOTHING
    for part in in_parts(sorted(changed)):
        told = groups.joined(select(*groups.expressions, deal.id, *split, worth).select_from(deal.table))
        for row in session.execute(told.where(deal.visible, deal.shows(key), deal.id.in_(part), deal.asked({"all": asked}))):
            one, code, day, amount = row[groups.width :]
            for kind, fits in kinds.items():
                if fits(*changed[one]):
                    found = counted[kind][groups.key(row)]
                    found.add(1, _place(session, params, code, day), amount)
                    found.ids.append(one)


def _measures(found: Found, params: ChangesParams, done: Conversion) -> dict[str, Any]:
    amount = done.total(found.worth) if any(value is not None for value in found.worth.values()) else Decimal(0)
    every = {"deals": found.deals, "amount": amount}
    return {c.key: every[c.key] for c in params.shown if c.key in every}


def _notes(untold: Sequence[str]) -> Iterator[Message]:
    if untold:
        yield m("Changes of amounts and days are left out where you may not know past values.")


def _drill(session: DataSession, view: View, params: ChangesParams, counted: Counted, row: Row | None) -> Drill | None:
    """The deals of a row; none behind the totals, which count a deal as often as something happened to it."""
    if row is None:
        return None
    kind = row[CHANGE]
    here = row_conditions(session, "deal", params.dimensions, row)
    if kind not in OF_VALUES:
        return Drill("deal", {"all": [*_chosen(params), _moves(view)[kind], *here]})
    key = tuple(row[d.key if d.picklist else f"{d.key}_id"] for d in params.dimensions)
    ids = _of_row(session, params, counted[kind], key)
    return Drill("deal", {"field": "id", "op": "in", "value": sorted(ids)}) if len(ids) <= MOST_NAMED else None


def _of_row(session: DataSession, params: ChangesParams, found: Mapping[Key, Found], named: tuple[Any, ...]) -> list[int]:
    """The numbers of a row's deals; an option is known to it by its key."""
    options = session.catalog.options

    def said(key: Key) -> tuple[Any, ...]:
        return tuple(options[part].key if d.picklist and part in options else part for d, part in zip(params.dimensions, key, strict=True))

    return [number for key, one in found.items() if said(key) == named for number in one.ids]
