"""What is counted of one person's, manager's or unit's work, from deals and from interactions; what each of it means to `report`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, and_, case, cast, func, select, type_coerce

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import CommonParams
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.figures import days_between
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import Json, within
from crm.backoffice.reports.sight import sees
from crm.backoffice.sight import Source
from crm.contacts.interactions.course import HELD
from crm.contacts.reports import Figures, Options, numbers, responses
from crm.sales.quality import IMPORTANT

MILLIONTH = 1_000_000  # discounts are counted in whole millionths, as they are kept
CLOSED_ON, STEP = "closed_on", "next_step_on"


@dataclass
class Sample:
    """What a figure rests on: of a rate how many `part` of `number`, of a median the values; the numbers of the records where no condition finds them."""

    number: int = 0
    part: int = 0
    values: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)

    def join(self, other: "Sample") -> None:
        self.number, self.part = self.number + other.number, self.part + other.part
        self.values += other.values
        self.ids += other.ids


Samples = defaultdict[Key, Sample]


@dataclass(frozen=True)
class Asked:
    """What the scorecard is asked, and the conditions that its measures have in common."""

    session: DataSession
    params: CommonParams
    now: datetime
    counted: dict[str, Samples] = field(default_factory=dict)  # by measure, of those that are counted together

    def deals(self, *kinds: str, dated: bool) -> list[Json]:
        """The conditions on deals in stages of these kinds; `dated`: closed in the period."""
        params = self.params if dated else replace(self.params, period=None)
        return [{"field": "stage", "op": "in", "value": self.session.catalog.stages(*kinds)}, *params.conditions(CLOSED_ON)]

    def step(self) -> Json:
        """That the next step of a deal is today or later."""
        return {"field": STEP, "op": "ge", "value": self.session.reader.today.isoformat()}

    def talks(self, dated: str) -> list[Json] | None:
        """The conditions on interactions; None where the condition on deals cannot be said of them."""
        conditions = [*replace(self.params, period=None, where=None).conditions("")]
        if self.params.where is not None:
            of_deal = prefixed(self.params.where, "deal", self.session.catalog.saved.every)
            if of_deal is None:
                return None
            conditions.append(of_deal)
        return [*conditions, *(within(dated, self.params.period, self.params.time_zone) if self.params.period is not None else [])]

    def may_split(self, entity: str) -> bool:
        return all(sees(self.session, entity, one.path) for one in self.params.dimensions)


def rates(asked: Asked, entity: str, conditions: Sequence[Json], part: Json) -> Samples:
    """Of the records that satisfy the conditions, how many satisfy `part` too, by row key."""
    return _rates(asked, entity, conditions, {"": part})[""]


def of_open(asked: Asked, key: str) -> Samples:
    """Of the open deals, how many have what the measure `key` asks for, by row key; all such measures that are shown are counted in one pass."""
    if key not in asked.counted:
        parts = {one: part for one, part in (("step", asked.step()), ("complete", complete())) if asked.params.shows(one)}
        asked.counted.update(_rates(asked, "deal", asked.deals("open", dated=False), parts))
    return asked.counted[key]


def _rates(asked: Asked, entity: str, conditions: Sequence[Json], parts: Mapping[str, Json]) -> dict[str, Samples]:
    """`rates` for several parts, by their keys."""
    source, found = asked.session.table(entity), {key: Samples(Sample) for key in parts}
    groups = grouping(source, asked.params.dimensions)
    of_them = [func.sum(case((source.asked(part), 1), else_=0)) for part in parts.values()]
    counted = groups.joined(select(*groups.expressions, func.count(), *of_them).select_from(source.table))
    chosen = counted.where(source.visible, source.asked({"all": list(conditions)}))
    for row in asked.session.execute(chosen.group_by(*groups.expressions)):
        number, *shares = row[groups.width :]
        for samples, share in zip(found.values(), shares, strict=True):
            samples[groups.key(row)].join(Sample(number, int(share or 0)))
    return found


def _texts(asked: Asked, table: Any, value: ColumnElement[Any], chosen: Sequence[ColumnElement[bool]], deal: Source) -> Samples:
    """Whole numbers by row key, sent as one text a row."""
    found, groups = Samples(Sample), grouping(deal, asked.params.dimensions)
    told = groups.joined(select(*groups.expressions, func.aggregate_strings(cast(value, String), ",")).select_from(table)).where(*chosen)
    for row in asked.session.execute(told.group_by(*groups.expressions)):
        text = row[groups.width]
        if text:
            found[groups.key(row)].join(Sample(values=[int(one) for one in text.split(",")]))
    return found


def cycles(asked: Asked) -> Samples:
    """Days from opening to closing of the won deals that have both."""
    deal = asked.session.table("deal")
    chosen = [deal.visible, deal.asked({"all": [*asked.deals("won", dated=True), *(_filled(key) for key in ("opened_on", CLOSED_ON))]})]
    return _texts(asked, deal.table, days_between(asked.session, deal["opened_on"], deal[CLOSED_ON]), chosen, deal)


def discounts(asked: Asked) -> Samples:
    """Discounts of the lines of won deals, in millionths; a line without one gave none."""
    deal, line = asked.session.table("deal"), asked.session.table("deal_line")
    sqlite = asked.session.get_bind().dialect.name == "sqlite"  # it keeps them as such
    given = type_coerce(line["discount"], Integer) if sqlite else cast(line["discount"] * MILLIONTH, Integer)
    chosen = [deal.visible, deal.asked({"all": asked.deals("won", dated=True)})]
    return _texts(asked, deal.table.join(line.table, line.beside(deal)), func.coalesce(given, 0), chosen, deal)


def touches(asked: Asked) -> Samples:
    """Held interactions of each deal that was closed."""
    session, found = asked.session, Samples(Sample)
    deal, talk = session.table("deal"), session.table("interaction")
    held = numbers(session, "interaction_state").get(HELD)
    groups = grouping(deal, asked.params.dimensions)
    told = groups.joined(select(*groups.expressions, deal.id.label("deal"), func.count(talk.id).label("number")).select_from(
        deal.table.outerjoin(talk.table, and_(talk["deal"] == deal.id, talk["state"] == held, talk.visible)),
    )).where(deal.visible, deal.asked({"all": asked.deals("won", "lost", dated=True)}))
    each = told.group_by(*groups.expressions, deal.id).subquery()
    *split, _, number = each.c
    for row in session.execute(select(*split, number, func.count()).group_by(*split, number)):
        taken, times = row[groups.width :]
        found[groups.key(row)].join(Sample(values=[taken] * times))
    return found


def waits(asked: Asked) -> Samples:
    """Seconds of working time from an inbound interaction to the first outbound one with the same company."""
    conditions, found = asked.talks("starts_at"), Samples(Sample)
    if conditions is None:
        return found
    params = replace(asked.params, where={"all": conditions} if asked.params.where is not None else None)
    options = Options(numbers(asked.session, "interaction_state"), numbers(asked.session, "direction"), asked.now)
    rows: dict[Key, Figures] = defaultdict(Figures)
    responses(asked.session, params, options, rows)
    for key, figures in rows.items():
        found[key].join(Sample(values=figures.waits.tolist(), ids=figures.named))
    return found


def _filled(key: str) -> Json:
    return {"field": key, "op": "not_empty"}


def complete() -> Json:
    """That all that matters of a deal is filled."""
    return {"all": [_filled(key) for key in IMPORTANT]}
