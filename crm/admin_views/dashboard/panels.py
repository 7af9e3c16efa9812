"""What a person sees of his dashboard: the panels that he may see, the short lists at once, reports and lists asked for one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from crm.admin_views import report_page
from crm.admin_views.dashboard.today import NAMES, NUMBERS, STANDARD, TODAY, Card, TileGroup, tiles
from crm.admin_views.kit import context
from crm.admin_views.kit.columns import Column, cells, columns, with_companions
from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.kit.totals import number_text
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_chart import chart, chart_words
from crm.backoffice import lists
from crm.backoffice.dashboards.panels import Panel, as_sum, fits, list_words
from crm.backoffice.dashboards.shelf import Dashboard, dashboard
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.kept_reports.asks import as_words
from crm.backoffice.reports import find, shaped
from crm.errors import BramaError, NotFound
from crm.messages import Label, Message, m, render

ROWS = 5  # of a list or a table in a panel


@dataclass(frozen=True)
class Shown:
    """One panel on its dashboard; `place` is where it stands in the arrangement. A short list is there at once, all else is asked for at `source`."""

    place: int
    title: str
    width: int
    kind: str
    url: str = ""
    source: str = ""
    card: Card | None = None
    areas: tuple[TileGroup, ...] = ()


@dataclass(frozen=True)
class Board:
    """A dashboard as its person sees it."""

    panels: tuple[Shown, ...]
    own: bool
    digest: str
    all: Dashboard = field(repr=False, compare=False)


def own_dashboard(session: UserSession) -> Dashboard:
    return dashboard(session, STANDARD)


def shown(session: UserSession, *, arranging: bool = False) -> Board:
    """The panels that the session's person may see; those that he may not leave no sign. While he arranges them, short lists that have nothing to say
    now stand too, by their names, and nothing is counted."""
    whole = own_dashboard(session)
    found: list[Shown] = []
    for place, panel in enumerate(whole.panels):
        one = _today(session, place, panel, arranging) if panel["kind"] == "today" else _asked_for(session, place, panel, whole.digest)
        if one is not None:
            found.append(one)
    return Board(tuple(found), whole.own, whole.digest, whole)


def _today(session: UserSession, place: int, panel: Panel, arranging: bool) -> Shown | None:
    what, language = panel["what"], session.reader.language
    if what not in NAMES:
        return None
    base = Shown(place, NAMES[what].text(language), panel["width"], NUMBERS if what == NUMBERS else "today")
    if arranging:
        return base
    if what == NUMBERS:
        groups = tuple(group for group in tiles(session) if group.tiles)
        return replace(base, areas=groups) if groups else None
    card = TODAY[what][1](session)
    return replace(base, title=card.title, url=card.url, card=card) if card is not None else None


def _asked_for(session: UserSession, place: int, panel: Panel, digest: str) -> Shown | None:
    found = resolved(session, panel)
    if found is None or not fits(session.sight, found):
        return None
    source = f"/dashboard/panel/{place}?{urlencode({'seen': digest})}"
    return Shown(place, title_of(session, panel), panel["width"], found["as"].partition(":")[0], address_of(session, panel, found), source)


def resolved(session: UserSession, panel: Panel) -> dict[str, Any] | None:
    """The panel with what a kept report asks in its place; None where that is none of this person's."""
    if "kept" not in panel:
        return dict(panel)
    try:
        kept = shelf.named(session, panel["kept"])
    except NotFound:
        return None
    return {**panel, "report": kept.report, "asks": dict(kept.asks), "chart": kept.chart}


def title_of(session: UserSession, panel: Panel) -> str:
    """Its own title, else what the report or the list is called."""
    language = session.reader.language
    if panel.get("title"):
        return Label(panel["title"]["uk"], panel["title"]["en"]).text(language)
    if "kept" in panel:
        return shelf.named(session, panel["kept"]).label.text(language)
    if panel["kind"] == "list":
        return session.catalog.entity(panel["entity"]).plural.text(language)
    report = find(panel["report"])
    if report.shape is None:
        return report.label.text(language)
    words, _ = asks.for_reader(session.sight, panel["report"], panel["asks"])
    return shaped(report, session, words).question.text(language)


def address_of(session: UserSession, panel: Panel, found: Panel) -> str:
    """Where the whole of it stands."""
    if "kept" in panel:
        return f"/report/{found['report']}?{urlencode({'kept': panel['kept']})}"
    if found["kind"] == "list":
        return f"/{found['entity']}/?{urlencode(list_words(session.sight, found))}".rstrip("?")
    words = {**as_words(found["asks"]), **({"chart": found["chart"]} if found.get("chart") else {})}
    return f"/report/{found['report']}?{urlencode({'by': '', **words})}"


# --- what stands in one --------------------------------------------------------------------------------------------


def answer(session: UserSession, panel: Panel) -> Mapping[str, Any]:
    """What a panel of a report or a list shows (`dashboard/panel.html`), by a fixed number of statements. Raises NotFound where this person may not see
    it: what is hidden and what is gone alike."""
    found = resolved(session, panel)
    if found is None or found["kind"] == "today" or not fits(session.sight, found):
        raise NotFound(m("There is no such panel."))
    try:
        if found["kind"] == "report":
            return _report(session, found)
        if found["as"] == "rows":
            return _rows(session, found)
        return _sum(session, found) if found["as"].startswith("sum:") else _count(session, found)
    except BramaError:
        raise NotFound(m("There is no such panel.")) from None


def _report(session: UserSession, panel: Panel) -> Mapping[str, Any]:
    words, left_out = asks.for_reader(session.sight, panel["report"], panel["asks"])
    asked = Asking(find(panel["report"]), words, panel.get("chart", ""), left_out=left_out)
    report, params, table = asked.run(session)
    reader = session.reader
    notes = [render(note, reader.language) for note in table.notes]
    if panel["as"] == "figure" or not table.dimensions:
        column = table.measures[0]
        cell = report_page.figure_cell(table, None, table.totals, column, reader)
        unit = f" {currency_sign(table.currency, reader.language)}" if column.unit == "money" and table.totals[column.key] is not None else ""
        return {"figure": replace(cell, text=cell.text + unit), "about": column.label.text(reader.language), "notes": notes}
    drawn = chart(table, reader, panel.get("chart", "") or "") or chart(table, reader, "bar") if panel["as"] == "chart" else None
    if drawn is not None:
        return {"chart": drawn, "chart_words": chart_words(drawn, table, reader), "notes": notes}
    heads = [(one.label, one.css) for one in report_page.heads(table, params, reader, lambda change: "")]
    rows = report_page.rows(report, replace(table, rows=table.rows[:ROWS]), reader)
    foot = report_page.totals(table, reader) if len(table.rows) > 1 else []
    return {"heads": heads, "rows": rows, "foot": foot, "left": len(table.rows) - len(rows), "notes": notes}


def _rows(session: UserSession, panel: Panel) -> Mapping[str, Any]:
    entity = session.catalog.entity(panel["entity"])
    query = lists.parse_query(session, entity.key, list_words(session.sight, panel))
    query = replace(query, columns=tuple(query.columns[:4]), size=ROWS)
    made: list[Column] = columns(session, entity, query.columns)
    rows = lists.page(session, with_companions(session, entity, query)).rows
    number = lists.count(session, query)
    # Each cell is escaped where it is painted.
    drawn = [[(Markup(html), column.css) for html, column in zip(row, made, strict=True)] for row in cells(entity, made, rows)]  # noqa: S704
    return {"list": drawn, "list_heads": [(one.label, one.css) for one in made], "about": _counted(session, number), "notes": []}


def _count(session: UserSession, panel: Panel) -> Mapping[str, Any]:
    words = list_words(session.sight, panel)
    asked = {key: words[key] for key in ("where", "search") if words.get(key)}
    number = lists.count(session, lists.parse_query(session, panel["entity"], asked))
    language = session.reader.language
    cell = report_page.Cell(number_text(number, language), f"/{panel['entity']}/?{urlencode(asked)}")
    return {"figure": cell, "about": session.catalog.entity(panel["entity"]).plural.text(language), "notes": []}


def _sum(session: UserSession, panel: Panel) -> Mapping[str, Any]:
    return _report(session, {"kind": "report", "report": "records", "asks": as_sum(panel), "as": "figure"})


def _counted(session: UserSession, number: lists.Count) -> str:
    sentence: Message = m("of %(number)s", number=number_text(number, session.reader.language))
    return render(sentence, session.reader.language)


def today_left(board: Board) -> list[tuple[str, str]]:
    """The short lists that do not stand on the dashboard: key and name."""
    there = {panel.get("what") for panel in board.all.panels}
    language = context.reader().language
    return [(what, label.text(language)) for what, label in NAMES.items() if what not in there]
