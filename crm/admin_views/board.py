"""Boards: `/board/<entity>` shows a list in columns of one field; a card is moved by a post, which writes the field through the one door."""

from dataclasses import replace

from flask import Blueprint, make_response, render_template, request
from flask.wrappers import Response

from crm.admin_views import board_page
from crm.admin_views.board_page import CARDS, Board
from crm.admin_views.kit import context, filters, lookup
from crm.admin_views.kit.addresses import address, list_arguments, query_string
from crm.admin_views.kit.answers import done, record_number, say
from crm.admin_views.kit.awaited import told
from crm.admin_views.kit.listing import heads, tabs
from crm.admin_views.kit.columns import columns
from crm.admin_views.kit.opened import opened
from crm.admin_views.kit.reporting import report_url
from crm.admin_views.kit.viewing import favourites
from crm.backoffice import boards, records
from crm.backoffice.conditions.tree import Leaf, Node
from crm.backoffice.entities import Entity
from crm.backoffice.grouped import within
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden, Invalid, NotFound
from crm.messages import m

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
        list_url=address(entity.key, args), base=f"/{entity.key}/", query_string=query_string(args), words=_query(board),
        args={**list_arguments(args), **{key: args[key] for key in board_page.OWN if args.get(key)}},
        report_url=report_url(session, entity, board.query, {**args, "group": board.by.key}),
        tabs=[replace(tab, url=board.of(tab.url)) for tab in tabs(session, entity, here)], standard=here.view is not None or here.shelf.first is not None,
        starred=favourites(session, here.shelf.starred), chips=[(chip, board.address(where=chip.rest)) for chip in chips], names=names,
        where=args.get("where", ""), search=board.query.search, unsearched=board.address(search=None),
        unfiltered=board.address(search=None, where=None, unread=None), is_filtered=board.query.where is not None or bool(board.query.search),
        sorts=sorts, ways=_ways(session, board), sums=_sums(session, board), can_move=board_page.can_move(session, board),
        can_create=can_create, create_url=f"/{entity.key}/new/", by=board.by.label.text(reader.language), left_out=here.left_out,
        unfinished=told(session, entity, (board.by.key, *((board.added.key,) if board.added is not None else ())), board.query.where, reader),
        added=board.added.label.text(reader.language) if board.added is not None else "",
    ))


@pages.get("/<key>/cards")
def cards(key: str) -> Response:
    """`?column=3&after=…`: the cards of a column, a page of them, and where the next ones are."""
    session, entity = context.session(), _entity(key)
    board = board_page.asked(session, entity, opened(session, entity, _words()).args)
    column = request.args.get("column", "")
    query = replace(within(board.query, boards.column_of(session, board.by, column)), after=request.args.get("after") or None, size=CARDS)
    html, page = board_page.cards(session, board, query)
    return make_response(render_template("admin/board_cards.html", cards=html, next=board_page.more_url(board, column, page.next)))


@pages.post(RECORD)
def move(key: str, record_id: int) -> Response:
    """`column` and `row_version`: give the record the value of that column; JSON with its card and the heads of the columns as they are now.

    404 outside the scope, 400 for no such column, 403 without the right to change the field there, 422 with the reason of a rule,
    409 when somebody else has moved it since.
    """
    session, entity = context.session(), _entity(key)
    board = board_page.asked(session, entity, opened(session, entity, _words()).args)
    leaf = boards.column_of(session, board.by, request.form.get("column", ""))
    version = request.form.get("row_version")
    try:
        value = None if leaf.op == "empty" else int(request.form["column"])
        seen = record_number(version) if version else None
        saved = records.change(session, entity.key, record_id, {board.by.key: value}, seen_version=seen)
    except Invalid as refused:
        raise _refused(session, entity, refused) from None
    card, page = board_page.cards(session, board, replace(board.query, where=_only(board, record_id), sort=(("id", False),), after=None, size=1))
    shown, whole = board_page.drawn(session, board)
    heads = {one.key: render_template("admin/board_head.html", c=one) for one in shown}
    name = lookup.titles(session, entity, [record_id]).get(record_id, "")
    batch = session.batch
    session.commit()
    label = next((one.label for one in shown if one.key == request.form["column"]), "")
    message = m("“%(name)s” moved to “%(column)s”.", name=name, column=label)
    return done(
        message, undo=batch, quiet=not saved.changed, card=str(card) if page.rows else None, heads=heads, whole=whole, row_version=saved.row_version,
        said=say(message),
    )


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


def _only(board: Board, record_id: int) -> Node | None:
    return within(board.query, Leaf(("id",), "eq", record_id)).where


def _refused(session: UserSession, entity: Entity, refused: Invalid) -> Invalid:
    """What a rule says, unless it speaks of a field that this reader may not know."""
    readable = session.sight.readable(entity.key)
    told = {key: why for key, why in refused.fields.items() if not key or key in readable}
    if refused.fields and not told:
        return Invalid({}, m("A field that you may not see does not accept this."))
    return Invalid(told, next(iter(told.values()), refused.message))


def _ways(session: UserSession, board: Board) -> list[tuple[str, str, bool]]:
    """What the columns may be of: label, address, whether it is so now."""
    language = context.reader().language
    return [(spec.label.text(language), board.address(by=spec.key), spec.key == board.by.key) for spec in boards.fields(session, board.entity.key)]


def _sums(session: UserSession, board: Board) -> list[tuple[str, str, bool]]:
    """What may be added up above the columns."""
    language, now = context.reader().language, board.added.key if board.added is not None else ""
    return [(spec.label.text(language), board.address(sum=spec.key), spec.key == now) for spec in boards.addable(session, board.entity.key)]

