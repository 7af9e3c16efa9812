"""What was expected on a night, as parts of a statement and as conditions for lists."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, or_

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports.parameters import Json
from crm.backoffice.sight import Source
from crm.sales.forecast.expected import EXPECTED
from crm.sales.forecast.outlook import NIGHT


def held(outlook: Source, night: date) -> ColumnElement[bool]:
    """Whether an outlook held on a night."""
    return and_(outlook["since"] <= night, or_(outlook["until"].is_(None), outlook["until"] > night))


def held_on(night: date) -> list[Json]:
    """`held`, as conditions on outlooks."""
    day = night.isoformat()
    return [{"field": "since", "op": "le", "value": day}, {"any": [{"field": "until", "op": "empty"}, {"field": "until", "op": "gt", "value": day}]}]


def stood_on(night: date, conditions: Sequence[Json], *, op: str = "gt") -> Json:
    """The condition on a deal that its outlook of a night satisfies the conditions (`op` eq: that none does)."""
    return {"count": NIGHT, "where": {"all": [*held_on(night), *conditions]}, "op": op, "value": 0}


def in_stage(session: DataSession, kind: str) -> list[Json]:
    """The conditions by which a deal or an outlook stands in a stage of the kind."""
    return [{"field": "stage", "op": "in", "value": session.catalog.stages(kind)}]


def expected_in(session: DataSession, period: Period | None) -> list[Json]:
    """The conditions on outlooks that are open and expected in the period."""
    days: list[Json] = [{"field": EXPECTED, "op": "within", "value": f"{period.first}..{period.last}"}] if period is not None else []
    return [*in_stage(session, "open"), *days]
