"""What a view shows: the parts of a list's address, kept as JSON. It holds no right: who opens it is asked anew, and what he may not name is left out."""

import json
from collections.abc import Mapping
from typing import Any

from crm.backoffice import lists
from crm.backoffice.grouped import may_be_group, parse_group
from crm.backoffice.guard import DataSession
from crm.backoffice.sight import Sight
from crm.backoffice.unread import may_tell
from crm.errors import BadRequest, BramaError
from crm.messages import m

PARTS = ("where", "sort", "columns", "search", "group", "size", "unread")  # of an address, as a view keeps them
NARROWEST, WIDEST = 40, 2000  # pixels of a column
LONGEST = 40_000  # characters of a view
Shows = Mapping[str, Any]


def of_address(session: DataSession, entity: str, args: Mapping[str, str], widths: Mapping[str, Any]) -> dict[str, Any]:
    """What the list at this address shows, with the widths of its columns. Raises BadRequest and UnknownName for what the address names wrongly."""
    query = lists.parse_query(session, entity, args)
    found: dict[str, Any] = {"columns": list(query.columns)}
    if args.get("where"):
        found["where"] = json.loads(args["where"])
    if args.get("sort"):
        found["sort"] = ",".join(("-" if down else "") + key for key, down in query.sort)
    if query.search:
        found["search"] = query.search.replace("\0", "")
    if args.get("group"):
        parse_group(session, entity, args["group"])
        found["group"] = args["group"]
    if args.get("size"):
        found["size"] = query.size
    if query.unread:
        found["unread"] = True
    kept = {key: width for key in query.columns if (width := _width(widths.get(key))) is not None}
    if kept:
        found["widths"] = kept
    if len(json.dumps(found)) > LONGEST:
        raise BadRequest(m("The view is too large."))
    return found


def _width(value: Any) -> int | None:
    return min(max(value, NARROWEST), WIDEST) if type(value) is int else None


def as_address(shows: Shows) -> dict[str, str]:
    """The words of the address that shows this."""
    found: dict[str, str] = {}
    if shows.get("where"):
        found["where"] = json.dumps(shows["where"], ensure_ascii=False, separators=(",", ":"))
    if shows.get("columns"):
        found["columns"] = ",".join(shows["columns"])
    found |= {key: str(shows[key]) for key in ("sort", "search", "group", "size") if shows.get(key)}
    return found | ({"unread": "1"} if shows.get("unread") else {})


def cleaned(sight: Sight, entity: str, shows: Shows) -> tuple[dict[str, Any], int]:
    """The parts that name what this reader may use, and how many were left out: a field that is gone and one that is hidden from him alike."""
    kind = sight.catalog.entity(entity)
    readable, usable = set(sight.readable(entity)), set(sight.filterable(entity))
    found, out = dict(shows), 0
    columns = shows.get("columns", [])
    found["columns"] = [key for key in columns if key in readable]
    out += len(columns) - len(found["columns"])
    keys = [part for part in str(shows.get("sort", "")).split(",") if part]
    sorts = [part for part in keys if (name := part.lstrip("-")) == "id" or (name in usable and kind.fields[name].sortable)]
    found["sort"] = ",".join(sorts)
    out += len(keys) - len(sorts)
    group = str(shows.get("group", ""))
    if group and (group.partition(":")[0] not in usable or not may_be_group(kind, group)):
        found["group"], out = "", out + 1
    if shows.get("unread") and not may_tell(sight, kind):
        found["unread"], out = False, out + 1
    found["widths"] = {key: width for key, width in shows.get("widths", {}).items() if key in readable}
    if shows.get("where"):
        raw = shows["where"]
        together = isinstance(raw, Mapping) and list(raw) == ["all"] and isinstance(raw["all"], list)
        parts = raw["all"] if together else [raw]
        left = [part for part in parts if _may_ask(sight, entity, part)]
        out += len(parts) - len(left)
        found["where"] = raw if len(left) == len(parts) else {"all": left} if left else None
    return {part: value for part, value in found.items() if value}, out


def _may_ask(sight: Sight, entity: str, part: Any) -> bool:
    try:
        sight.table(entity).asked(part)
    except BramaError:
        return False
    return True
