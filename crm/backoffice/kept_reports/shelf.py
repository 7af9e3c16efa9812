"""A person's kept reports: his own and the shared ones offered to him that he may run; what he keeps, renames, stars and forgets.

Own reports are read by their owner alone; nobody else's session or screen asks for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from crm.backoffice import journal
from crm.backoffice.guard import DataSession
from crm.backoffice.kept_reports import schedules
from crm.backoffice.kept_reports.asks import entity_of, problem
from crm.backoffice.kept_reports.models import KeptReportRow, ReportAlert, ReportStar
from crm.backoffice.kept_reports.shared import SharedReport
from crm.errors import Invalid, NotFound
from crm.messages import Label, m

MOST = 200  # own reports of one person
LONGEST_NAME = 80
TABLE, STAR, ALERT = KeptReportRow.__table__, ReportStar.__table__, ReportAlert.__table__


@dataclass(frozen=True)
class KeptReport:
    """A kept report as one person has it; `name` stands in addresses: the number of an own one, the key of a shared one."""

    id: int
    name: str
    report: str
    label: Label
    asks: Mapping[str, Any]
    chart: str
    own: bool
    starred: bool = False

    @property
    def entity(self) -> str:
        """Whose records it counts."""
        return entity_of(self.report, self.asks)


def kept_reports(session: DataSession) -> list[KeptReport]:
    """What the session's person has and may run: starred ones first, then his own, then shared ones in their order; by one query."""
    found = [one for one in _everything(session) if problem(session.sight, one.report, one.asks) is None]
    return sorted(found, key=lambda one: not one.starred)


def named(session: DataSession, name: str) -> KeptReport:
    """A report of the session's person. Raises NotFound, alike for no such report, somebody else's, one for other roles and one over records that he
    may not read."""
    found = next((one for one in _everything(session) if one.name == name and _reads(session, one)), None)
    if found is None:
        raise NotFound(m("There is no such kept report."))
    return found


def by_id(session: DataSession, number: int) -> KeptReport | None:
    """The same by number, None where `named` would refuse."""
    return next((one for one in _everything(session) if one.id == number and _reads(session, one)), None)


def _reads(session: DataSession, one: KeptReport) -> bool:
    """Of an own one he knows what it asks, whatever has become of his rights."""
    return one.own or (one.entity in session.catalog.entities and session.sight.may(one.entity, "read"))


def _everything(session: DataSession) -> list[KeptReport]:
    stars = select(STAR.c.report_id).where(STAR.c.user_id == session.actor_id)
    mine = select(TABLE, TABLE.c.id.in_(stars).label("starred")).where(or_(TABLE.c.owner_id == session.actor_id, TABLE.c.id.in_(stars)))
    rows = session.kernel(mine.order_by(TABLE.c.id)).all()
    own = [_own(row) for row in rows if row.owner_id is not None and row.owner_id == session.actor_id]
    starred = {row.id for row in rows if row.starred}
    shared = (one for one in session.catalog.reports.values() if one.is_for(session.access))
    return [*sorted(own, key=lambda one: one.label.uk.casefold()), *(_shared(one, one.id in starred) for one in shared)]


def _own(row: Any) -> KeptReport:
    return KeptReport(row.id, str(row.id), row.report, Label(row.label_uk, row.label_uk), row.asks, row.chart, True, bool(row.starred))


def _shared(one: SharedReport, starred: bool) -> KeptReport:
    return KeptReport(one.id, one.key, one.report, one.label, one.asks, one.chart, False, starred)


# --- what a person does with them ----------------------------------------------------------------------------------


def keep(session: DataSession, name: str, report: str, asks: Mapping[str, Any], chart: str) -> int:
    """A new own report of the session's person; its number. Raises Invalid for a name that will not do."""
    name = _good_name(session, name)
    if session.kernel(select(func.count()).where(TABLE.c.owner_id == session.actor_id)).scalar_one() >= MOST:
        raise Invalid({"name": m("You keep %(count)s reports already. Remove some that you no longer use.", count=MOST)})
    row: dict[str, Any] = {
        "owner_id": session.actor_id, "label_uk": name, "label_en": name, "report": report, "asks": dict(asks), "chart": chart, "roles": [], "position": 0,
    }
    number: int = session.kernel(insert(TABLE).values(row).returning(TABLE.c.id)).scalar_one()
    _journal(session, number, None, report)
    return number


def change(session: DataSession, kept: KeptReport, *, name: str | None = None, asks: Mapping[str, Any] | None = None, chart: str = "") -> None:
    """Rename an own report or let it ask something else. Raises Invalid."""
    values: dict[str, Any] = {}
    if name is not None:
        name = _good_name(session, name, but=kept.id)
        values |= {"label_uk": name, "label_en": name}
    if asks is not None:
        values |= {"asks": dict(asks), "chart": chart}
    if values:
        session.kernel(update(TABLE).where(TABLE.c.id == kept.id, TABLE.c.owner_id == session.actor_id).values(**values))
        _journal(session, kept.id, kept.report, kept.report)


def remove(session: DataSession, kept: KeptReport) -> None:
    """Forget an own report."""
    forget_uses(session, [kept.id])
    session.kernel(delete(TABLE).where(TABLE.c.id == kept.id, TABLE.c.owner_id == session.actor_id))
    _journal(session, kept.id, kept.report, None)


def hand_over(session: DataSession, kept: KeptReport, key: str) -> None:
    """An own report has become the shared one of this key: what people have made of it goes there, and the own one is forgotten."""
    number = session.kernel(select(TABLE.c.id).where(TABLE.c.key == key)).scalar_one()
    session.kernel(update(STAR).where(STAR.c.report_id == kept.id).values(report_id=number))
    schedules.hand_over(session, kept.id, number)
    session.kernel(update(ALERT).where(ALERT.c.report_id == kept.id).values(report_id=number))
    remove(session, kept)


def star(session: DataSession, kept: KeptReport, on: bool) -> None:
    """Put a report among the favourites, or take it out."""
    here = (STAR.c.user_id == session.actor_id, STAR.c.report_id == kept.id)
    there = session.kernel(select(STAR.c.report_id).where(*here)).first() is not None
    if on and not there:
        session.kernel(insert(STAR).values(user_id=session.actor_id, report_id=kept.id))
    elif there and not on:
        session.kernel(delete(STAR).where(*here))


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The own reports of people, to be given to them."""
    own = select(TABLE.c.report, TABLE.c.label_uk.label("name"), TABLE.c.asks, TABLE.c.chart).where(TABLE.c.owner_id.in_(ids)).order_by(TABLE.c.id)
    return [dict(row) for row in session.kernel(own).mappings()]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    """Nothing that people kept of reports stays."""
    forget_uses(session, list(session.kernel(select(TABLE.c.id).where(TABLE.c.owner_id.in_(ids))).scalars()))
    session.kernel(delete(STAR).where(STAR.c.user_id.in_(ids)))
    session.kernel(delete(TABLE).where(TABLE.c.owner_id.in_(ids)))


def forget_uses(session: DataSession, reports: Sequence[int]) -> None:
    """What people have made of kept reports that go."""
    session.kernel(delete(STAR).where(STAR.c.report_id.in_(reports)))
    schedules.of_reports_gone(session, reports)
    session.kernel(delete(ALERT).where(ALERT.c.report_id.in_(reports)))


def _good_name(session: DataSession, name: str, but: int = 0) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise Invalid({"name": m("Give the report a name.")})
    if len(name) > LONGEST_NAME:
        raise Invalid({"name": m("A name of at most %(count)s characters.", count=LONGEST_NAME)})
    same = select(TABLE.c.id).where(TABLE.c.owner_id == session.actor_id, TABLE.c.label_uk == name, TABLE.c.id != but)
    if session.kernel(same.limit(1)).first() is not None:
        raise Invalid({"name": m("You have a report of this name already.")})
    return name


def _journal(session: DataSession, number: int, before: str | None, after: str | None) -> None:
    """That he keeps something, not what: a report may say what he is after."""
    journal.event(session, "preferences", "user", session.actor_id, {f"report {number}": [before, after]})
