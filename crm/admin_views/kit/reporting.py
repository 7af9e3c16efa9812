"""From a list to the report of what it shows."""

from collections.abc import Mapping
from urllib.parse import urlencode

from crm.backoffice import boards
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.reports.any_entity import addable, dimensions
from crm.backoffice.reports.measured import COUNT


def usual(session: UserSession, kind: Entity) -> str:
    """What an entity is split by when nobody says: what its board has for columns, "" where it has none."""
    return boards.parse_by(session, kind.key, "").key if boards.can_be(session, kind) else ""


def report_url(session: UserSession, kind: Entity, query: ListQuery, args: Mapping[str, str]) -> str:
    """The report of what a list shows: its filter, split as the list is grouped, with the sum of the first amount among its columns."""
    known = {d.key for d in dimensions(session.sight, kind)}
    group = args.get("group", "").removesuffix(":month")
    by = group if group in known else usual(session, kind)
    summed = next((spec.key for spec in addable(session, kind) if spec.totals and spec.key in query.columns), "")
    words = {
        "entity": kind.key, "by": by, "measure": f"{COUNT},sum:{summed}" if summed else COUNT,
        **{key: args[key] for key in ("where", "search") if args.get(key)},
    }
    return f"/report/records?{urlencode({key: value for key, value in words.items() if value})}"
