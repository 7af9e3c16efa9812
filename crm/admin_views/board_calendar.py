"""`/board/<entity>/calendar`: the records of a list on the days of one of their dates, a month or a week at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import escape

from babel.dates import format_date
from flask import make_response, render_template
from flask.wrappers import Response
from markupsafe import Markup

from crm.admin_views import board_page
from crm.admin_views.board_page import Board
from crm.admin_views.kit import context, filters, lookup
from crm.admin_views.kit.addresses import address, list_arguments, query_string
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.columns import columns, with_companions
from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.listing import tabs
from crm.admin_views.kit.opened import Opened, opened
from crm.admin_views.kit.set_views import views_of
from crm.admin_views.kit.totals import count_text, total_text, weighted_text
from crm.admin_views.kit.viewing import favourites
from crm.backoffice import lists, months, periods
from crm.backoffice.conditions.tree import Leaf, dump
from crm.backoffice.entities import Entity
from crm.backoffice.grouped import groups, within
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, RowView
from crm.backoffice.periods import Period
from crm.backoffice.worth import worths
from crm.errors import BadRequest
from crm.messages import m, render

ON_A_DAY = 4  # records of a day in a month; of a week all that are read
READ = 200  # records of the whole stretch that are read; of a day beyond them only the number is told


@dataclass(frozen=True)
class Day:
    """A day: what it is called, whether it is of the month that is shown and the present one, its records as HTML, how many more it has, and the list
    of all of them."""

    key: str
    number: str
    label: str
    inside: bool
    today: bool
    items: list[Markup]
    more: int
    count: int
    url: str
    new_url: str


@dataclass(frozen=True)
class Shown:
    """What is shown: a month or a week, the days around it, what it is called and the addresses of its neighbours."""

    span: Period
    is_week: bool
    title: str
    before: str
    after: str
    now: str
    other: str

    @property
    def days(self) -> list[date]:
        """The days of whole weeks."""
        first, last = periods.week(self.span.first).first, periods.week(self.span.last).last
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def show(session: UserSession, entity: Entity, words: dict[str, str]) -> Response:
    """The page. Raises BadRequest and UnknownName for what the address names wrongly, as for a date that is none."""
    here = opened(session, entity, words)
    board = _board(session, entity, here)
    shown = _shown(board)
    query, reader, args = board.query, context.reader(), here.args
    days = _days(session, board, shown)
    chips, names = filters.chips(session, entity, args.get("where", ""))
    month = within(query, Leaf((board.by.key,), "within", f"{shown.span.first}..{shown.span.last}"))
    at = f"/board/{entity.key}/calendar"
    return make_response(render_template(
        "admin/board_calendar.html", entity=entity, title=entity.plural.text(reader.language), language=reader.language, board=board, shown=shown,
        weekdays=[format_date(day, "EEE", locale=reader.language) for day in shown.days[:7]], days=days, whole=_figures(session, board, query),
        part=_figures(session, board, month), base=f"/{entity.key}/", query_string=query_string(args), words=board.address().partition("?")[2], at=at,
        args={**list_arguments(args), **{key: args[key] for key in board_page.OWN if args.get(key)}, "by": board.by.key},
        views=views_of(session, entity, args, "calendar"), by=board.by.label.text(reader.language),
        ways=[(one.label.text(reader.language), board.address("/calendar", by=one.key), one == board.by) for one in months.dates(session, entity.key)],
        tabs=[replace(tab, url=_of(board, tab.url)) for tab in tabs(session, entity, here)], left_out=here.left_out,
        standard=here.view is not None or here.shelf.first is not None, starred=favourites(session, here.shelf.starred),
        chips=[(chip, board.address("/calendar", where=chip.rest)) for chip in chips], names=names, where=args.get("where", ""), search=query.search,
        unsearched=board.address("/calendar", search=None), unfiltered=board.address("/calendar", search=None, where=None, unread=None),
        is_filtered=query.where is not None or bool(query.search), held=any(day.count for day in days), can_move=board_page.can_move(session, board),
        can_create=session.sight.may(entity.key, "create") and bool(session.sight.creatable(entity.key)), create_url=f"/{entity.key}/new/",
    ))


def _board(session: UserSession, entity: Entity, here: Opened) -> Board:
    """The board by the months of the date that is asked for; without one of the forecast's, else of the first that there is."""
    offered = [spec.key for spec in months.dates(session, entity.key)]
    if not offered and not here.args.get("by"):
        raise BadRequest(m("“%(list)s” have no date to stand on a calendar by.", list=entity.plural))
    usual = entity.declared.expected if entity.declared.expected in offered else next(iter(offered), "")
    board = board_page.asked(session, entity, {**here.args, "by": here.args.get("by") or usual})
    if board.stretch is None:
        raise BadRequest(m("A calendar is by a date."))
    return board


def _of(board: Board, list_url: str) -> str:
    return board.of(list_url).replace(f"/board/{board.entity.key}", f"/board/{board.entity.key}/calendar", 1)


def _shown(board: Board) -> Shown:
    """The month of `from`, or the week of the day `week`."""
    assert board.stretch is not None
    language, today = context.reader().language, context.reader().today
    week = _day(board.args.get("week", ""))
    at = "/calendar"
    if week is not None:
        span = periods.week(week)
        title = f"{format_date(span.first, 'd MMM', locale=language)} – {format_date(span.last, 'd MMM y', locale=language)}"
        before, after = (board.address(at, week=str(span.first + timedelta(days=step))) for step in (-7, 7))
        return Shown(span, True, title, before, after, board.address(at, week=str(today)), board.address(at, week=None, **{"from": f"{week:%Y-%m}"}))
    span = board.stretch.months[0]
    before, after = (board.address(at, **{"from": board.stretch.moved(step)}) for step in (-1, 1))
    first, title = today if today in span else span.first, board_page.label_of(board, f"{span.first:%Y-%m}")
    return Shown(span, False, title, before, after, board.address(at, **{"from": None}), board.address(at, week=str(first)))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day is not None and months.FIRST <= day.year <= months.LAST else None


def _days(session: UserSession, board: Board, shown: Shown) -> list[Day]:
    """The days with their records: the numbers by one statement, the records by a page."""
    days, key = shown.days, board.by.key
    reach = within(board.query, Leaf((key,), "within", f"{days[0]}..{days[-1]}"))
    found = groups(session, replace(reach, columns=()), key, "day", [Period(day, day) for day in days])
    counts = {group.value.first: group.count for group in found.groups if isinstance(group.value, Period)}
    items = _items(session, board, replace(reach, sort=((key, False), *(one for one in board.query.sort if one[0] not in (key, "id"))), after=None, size=READ))
    creates = session.sight.may(board.entity.key, "create") and key in session.sight.creatable(board.entity.key)
    language, today = context.reader().language, context.reader().today
    made = []
    for day in days:
        mine = items.get(day, []) if shown.is_week else items.get(day, [])[:ON_A_DAY]
        where = within(board.query, months.column_of(session, board.by, str(day))).where
        made.append(Day(
            str(day), str(day.day), str(format_date(day, "EEEE, d MMMM", locale=language)), shown.is_week or day in shown.span, day == today, mine,
            counts.get(day, 0) - len(mine), counts.get(day, 0),
            address(board.entity.key, board.args, where=as_json(dump(where)) if where is not None else None),
            f"/{board.entity.key}/new/?{key}={day}" if creates else "",
        ))
    return made


def _items(session: UserSession, board: Board, query: ListQuery) -> Mapping[date, list[Markup]]:
    """The records by day: each the way to it, where it stands, and what of it is added up."""
    entity, reader = board.entity, context.reader()
    stage = next((spec.key for spec in entity.fields.values() if spec.target == "stage" and spec.key in session.sight.readable(entity.key)), "")
    beside = [board.added.key] if board.added is not None else []
    keys = dict.fromkeys((entity.declared.title, *([stage] if stage else []), *beside, board.by.key))
    shown = [key for key in keys if key in session.sight.readable(entity.key)]
    rows = lists.page(session, with_companions(session, entity, replace(query, columns=tuple(shown)))).rows
    made = columns(session, entity, [key for key in shown if key not in (board.by.key, entity.declared.title)])
    drawn = [painter(entity, column.spec, reader, signed=True)(rows) for column in made]
    found: dict[date, list[Markup]] = {}
    for row, *cells in zip(rows, *drawn, strict=True):
        day = row.values.get(board.by.key)
        if isinstance(day, date):
            found.setdefault(day, []).append(_item(entity, row, [cell for cell in cells if cell], can_move=board_page.can_move(session, board)))
    return found


def _item(entity: Entity, row: RowView, cells: list[str], *, can_move: bool) -> Markup:
    name = escape(lookup.title_of(entity, row.values))
    words = escape(render(m("Move"), context.reader().language))
    menu = (
        f'<button class="b-ib b-ib-s" type="button" data-move aria-haspopup="dialog" aria-label="{words}: {name}">'
        '<svg class="b-i b-i-s" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12h.01M12 12h.01M19 12h.01"/></svg></button>'
    ) if can_move else ""
    inside = "".join(f'<span class="b-cal-cell">{cell}</span>' for cell in cells)
    return Markup(  # noqa: S704 - each cell is escaped where it is painted
        f'<li class="b-cal-item" data-id="{row.id}" data-v="{row.row_version}" data-name="{name}">'
        f'<a data-drawer href="/{entity.key}/{row.id}/">{name}</a>{inside}{menu}</li>'
    )


def _figures(session: UserSession, board: Board, query: ListQuery) -> str:
    """How many records, what they come to and what of it is weighted: the figures of the foot of their list."""
    reader, words = context.reader(), [count_text(lists.count(session, query), context.reader())]
    if board.added is not None:
        asked = replace(query, columns=(board.added.key,))
        sums = lists.totals(session, asked)
        worth = worths(session, asked, sums)
        column = columns(session, board.entity, [board.added.key])[0]
        words += total_text(board.entity, column, sums.get(column.key), reader, worth.get(column.key))
        words += weighted_text(column.spec, sums, worth, reader)
    return " · ".join(words)
