"""Alerts: a person hears once when a figure of a kept report crosses a value, and not again until it has been back. Looked at in his own name: what he may
not see by now tells him nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, func, insert, select, update

from crm.backoffice import journal, notices
from crm.backoffice.guard import DataSession
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.kept_reports.models import ReportAlert
from crm.backoffice.reports import Column, Table, find, run
from crm.errors import BramaError, Invalid, NotFound
from crm.messages import m

MOST = 50  # alerts of one person
TABLE = ReportAlert.__table__


@dataclass(frozen=True)
class Alert:
    """One of a person's alerts; `row` names the row by its dimensions, without any it is of the totals."""

    id: int
    report_id: int
    measure: str
    row: Mapping[str, Any]
    above: bool
    value: Decimal
    armed: bool


def number_of(text: str) -> Decimal:
    """The value of a form, with a comma or a point. Raises Invalid."""
    try:
        found = Decimal(text.strip().replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        raise Invalid({"value": m("Write a number.")})
    return found


def row_key(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """What names a row whatever else changes: numbers of records, keys of options and days."""
    return {column.key: row.get(f"{column.key}_id", row[column.key]) for column in table.dimensions}


def figure_of(table: Table, measure: str, key: Mapping[str, Any]) -> Any:
    """The figure of a row, or of the totals; None where there is none."""
    if not key:
        return table.totals.get(measure)
    found = next((row for row in table.rows if row_key(table, row) == dict(key)), None)
    return found.get(measure) if found is not None else None


def make(session: DataSession, kept: shelf.KeptReport, measure: str, place: int | None, above: bool, value: Decimal) -> int:
    """A new alert of the session's person on the row that stands at `place` now, or on the totals. What has crossed already is no news: it is armed once it has
    been back. Raises Invalid; as running the report does."""
    if session.kernel(select(func.count()).where(TABLE.c.owner_id == session.actor_id)).scalar_one() >= MOST:
        raise Invalid({"value": m("You have %(count)s alerts already. Remove some that are no longer needed.", count=MOST)})
    table = answered(session, kept)
    if not any(column.key == measure for column in table.measures):
        raise Invalid({"measure": m("Choose a measure.")})
    if place is not None and not 0 <= place < len(table.rows):
        raise Invalid({"place": m("Choose a row.")})
    key = row_key(table, table.rows[place]) if place is not None else {}
    row = {"owner_id": session.actor_id, "report_id": kept.id, "measure": measure, "row": key, "above": above, "value": str(value),
           "armed": not _crossed(figure_of(table, measure, key), above, value)}
    number: int = session.kernel(insert(TABLE).values(row).returning(TABLE.c.id)).scalar_one()
    journal.event(session, "preferences", "user", session.actor_id, {f"alert {number}": [None, kept.report]})
    return number


def answered(session: DataSession, kept: shelf.KeptReport) -> Table:
    """The report as the session's person sees it. Raises as running it does."""
    words, _ = asks.for_reader(session.sight, kept.report, kept.asks)
    return run(find(kept.report), session, words)[1]


def _crossed(figure: Any, above: bool, value: Decimal) -> bool:
    """An undefined figure has crossed nothing."""
    if figure is None:
        return False
    number = figure if isinstance(figure, Decimal) else Decimal(str(figure))
    return number > value if above else number < value


def alerts(session: DataSession) -> list[Alert]:
    """Those of the session's person."""
    rows = session.kernel(select(TABLE).where(TABLE.c.owner_id == session.actor_id).order_by(TABLE.c.id)).all()
    return [Alert(row.id, row.report_id, row.measure, row.row, row.above, Decimal(row.value), row.armed) for row in rows]


def remove(session: DataSession, number: int) -> None:
    """Raises NotFound, alike for none and somebody else's."""
    gone = session.kernel(delete(TABLE).where(TABLE.c.id == number, TABLE.c.owner_id == session.actor_id)).rowcount  # type: ignore[attr-defined]
    if not gone:
        raise NotFound(m("There is no such alert."))


def look(session: DataSession) -> int:
    """Look at every alert of the session's person, and tell him what has crossed; how many. A report that he may not run by now is passed over, and what it
    was armed for stays. The caller commits."""
    tables: dict[int, tuple[shelf.KeptReport, Table] | None] = {}
    told = 0
    for one in alerts(session):
        if one.report_id not in tables:
            tables[one.report_id] = _table(session, one.report_id)
        found = tables[one.report_id]
        column = next((c for c in found[1].measures if c.key == one.measure), None) if found is not None else None
        if found is None or column is None:
            continue
        kept, table = found
        crossed = _crossed(figure_of(table, one.measure, one.row), one.above, one.value)
        if crossed and one.armed:
            _tell(session, kept, column, one)
            told += 1
        if crossed == one.armed:
            session.kernel(update(TABLE).where(TABLE.c.id == one.id).values(armed=not crossed))
    return told


def _table(session: DataSession, report_id: int) -> tuple[shelf.KeptReport, Table] | None:
    kept = shelf.by_id(session, report_id)
    if kept is None:
        return None
    try:
        return kept, answered(session, kept)
    except BramaError:
        return None


def _tell(session: DataSession, kept: shelf.KeptReport, column: Column, one: Alert) -> None:
    """The notice says which figure of which report and the value of the alert, not the figure: that he sees where it leads, if he may then."""
    words = {"report": kept.label, "measure": column.label, "value": f"{one.value.normalize():f}"}
    sentence = m("“%(measure)s” of the report “%(report)s” is above %(value)s", **words) if one.above else m(
        "“%(measure)s” of the report “%(report)s” is below %(value)s", **words)
    notices.tell(session, session.actor_id or 0, sentence, f"/report/{kept.report}?{urlencode({'kept': kept.name})}")


def people(session: DataSession) -> list[int]:
    """Whoever has alerts."""
    return list(session.kernel(select(TABLE.c.owner_id).group_by(TABLE.c.owner_id).order_by(TABLE.c.owner_id)).scalars())


# --- what goes with people -------------------------------------------------------------------------------


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The alerts of people, to be given to them."""
    rows = select(TABLE.c.measure, TABLE.c.row, TABLE.c.above, TABLE.c.value).where(TABLE.c.owner_id.in_(ids)).order_by(TABLE.c.id)
    return [dict(row) for row in session.kernel(rows).mappings()]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    session.kernel(delete(TABLE).where(TABLE.c.owner_id.in_(ids)))
