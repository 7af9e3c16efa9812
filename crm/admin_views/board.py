"""Boards: `/board/<entity>` shows a list in columns of one field; a card is moved by a post, which writes the field through the one door."""

from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, make_response, render_template, request
from flask.wrappers import Response

from crm.admin_views import board_asking, board_calendar, board_moves, board_news, board_page
from crm.admin_views.board_page import CARDS, Board
from crm.admin_views.kit import context, filters
from crm.admin_views.kit.addresses import list_arguments, query_string
from crm.admin_views.kit.awaited import told
from crm.admin_views.kit.listing import heads, tabs
from crm.admin_views.kit.columns import columns
from crm.admin_views.kit.opened import opened
from crm.admin_views.kit.reporting import report_url
from crm.admin_views.kit.set_views import views_of
from crm.admin_views.kit.viewing import favourites
from crm.backoffice import boards, months
from crm.backoffice.entities import Entity
from crm.backoffice.grouped import within
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden, NotFound
from crm.messages import m, render

RECORD = "/<key>/<int(min=1, max=2147483647):record_id>"


pages = Blueprint("board", __name__, url_prefix="/board")


@pages.get("/<key>")
def show(key: str) -> Response:
    """The page: heads with figures; the cards of a column are asked for when it comes into view."""
    session, entity = context.session(), _entity(key)
    here = opened(session, entity, _words())
    board = board_page.asked(session, entity, here.args)
    shown, whole = board_page.drawn(session, board)
    reader, args, sight = context.reader(), here.args, session.sight
    chips, names = filters.chips(session, entity, args.get("where", ""))
    sortable = columns(session, entity, [key for key in board.query.columns if key in sight.filterable(entity.key)])
    sorts = [(head, board.of(head.url)) for head in heads(entity, board.query, sortable, args) if head.url]
    can_create = sight.may(entity.key, "create") and bool(sight.creatable(entity.key))
    return make_response(render_template(
        "admin/board.html", entity=entity, title=entity.plural.text(reader.language), board=board, columns=shown, whole=whole, language=reader.language,
        base=f"/{entity.key}/", query_string=query_string(args), words=_query(board),
        args={**list_arguments(args), **{key: args[key] for key in board_page.OWN if args.get(key)}},
        report_url=report_url(session, entity, board.query, {**args, "group": board.by.key}),
        tabs=[replace(tab, url=board.of(tab.url)) for tab in tabs(session, entity, here)], standard=here.view is not None or here.shelf.first is not None,
        starred=favourites(session, here.shelf.starred), chips=[(chip, board.address(where=chip.rest)) for chip in chips], names=names,
        where=args.get("where", ""), search=board.query.search, unsearched=board.address(search=None),
        unfiltered=board.address(search=None, where=None, unread=None), is_filtered=board.query.where is not None or bool(board.query.search),
        sorts=sorts, ways=_ways(session, board), sums=_sums(session, board), can_move=board_page.can_move(session, board),
        can_create=can_create, create_url=f"/{entity.key}/new/", by=board.by.label.text(reader.language), left_out=here.left_out,
        unfinished=told(session, entity, (board.by.key, *((board.added.key,) if board.added is not None else ())), board.query.where, reader),
        added=board.added.label.text(reader.language) if board.added is not None else "", held=any(one.count for one in shown),
        now=datetime.now(UTC).isoformat(), stretch=board.stretch,
        earlier=board.address(**{"from": board.stretch.moved(-months.SHOWN)}) if board.stretch is not None else "",
        later=board.address(**{"from": board.stretch.moved(months.SHOWN)}) if board.stretch is not None else "",
        views=views_of(session, entity, args, "forecast" if board.by.key == entity.declared.expected else "board"),
    ))


@pages.get("/<key>/calendar")
def calendar(key: str) -> Response:
    """`?by=expected_on&from=2026-11` or `&week=2026-11-23`: the same records on the days of a date."""
    return board_calendar.show(context.session(), _entity(key), _words())


@pages.get("/<key>/cards")
def cards(key: str) -> Response:
    """`?column=3&after=…`: the cards of a column, a page of them, and where the next ones are."""
    session, entity = context.session(), _entity(key)
    board = board_page.asked(session, entity, opened(session, entity, _words()).args)
    column = request.args.get("column", "")
    query = replace(within(board.query, board_page.leaf_of(session, board, column)), after=request.args.get("after") or None, size=CARDS)
    html, page = board_page.cards(session, board, query)
    return make_response(render_template("admin/board_cards.html", cards=html, next=board_page.more_url(board, column, page.next)))


@pages.post(RECORD)
def move(key: str, record_id: int) -> Response:
    """`column` and `row_version`: give the record the value of that column; JSON with its card and the heads of the columns as they are now.

    404 outside the scope, 400 for no such column, 403 without the right to change the field there, 422 with the reason of a rule (`ask`: where what
    is missing is asked for), 409 when somebody else has moved it since, with where it stands now.
    """
    session, entity = context.session(), _entity(key)
    return board_moves.move(session, board_page.asked(session, entity, opened(session, entity, _words()).args), record_id, request.form.get("column", ""))


@pages.route(f"{RECORD}/ask", methods=["GET", "POST"])
def ask(key: str, record_id: int) -> Response:
    """`?column=`: what the move to that column lacks, as a form. POST: filled in and moved in one save, answered as `move` is; 422 with the form and
    what is missing still."""
    session, entity = context.session(), _entity(key)
    board = board_page.asked(session, entity, opened(session, entity, _words()).args)
    return board_asking.answer(session, board, record_id, request.args.get("column", ""))


@pages.get("/<key>/news")
def news(key: str) -> Response:
    """`?shown=12.3,17.1&since=`: what has become of the cards that a board shows (number and version), and which have come since."""
    session, entity = context.session(), _entity(key)
    return board_news.answer(session, board_page.asked(session, entity, opened(session, entity, _words()).args))


def _entity(key: str) -> Entity:
    """The entity whose board is asked for. Of a made one that this reader may not read he is not told, as its other screens do not."""
    catalog, sight = context.catalog(), context.session().sight
    kind = catalog.entities.get(key)
    if kind is None or (kind.custom and not sight.may(key, "read")):
        raise NotFound()
    if not sight.may(key, "read"):
        raise Forbidden()
    return kind


def _words() -> dict[str, str]:
    """The words of the address; those of a list on a card have no board."""
    return {key: value for key, value in request.args.to_dict().items() if key != "of"}


def _query(board: Board) -> str:
    """The words of the board, as its scripts change them."""
    return board.address().partition("?")[2]


def _ways(session: UserSession, board: Board) -> list[tuple[str, str, bool]]:
    """What the columns may be of: label, address, whether it is so now."""
    language = context.reader().language
    found = [(spec.label.text(language), board.address(by=spec.key), spec.key == board.by.key) for spec in boards.fields(session, board.entity.key)]
    for spec in months.dates(session, board.entity.key):
        label = m("%(field)s: months", field=spec.label)
        found.append((render(label, language), board.address(by=spec.key), spec.key == board.by.key))
    return found


def _sums(session: UserSession, board: Board) -> list[tuple[str, str, bool]]:
    """What may be added up above the columns."""
    language, now = context.reader().language, board.added.key if board.added is not None else ""
    return [(spec.label.text(language), board.address(sum=spec.key), spec.key == now) for spec in boards.addable(session, board.entity.key)]

