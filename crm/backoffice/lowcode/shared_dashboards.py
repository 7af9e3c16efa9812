"""Dashboards of roles in a configuration file: read, compared, put in force, printed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete

from crm.backoffice.catalog import Catalog
from crm.backoffice.dashboards.models import DashboardRow
from crm.backoffice.dashboards.panels import MOST, cleaned, fits
from crm.backoffice.dashboards.shared import SharedDashboard
from crm.backoffice.guard import SystemSession
from crm.backoffice.kept_reports.asks import entity_of
from crm.backoffice.kept_reports.naming import renamed
from crm.backoffice.lowcode import shared
from crm.backoffice.sight import Sight
from crm.messages import Label, Message, m

NAMES = ("label", "panels", "roles")
TABLE = DashboardRow.__table__


def shared_dashboard(key: str, label: Label, spec: Mapping[str, Any], catalog: Catalog, reports: Iterable[str]) -> SharedDashboard | Message:
    """The dashboard of a file, or what is wrong with it; `reports` are the keys of shared reports that are there or come with the file."""
    panels, roles = spec.get("panels") or [], spec.get("roles") or []
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
        return m("“%(name)s” is a list of keys", name="roles")
    if not isinstance(panels, list) or len(panels) > MOST:
        return m("“panels” is a list of at most %(count)s", count=MOST)
    everything, found = Sight(None, catalog, catalog.reader()), []
    for place, raw in enumerate(panels, 1):
        panel = cleaned(raw)
        if isinstance(panel, Message):
            return m("panel %(place)s: %(why)s", place=place, why=panel)
        if not fits(everything, panel) or ("kept" in panel and panel["kept"] not in set(reports)):
            return m("panel %(place)s names something that is not there", place=place)
        found.append(panel)
    return SharedDashboard(key, label, tuple(found), tuple(dict.fromkeys(roles)))


def effects(catalog: Catalog, specs: Sequence[SharedDashboard]) -> Iterator[tuple[SharedDashboard, str]]:
    """The dashboards that a file changes, each with what becomes of it."""
    return shared.effects(catalog.dashboards, specs, lambda spec: catalog.dashboards.get(spec.key))


def write(session: SystemSession, specs: Sequence[SharedDashboard]) -> None:
    """Put dashboards in force under their keys; who has arranged his own keeps it."""
    shared.put(session, TABLE, session.catalog.dashboards, specs, lambda spec: {
        "label_uk": spec.label.uk, "label_en": spec.label.en, "panels": [dict(one) for one in spec.panels], "roles": list(spec.roles),
    })


def remove(session: SystemSession, key: str) -> None:
    session.execute(delete(TABLE).where(TABLE.c.key == key))


def forms(catalog: Catalog) -> dict[str, Any]:
    """How a file says all of them, in order; panels that name what is gone are left out."""
    everything = Sight(None, catalog, catalog.reader())
    return {
        key: {
            "label": one.label.as_dict(), **({"roles": list(one.roles)} if one.roles else {}),
            "panels": [dict(p) for p in one.panels if fits(everything, p) and ("kept" not in p or p["kept"] in catalog.reports)],
        } for key, one in catalog.dashboards.items()
    }


def touched(catalog: Catalog, before: Iterable[SharedDashboard], changes: Iterable[Mapping[str, Any]]) -> Iterator[SharedDashboard]:
    """Of dashboards as they were before a version those that it changed or removed, unless they are gone since."""
    return shared.touched("dashboard", catalog.dashboards, before, changes)


def panel_with(panel: Mapping[str, Any], of: Callable[[str, str], str], condition: Callable[[Any, str], Any]) -> dict[str, Any]:
    """A panel with other names of fields: `of` gives that of an entity's field, `condition` a condition over an entity."""
    if "asks" not in panel:
        return dict(panel)
    new, asks = dict(panel), dict(panel["asks"])
    entity = panel["entity"] if panel["kind"] == "list" else entity_of(panel["report"], asks)
    if panel["kind"] == "report":
        asks = renamed(asks, lambda key: of(entity, key))
    else:
        if asks.get("columns"):
            asks["columns"] = [of(entity, key) for key in asks["columns"]]
        if asks.get("sort"):
            asks["sort"] = ",".join(("-" if part.startswith("-") else "") + of(entity, part.lstrip("-")) for part in asks["sort"].split(","))
        if str(panel["as"]).startswith("sum:"):
            new["as"] = f"sum:{of(entity, panel['as'][4:])}"
    if asks.get("where"):
        asks["where"] = condition(asks["where"], entity)
    return {**new, "asks": asks}
