"""A whole dashboard by mail: its panels of reports and lists as tables, as their receiver may see them when it is sent; one that he may not see is absent, as
on his screen. The short lists of the day are whose screen it is and stay there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_mail import Message

from crm.admin_views import report_page
from crm.admin_views.dashboard.panels import address_of, resolved, title_of
from crm.admin_views.dashboard.today import STANDARD
from crm.admin_views.kit.cells import text_formatter
from crm.admin_views.report_page import Cell
from crm.admin_views.report_words import asked_words
from crm.backoffice import journal, lists
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.dashboards.panels import Panel, as_sum, fits, list_words
from crm.backoffice.dashboards.shelf import dashboard
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.export import EXPORT
from crm.backoffice.guard import UserSession, user_session
from crm.backoffice.kept_reports import asks
from crm.backoffice.kept_reports.schedules import NO_RIGHT, OWN, SENT
from crm.backoffice.lists import ListQuery, Masked
from crm.backoffice.reports import Column, Table, find, run, shaped
from crm.backoffice.reports.output import as_workbook
from crm.errors import BramaError, UnknownName
from crm.extensions import mail
from crm.letters.sending import Receiver, letter
from crm.messages import Label, m, render
from crm.runtime import Runtime

ROWS = 15  # of a panel in the letter
IN_FILE = 500  # of a list in the workbook; reports stand there whole
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBERS = ("integer", "decimal", "money")  # types that are numbers in the workbook


@dataclass(frozen=True)
class Tile:
    """A panel in the letter: its title, what it asks, its table with how many rows are left, what is said of it, where the whole stands, and its sheet in the
    workbook; none of a list that its reader may not take out as a file."""

    title: str
    asked: list[tuple[str, str]]
    heads: list[tuple[str, bool]]  # label, whether of a figure
    rows: list[list[Cell]]
    left: int
    notes: list[str]
    page: str
    table: Table | None


def sends_something(panels: Sequence[Panel]) -> bool:
    """Whether a dashboard holds anything that goes by mail."""
    return any(panel["kind"] != "today" for panel in panels)


def send(runtime: Runtime, catalog: Catalog, to: Receiver, sender: Access, which: str, stop: str) -> str:
    """Sends it; what became of it. Whoever is not among those for whom a shared dashboard is, or sees no panel of it, gets nothing."""
    shared = catalog.dashboards.get(which) if which != OWN else None
    if which != OWN and (shared is None or not shared.is_for(to.access)):
        return NO_RIGHT
    panels = shared.panels if shared is not None else _of(runtime, catalog, sender)
    with user_session(runtime.engine, to.access, catalog, source="job", reader=catalog.reader(to.language)) as own:
        tiles = [tile for panel in panels if (tile := _tile(own, panel, runtime.settings.address)) is not None]
        own.commit()  # the journal's rows of what goes out as a file
    if not tiles:
        return NO_RIGHT
    name = shared.label.text(to.language) if shared is not None else ""
    mail.send(compose(to, name, tiles, catalog.company.name or "Brama", f"{runtime.settings.address}/", stop))
    return SENT


def compose(to: Receiver, name: str, tiles: Sequence[Tile], company: str, page: str, stop: str) -> Message:
    """The letter in its reader's language: the tables as text and HTML, and a workbook with a sheet for each. A dashboard of no name is the sender's own."""
    subject = m("Dashboard “%(name)s”", name=name) if name else m("Dashboard")
    made = letter("dashboard", to.language, to.email, subject, {
        "name": to.name, "company": company, "title": render(subject, to.language), "tiles": tiles, "stop": stop, "link": page,
    })
    sheets = [(tile.title, tile.table) for tile in tiles if tile.table is not None]
    if sheets:
        made.attach("dashboard.xlsx", XLSX, as_workbook(sheets, to.language))
    return made


def _of(runtime: Runtime, catalog: Catalog, sender: Access) -> Sequence[Panel]:
    """The panels that the sender's own home page shows now."""
    with user_session(runtime.engine, sender, catalog, source="job") as session:
        return dashboard(session, STANDARD).panels


def _tile(session: UserSession, panel: Panel, address: str) -> Tile | None:
    """None for what this reader may not see and what is gone, alike; and for a short list of the day."""
    found = resolved(session, panel) if panel["kind"] != "today" else None
    if found is None or not fits(session.sight, found):
        return None
    try:
        page = address + address_of(session, panel, found)
        if found["kind"] == "report":
            return _report(session, title_of(session, panel), found, page)
        if found["as"].startswith("sum:"):
            return _report(session, title_of(session, panel), {"report": "records", "asks": as_sum(found), "as": "figure"}, page)
        return _list(session, title_of(session, panel), found, page)
    except BramaError:
        return None


def _report(session: UserSession, title: str, panel: Panel, page: str) -> Tile:
    words, _ = asks.for_reader(session.sight, panel["report"], panel["asks"])
    report, reader = shaped(find(panel["report"]), session, words), session.reader
    params, table = run(report, session, words)
    asked, notes = asked_words(session, report, params), [render(note, reader.language) for note in table.notes]
    if panel["as"] == "figure" or not table.dimensions:
        column = table.measures[0]
        one = replace(table, columns=(column,), rows=[{column.key: table.totals[column.key]}])
        return Tile(title, asked, _heads(one, params, reader), [[report_page.figure_cell(table, None, table.totals, column, reader)]], 0, notes, page, one)
    rows = report_page.rows(report, replace(table, rows=table.rows[:ROWS]), reader)
    foot = [report_page.totals(table, reader)] if len(table.rows) > 1 else []
    return Tile(title, asked, _heads(table, params, reader), [*rows, *foot], len(table.rows) - len(rows), notes, page, table)


def _heads(table: Table, params: Any, reader: Any) -> list[tuple[str, bool]]:
    return [(head.label, bool(head.css)) for head in report_page.heads(table, params, reader, lambda change: "")]


def _list(session: UserSession, title: str, panel: Panel, page: str) -> Tile:
    """A list as its columns, or how many records fit."""
    entity, words = session.catalog.entity(panel["entity"]), list_words(session.sight, panel)
    language = session.reader.language
    if panel["as"] == "count":
        query = lists.parse_query(session, entity.key, {key: words[key] for key in ("where", "search") if key in words})
        number = Column("count", Label(entity.plural.uk, entity.plural.en), "count")
        counted = _table([number], [{"count": lists.count(session, query).number}])
        return Tile(title, [], [(number.label.text(language), True)], [[Cell(str(counted.rows[0]["count"]), css="b-num")]], 0, [], page, counted)
    query = replace(lists.parse_query(session, entity.key, words), size=ROWS)
    heads, _, texts = _read(session, entity, query)
    cells = [[Cell(text[c.key], css="b-num" if c.measure else "") for c in heads] for text in texts]
    left = max(lists.count(session, query).number - len(cells), 0)
    return Tile(title, [], [(c.label.text(language), c.measure) for c in heads], cells, left, [], page, _sheet(session, entity, query))


def _sheet(session: UserSession, entity: Entity, query: ListQuery) -> Table | None:
    """The list as far as its reader may take it out as a file, which is journaled as any export is; None where he may not at all."""
    columns = tuple(key for key in query.columns if key in session.sight.readable(entity.key, EXPORT))
    if not columns or not session.sight.may(entity.key, "export"):
        return None
    sortable = (*session.sight.filterable(entity.key, EXPORT), "id")
    taken = replace(query, columns=columns, sort=tuple(one for one in query.sort if one[0] in sortable), size=IN_FILE, actions=EXPORT)
    try:
        heads, values, texts = _read(session, entity, taken)
    except UnknownName:
        return None  # its condition names what he may see and not take out
    journal.event(session, "export", entity.key, None, {"fields": [one.key for one in heads], "format": "xlsx"})
    return _table(heads, [
        {c.key: row[c.key] if c.measure and not isinstance(row[c.key], Masked) else text[c.key] for c in heads} for row, text in zip(values, texts, strict=True)
    ])


def _read(session: UserSession, entity: Entity, query: ListQuery) -> tuple[list[Column], list[dict[str, Any]], list[dict[str, str]]]:
    """The heads, the values, and how these read."""
    keys = [key for key in query.columns if key in entity.fields]
    heads = [Column(key, entity.fields[key].label, "decimal" if entity.fields[key].type in NUMBERS else "name") for key in keys]
    show = {key: text_formatter(entity.fields[key], session.reader) for key in keys}
    values = [{key: row.values.get(key) for key in keys} for row in lists.page(session, query).rows]
    return heads, values, [{key: _text(row[key], show[key]) for key in keys} for row in values]


def _text(value: Any, show: Any) -> str:
    return value.text if isinstance(value, Masked) else "" if value is None else str(show(value))


def _table(columns: Sequence[Column], rows: list[dict[str, Any]]) -> Table:
    return Table(tuple(columns), rows, {}, "", lambda row, key: None)
