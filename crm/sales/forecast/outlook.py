"""What was expected of every open deal, night by night: a row from the night on which it was first so, until that on which it was otherwise.

Rows are written by the nightly job over whole sets, past the verbs of `records` and the journal: they are a history themselves, edited by nobody.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Index, and_, insert, or_, select, text as sql_text, update
from sqlalchemy.orm import Mapped

from crm.backoffice.daily import daily
from crm.backoffice.entities import Child, Declared, Section
from crm.backoffice.fields import currency, date as date_field, money, percent, picklist, reference
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.pace import Pace
from crm.backoffice.saving import quietly
from crm.messages import Label
from crm.sales.forecast.categories import PICKLIST
from crm.sales.models import Deal

JOB = "deal_outlooks"
OUTLOOK, NIGHT = "deal_outlook", "outlooks"  # the entity, and the relation of a deal to it
LASTING = sql_text("until IS NULL AND deleted_at IS NULL")


class DealOutlook(Child):
    """What was expected of a deal on the nights from `since` on, `until` excluded; the last row, which has no such day, holds still."""

    __tablename__ = "deal_outlook"
    __table_args__ = (
        Index("ix_deal_outlook_deal_since", "deal_id", "since"),  # what stood on a night
        Index("ix_deal_outlook_expected_since", "expected_on", "since"),  # of which deals a period was expected then
        Index("ix_deal_outlook_last", "deal_id", unique=True, sqlite_where=LASTING, postgresql_where=LASTING),
    )
    __entity__ = Declared(
        key=OUTLOOK, label=Label("Очікування за угодою", "Deal outlook"), plural=Label("Очікування за угодами", "Deal outlooks"), parent="deal",
        title="expected_on", columns=("since", "deal", "stage", "forecast_category", "expected_on", "amount", "currency", "probability", "until"),
        order="-since", rate_day=("expected_on",),
        sections=(
            Section(Label("Ночі", "Nights"), ("deal", "since", "until")),
            Section(Label("Чого чекали", "What was expected"), ("stage", "forecast_category", "expected_on", "amount", "currency", "probability")),
        ),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=(NIGHT, Label("Очікування", "Outlooks")))
    since: Mapped[date] = date_field(Label("З ночі", "Since"), required=True, indexed=True)
    until: Mapped[date | None] = date_field(Label("До ночі", "Until"), indexed=True)
    stage_id: Mapped[int] = reference("stage", Label("Етап", "Stage"), required=True, sensitivity="open")
    forecast_category_id: Mapped[int | None] = picklist(PICKLIST, Label("Категорія прогнозу", "Forecast category"))
    expected_on: Mapped[date | None] = date_field(Label("Очікуване закриття", "Expected on"), indexed=True)
    amount: Mapped[Decimal | None] = money(Label("Сума тоді", "Amount then"))
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    probability: Mapped[Decimal | None] = percent(Label("Ймовірність тоді", "Probability then"))


DEAL, NIGHTS = Deal.__table__, DealOutlook.__table__
KEPT = ("stage_id", "forecast_category_id", "expected_on", "amount", "currency", "probability")  # of a deal, by the names of the columns


@job(JOB)
def keep_all(work: Work) -> Mapping[str, Any]:
    """Keep this night, in short transactions; once more on the same day it is kept anew."""
    night = datetime.now(UTC).astimezone(work.catalog.company.zone).date()
    kept, last, pace = 0, 0, Pace()
    while True:
        with pace.part(work.engine), system_session(work.engine, "outlooks of deals", work.catalog, write=True, source="job") as session:
            deals = _changed(session, last, pace.size)
            keep(session, deals, night)
            session.commit()
        if not deals:
            return {"kept": kept}
        kept, last = kept + len(deals), deals[-1].id


daily(JOB)


def keep_night(session: DataSession, night: date) -> None:
    """Keep a whole night at once. For a session of the system; the caller commits."""
    keep(session, _changed(session, 0, None), night)


def _changed(session: DataSession, after: int, most: int | None) -> Sequence[Any]:
    """Deals by number with the last row of each, where the two differ: open ones without any, and those of which something else is expected now."""
    last = NIGHTS.alias()
    alive, known = DEAL.c.deleted_at.is_(None), last.c.id.is_not(None)
    new = and_(last.c.id.is_(None), alive, DEAL.c.stage_id.in_(session.catalog.stages("open")))
    query = (
        select(DEAL.c.id, DEAL.c.deleted_at, *(DEAL.c[name] for name in KEPT), last.c.id.label("row"), last.c.since.label("since"))
        .select_from(DEAL.outerjoin(last, and_(last.c.deal_id == DEAL.c.id, last.c.until.is_(None), last.c.deleted_at.is_(None))))
        .where(DEAL.c.id > after, or_(new, and_(known, or_(DEAL.c.deleted_at.is_not(None), *_differences(last)))))
    )
    return session.kernel(query.order_by(DEAL.c.id).limit(most)).all()


def _differences(last: Any) -> list[ColumnElement[bool]]:
    return [DEAL.c[name].is_distinct_from(last.c[name]) for name in KEPT]


def keep(session: DataSession, deals: Sequence[Any], night: date) -> None:
    """End the last rows of these deals and begin new ones; a row that began on this night is put right instead. One whose deal is gone ends."""
    now = datetime.now(UTC)
    ended = [deal.row for deal in deals if deal.row is not None and (deal.since < night or deal.deleted_at is not None)]
    if ended:
        session.kernel(update(NIGHTS).where(NIGHTS.c.id.in_(ended)).values(until=night))
    same = {deal.row: _values(deal) for deal in deals if deal.row is not None and deal.since >= night and deal.deleted_at is None}
    quietly.put(session, NIGHTS, same)
    begun = [deal for deal in deals if deal.deleted_at is None and deal.row not in same]
    whoever = {"row_version": 1, "created_at": now, "updated_at": now, "created_by_id": session.actor_id, "updated_by_id": session.actor_id}
    if begun:
        session.kernel(insert(NIGHTS), [{"deal_id": deal.id, "since": night, **_values(deal), **whoever} for deal in begun])


def _values(deal: Any) -> dict[str, Any]:
    return {name: getattr(deal, name) for name in KEPT}
