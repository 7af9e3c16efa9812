"""A panel of a dashboard, as it is kept: what it shows, how, how wide, under which title. It holds no right: each is asked anew of whoever looks.

`{"kind": "report", "report": "win_rate", "asks": {…}, "chart": "bar", "as": "chart", "width": 6}`, or `"kept": "by_stage"` instead of report and asks;
`{"kind": "list", "entity": "deal", "asks": {"where": …, "sort": …, "columns": […], "search": …}, "as": "rows", "width": 6}`;
`{"kind": "today", "what": "plan", "width": 8}`: one of the short lists that areas bring.
"""

import re
from collections.abc import Mapping
from typing import Any

from crm.backoffice.kept_reports.asks import CHARTS, LONGEST_WORD, problem
from crm.backoffice.sight import Sight
from crm.backoffice.views import shows
from crm.errors import BramaError
from crm.messages import Label, Message, m

KINDS = ("report", "list", "today")
WIDTHS = (3, 4, 6, 8, 12)
MOST = 30  # panels of one dashboard
LONGEST_TITLE = 80
AS_REPORT, AS_LIST = ("chart", "table", "figure"), ("rows", "count")
NAMES = {
    "report": ("kind", "width", "title", "report", "asks", "chart", "kept", "as"), "list": ("kind", "width", "title", "entity", "asks", "as"),
    "today": ("kind", "width", "what"),
}
LIST_ASKS = ("where", "sort", "columns", "search")
WHAT = re.compile(r"[a-z][a-z0-9_]{0,31}")
Panel = Mapping[str, Any]


def cleaned(raw: Any) -> dict[str, Any] | Message:
    """The panel that a file or a form says, or what is wrong with it; whether names lead anywhere `fits` tells."""
    if not isinstance(raw, Mapping) or raw.get("kind") not in KINDS:
        return m("a panel is of one of the kinds %(known)s", known=", ".join(KINDS))
    kind = str(raw["kind"])
    extra = next((str(name) for name in raw if name not in NAMES[kind]), None)
    if extra is not None:
        return m("“%(key)s” is not known here", key=extra[:80])
    if type(raw.get("width", 6)) is not int or raw.get("width", 6) not in WIDTHS:
        return m("“width” is one of %(known)s", known=", ".join(map(str, WIDTHS)))
    if kind == "today":
        what = raw.get("what")
        return {"kind": kind, "what": what, "width": raw.get("width", 6)} if isinstance(what, str) and WHAT.fullmatch(what) else m("“what” names a short list")
    shown = raw.get("as", AS_REPORT[0] if kind == "report" else AS_LIST[0])
    if shown not in (AS_REPORT if kind == "report" else AS_LIST) and not (kind == "list" and _sum(shown)):
        return m("“as” is one of %(known)s", known=", ".join(AS_REPORT if kind == "report" else (*AS_LIST, "sum:FIELD")))
    title, asks = _title(raw.get("title")), raw.get("asks") or {}
    if title is None or not isinstance(asks, Mapping):
        return m("“title” is a text or has “uk” and “en”; “asks” holds named values")
    found = {"kind": kind, "as": shown, "width": raw.get("width", 6), **({"title": title.as_dict()} if any(title) else {})}
    return _report(raw, asks, found) if kind == "report" else _list(raw, asks, found)


def _sum(text: Any) -> bool:
    return isinstance(text, str) and text.startswith("sum:") and len(text) <= 80


def _report(raw: Panel, asks: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any] | Message:
    if isinstance(raw.get("kept"), str) and raw["kept"] and not raw.get("report"):
        return {**found, "kept": raw["kept"][:64]}
    chart = raw.get("chart") or ""
    if not isinstance(raw.get("report"), str) or chart not in CHARTS:
        return m("a panel of a report names “report” or “kept”, and a “chart” of %(known)s", known=", ".join(CHARTS[1:]))
    if not all(isinstance(name, str) and (isinstance(value, Mapping) if name == "where" else len(str(value)) <= LONGEST_WORD) for name, value in asks.items()):
        return m("“asks” holds parameters of the report: texts, and a condition as “where”")
    said = {name: value if name == "where" else str(value) for name, value in asks.items() if value not in ("", None)}
    return {**found, "report": raw["report"], "asks": said, **({"chart": chart} if chart else {})}


def _list(raw: Panel, asks: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any] | Message:
    if not isinstance(raw.get("entity"), str) or any(name not in LIST_ASKS for name in asks):
        return m("a panel of a list names “entity”, and in “asks” %(known)s", known=", ".join(LIST_ASKS))
    columns = asks.get("columns") or []
    texts = (asks.get("sort", ""), asks.get("search", ""), *(columns if isinstance(columns, list) else (None,)))
    if not all(isinstance(one, str) for one in texts):
        return m("“search”, “sort” and “group” are texts")
    return {**found, "entity": raw["entity"], "asks": {name: value for name, value in asks.items() if value}}


def _title(given: Any) -> Label | None:
    texts = {"uk": given, "en": given} if isinstance(given, str) else given if given is not None else {}
    if not isinstance(texts, Mapping) or set(texts) - {"uk", "en"} or not all(isinstance(one, str) and len(one) <= LONGEST_TITLE for one in texts.values()):
        return None
    uk, en = (" ".join(str(texts.get(language, "")).replace("\0", "").split()) for language in ("uk", "en"))
    return Label(uk or en, en or uk)


def fits(sight: Sight, panel: Panel) -> bool:
    """Whether this reader may see what the panel shows, told without a query: what is gone and what is hidden from him alike. Of a kept report it is
    asked when it is found."""
    if panel["kind"] == "today" or "kept" in panel:
        return True
    if panel["kind"] == "report":
        return problem(sight, panel["report"], panel["asks"]) is None
    if panel["entity"] not in sight.catalog.entities or not sight.may(panel["entity"], "read"):
        return False
    asks = panel["asks"]
    try:
        if asks.get("where"):
            sight.table(panel["entity"]).asked(asks["where"])
    except BramaError:
        return False
    return problem(sight, "records", as_sum(panel)) is None if str(panel["as"]).startswith("sum:") else True


def as_sum(panel: Panel) -> dict[str, Any]:
    """What the report over any entity is asked for the sum of a list."""
    asks = panel["asks"]
    return {"entity": panel["entity"], "measure": panel["as"], **{name: asks[name] for name in ("where", "search") if asks.get(name)}}


def list_words(sight: Sight, panel: Panel) -> dict[str, str]:
    """The words of the list's address, without columns and orders that this reader may not name."""
    left, _ = shows.cleaned(sight, panel["entity"], panel["asks"])
    return shows.as_address(left)
