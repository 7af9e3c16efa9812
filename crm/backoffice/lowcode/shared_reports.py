"""Shared reports in a configuration file: read, compared, put in force, printed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.kept_reports.asks import CHARTS, LONGEST_WORD, entity_of, problem
from crm.backoffice.kept_reports.models import KeptReportRow
from crm.backoffice.kept_reports.shared import SharedReport
from crm.backoffice.kept_reports.shelf import forget_uses
from crm.backoffice.lowcode import shared
from crm.backoffice.sight import Sight
from crm.errors import BramaError
from crm.messages import Label, Message, m

NAMES = ("label", "report", "asks", "chart", "roles")
TABLE = KeptReportRow.__table__


def shared_report(key: str, label: Label, spec: Mapping[str, Any], catalog: Catalog) -> SharedReport | Message:
    """The report of a file whose names are already known to be right, or what is wrong with it."""
    report, asks, chart, roles = spec.get("report"), spec.get("asks") or {}, spec.get("chart") or "", spec.get("roles") or []
    if key.isdecimal():
        return m("“%(key)s” is not a usable key", key=key)
    if not isinstance(report, str):
        return m("“%(name)s” is missing", name="report")
    if chart not in CHARTS:
        return m("“chart” is one of %(known)s", known=", ".join(CHARTS[1:]))
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
        return m("“%(name)s” is a list of keys", name="roles")
    if not isinstance(asks, Mapping) or not all(_said(name, value) for name, value in asks.items()):
        return m("“asks” holds parameters of the report: texts, and a condition as “where”")
    said = {name: str(value) if name != "where" else value for name, value in asks.items() if value not in ("", None)}
    why = problem(_everything(catalog), report, said)
    if why is not None:
        return why.message
    return SharedReport(key, label, report, said, chart, tuple(dict.fromkeys(roles)))


def _said(name: Any, value: Any) -> bool:
    if name == "where":
        return isinstance(value, Mapping)
    return isinstance(name, str) and (isinstance(value, str | int) and not isinstance(value, bool)) and len(str(value)) <= LONGEST_WORD


def _everything(catalog: Catalog) -> Sight:
    return Sight(None, catalog, catalog.reader())


def makes_sense(catalog: Catalog, one: SharedReport) -> bool:
    """Whether a file could say it: what names a field that is gone is none."""
    try:
        return problem(_everything(catalog), one.report, one.asks) is None
    except BramaError:
        return False


def effects(catalog: Catalog, specs: Sequence[SharedReport]) -> Iterator[tuple[SharedReport, str]]:
    """The reports that a file changes, each with what becomes of it."""
    return shared.effects(catalog.reports, specs, lambda spec: catalog.reports.get(spec.key))


def write(session: SystemSession, specs: Sequence[SharedReport]) -> None:
    """Put reports in force under their keys; who has starred one still has."""
    shared.put(session, TABLE, session.catalog.reports, specs, lambda spec: {
        "label_uk": spec.label.uk, "label_en": spec.label.en, "report": spec.report, "asks": dict(spec.asks), "chart": spec.chart, "roles": list(spec.roles),
    })


def remove(session: SystemSession, key: str) -> None:
    """Take a report away from all; the stars that it had go with it."""
    number = session.execute(select(TABLE.c.id).where(TABLE.c.key == key)).scalar()
    if number is not None:
        forget_uses(session, [number])
        session.execute(delete(TABLE).where(TABLE.c.id == number))


def form(one: SharedReport) -> dict[str, Any]:
    """How a file says it."""
    said = {"asks": dict(one.asks), "chart": one.chart, "roles": list(one.roles)}
    return {"label": one.label.as_dict(), "report": one.report, **{name: value for name, value in said.items() if value}}


def forms(catalog: Catalog) -> dict[str, Any]:
    """All of them, in order, but for those that name what is gone."""
    return {key: form(one) for key, one in catalog.reports.items() if makes_sense(catalog, one)}


def touched(catalog: Catalog, before: Iterable[SharedReport], changes: Iterable[Mapping[str, Any]]) -> Iterator[SharedReport]:
    """Of reports as they were before a version those that it changed or removed, unless they are gone since."""
    return shared.touched("report", catalog.reports, before, changes)


def entity(one: SharedReport) -> str:
    return entity_of(one.report, one.asks)
