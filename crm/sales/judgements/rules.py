"""What judgements of a forecast must satisfy: of which month, of whom, why; and which of them is in force."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import month
from crm.backoffice.recomputing import outdated
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.saving import quietly
from crm.backoffice.worth import today_in
from crm.messages import m
from crm.sales.judgements.models import JUDGEMENT, STATED, ForecastJudgement
from crm.sales.judgements.reach import answers_for_department, answers_for_person

JUDGED = ForecastJudgement.__table__
SAME = ("owner", "month", "measure", "seller", "unit")  # of these one judgement is in force


@before_save(JUDGEMENT)
def stays_as_it_was_stated(draft: Draft) -> None:
    """A judgement is never rewritten: another is stated, and the earlier one stays as its version."""
    if draft.old and draft.stood and not draft.session.undoing and draft.changed(*STATED):
        key = next(key for key in STATED if draft.changed(key))
        draft.refuse(key, m("A judgement stays as it was stated. State another: this one is kept as an earlier version."))


@before_save(JUDGEMENT)
def of_a_month_that_is_not_over(draft: Draft) -> None:
    """A judgement is of a whole month, the present one or a later one."""
    if draft["month"] is None:
        return
    draft["month"] = draft["month"].replace(day=1)
    if draft.is_new and draft.session.source not in LOADING and month(draft["month"]).last < _today(draft.session):
        draft.refuse("month", m("This month is over: a judgement is of the present month or a later one."))


@before_save(JUDGEMENT)
def of_somebody_one_answers_for(draft: Draft) -> None:
    """A judgement is of one's own deals, of those of a person below oneself, or of a department with all below it that one leads or stands in."""
    if draft.is_new and draft["seller"] is None and draft["unit"] is None:
        draft["seller"] = draft["owner"]
    if draft["seller"] is not None and draft["unit"] is not None:
        draft.refuse("unit", m("A judgement is of a person or of a department, not of both."))
    elif draft["seller"] is None and draft["unit"] is None:
        draft.refuse("seller", m("Say of whom the judgement is: a person or a department."))
    elif draft["owner"] is not None and draft.takes("owner", "seller", "unit") and not _above_all(draft.session):
        owner: int = draft["owner"]
        if draft["seller"] is not None and not answers_for_person(draft.session, owner, draft["seller"]):
            draft.refuse("seller", m("A forecast is judged for oneself and for people below oneself."))
        if draft["unit"] is not None and not answers_for_department(draft.session, owner, draft["unit"]):
            draft.refuse("unit", m("A forecast is judged for one’s own department and those below it."))


@before_save(JUDGEMENT)
def of_an_amount(draft: Draft) -> None:
    """The amount of a judgement is not below nothing."""
    if draft["amount"] is not None and draft["amount"] < 0:
        draft.refuse("amount", m("What is expected is not below zero."))


@before_save(JUDGEMENT)
def stated_today(draft: Draft) -> None:
    """A judgement knows the day on which it was stated, and which version it is; it is called after its month."""
    if not draft.is_new:
        return
    draft["stated_on"] = draft["stated_on"] or _today(draft.session)
    draft["name"] = draft["name"] or (f"{draft['month']:%m.%Y}" if draft["month"] is not None else "…")
    earlier = draft.session.kernel(select(func.count()).where(*_same(draft, draft.new), JUDGED.c.deleted_at.is_(None))).scalar_one()
    draft["version"] = earlier + 1


@when_changed(JUDGEMENT, *SAME, "deleted_at")
def the_last_is_in_force(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Of what one person says of the same month and the same people the last is in force; an earlier one holds until the day on which the next was stated.
    What is removed holds no more, and the one before it holds again."""
    for draft in drafts:
        for values in (draft.new, draft.old if draft.old else draft.new):
            alive = select(JUDGED.c.id, JUDGED.c.stated_on, JUDGED.c.replaced_on).where(*_same(draft, values), JUDGED.c.deleted_at.is_(None))
            versions = session.kernel(alive.order_by(JUDGED.c.id)).all()
            ends = [*(one.stated_on for one in versions[1:]), None]
            wrong = {one.id: {"replaced_on": end} for one, end in zip(versions, ends, strict=False) if one.replaced_on != end}
            quietly.put(session, JUDGED, wrong)
            if wrong:
                outdated(session, JUDGEMENT, ("replaced_on",))


def _same(draft: Draft, values: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [JUDGED.c[draft.entity.fields[key].attribute].is_not_distinct_from(values.get(key)) for key in SAME]


def _today(session: DataSession) -> date:
    return today_in(session.catalog.company.zone)


def _above_all(session: DataSession) -> bool:
    """Whether the writer is beyond rules: the system, an owner of the company."""
    return session.access is None or session.access.unlimited
