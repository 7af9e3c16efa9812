"""A board as a page: its columns and cards as HTML, and where its parts lead. What it shows comes from `boards` and `lists`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape
from urllib.parse import urlencode

from markupsafe import Markup

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.addresses import address, query_string
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.columns import Column, columns, with_companions
from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.resolve import belongs_to
from crm.admin_views.kit.totals import count_text, head_text, number_text, total_text
from crm.backoffice import boards, lists
from crm.backoffice.boards import BoardColumn
from crm.backoffice.conditions.tree import dump
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.grouped import within
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Count, ListQuery, RowView
from crm.backoffice.worth import Worth
from crm.messages import m, render

CARDS = 20  # of a column at a time
OWN = ("by", "sum")  # what the address of a board says beside that of its list


@dataclass(frozen=True)
class Board:
    """A board as it is asked for: the list that it shows, the field of its columns, what is added up above them."""

    entity: Entity
    query: ListQuery
    by: Field
    added: Field | None
    args: Mapping[str, str]

    def address(self, below: str = "", **changes: str | None) -> str:
        """The address of the board, or of what lies `below` it, with `changes` made to its words and to those of its list."""
        own = {key: changes.pop(key, self.args.get(key)) for key in OWN}
        return self._at(below, query_string(self.args, **changes), own)

    def of(self, list_url: str) -> str:
        """The board of the list that stands at an address."""
        return self._at("", list_url.partition("?")[2], {key: self.args.get(key) for key in OWN})

    def _at(self, below: str, of_list: str, own: Mapping[str, str | None]) -> str:
        query = "&".join(part for part in (of_list, urlencode({key: value for key, value in own.items() if value})) if part)
        return f"/board/{self.entity.key}{below}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Shown:
    """A column as it is drawn: its key, what it is called as HTML and as text, to what it belongs, its figures, where its cards come from, and the
    list of its records."""

    key: str
    head: Markup
    label: str
    within: str
    number: str
    sums: list[str]
    url: str
    list_url: str
    takes: bool


def asked(session: UserSession, entity: Entity, args: Mapping[str, str]) -> Board:
    """The board of an address whose view is spelled out. Raises BadRequest, UnknownName."""
    query = lists.parse_query(session, entity.key, {key: value for key, value in args.items() if key != "of"})
    by = boards.parse_by(session, entity.key, args.get("by", ""))
    return Board(entity, query, by, boards.parse_sum(session, query, args.get("sum", "")), args)


def drawn(session: UserSession, board: Board) -> tuple[list[Shown], str]:
    """The columns, and what all of them hold together."""
    reader = context.reader()
    above = belongs_to(session, board.entity, board.by)
    found = boards.columns(session, board.query, board.by, board.added, above if above in session.sight.filterable(board.entity.key) else None)
    total = columns(session, board.entity, [board.added.key])[0] if board.added is not None else None
    several = len({one.parent for one in found if one.parent is not None}) > 1
    paint, names = painter(board.entity, board.by, reader), board.by.formatter(reader)
    shown, whole = [], dict[str | None, Decimal]()
    worth: Worth | None = None
    for one in found:
        label = render(m("(empty)"), reader.language) if one.value is None else names(one.value)
        head = escape(label) if one.value is None else paint([RowView(0, 0, {board.by.key: one.value})])[0]
        parent = boards.parent_of(session, board.by, one.parent) if several else None
        shown.append(Shown(
            one.key, Markup(head), label, parent.label.text(reader.language) if parent else "",  # noqa: S704 - painters escape what they draw
            number_text(Count(one.count, True), reader.language), _sums(board, total, one), _with(board.address("/cards"), column=one.key),
            _list_of(board, one), one.takes,
        ))
        for currency, amount in one.sums.get(board.added.key, {}).items() if board.added is not None else ():
            whole[currency] = whole.get(currency, Decimal(0)) + amount
        here = one.worths.get(board.added.key) if board.added is not None else None
        worth = worth + here if worth is not None and here is not None else here or worth
    words = [count_text(Count(sum(one.count for one in found), True), reader)]
    return shown, " · ".join([*words, *(total_text(board.entity, total, whole, reader, worth) if total is not None else ())])


def _with(url: str, **words: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(words)}"


def more_url(board: Board, column: str, after: str | None) -> str:
    """Where the next cards of a column are, "" when there are none."""
    return _with(board.address("/cards"), column=column, after=after) if after else ""


def _list_of(board: Board, one: BoardColumn) -> str:
    where = within(board.query, one.leaf).where
    return address(board.entity.key, board.args, where=as_json(dump(where)) if where is not None else None)


def _sums(board: Board, total: Column | None, one: BoardColumn) -> list[str]:
    return head_text(board.entity, total, one.sums.get(total.key), context.reader(), one.worths.get(total.key)) if total is not None else []


def face(session: UserSession, board: Board) -> list[Column]:
    """What a card shows: its name, and of the list's columns the few that have a place on it."""
    title = board.entity.declared.title
    readable = session.sight.readable(board.entity.key)
    keys = [key for key in dict.fromkeys((title, *board.query.columns)) if key in readable and (key != board.by.key or key == title)]
    made = columns(session, board.entity, keys)
    return [column for column in made if "hp" not in column.css.split()]


def cards(session: UserSession, board: Board, query: ListQuery) -> tuple[Markup, lists.Page]:
    """A page of cards as HTML, with its rows."""
    made = face(session, board)
    page = lists.page(session, with_companions(session, board.entity, replace(query, columns=tuple(column.key for column in made))))
    return _cards(board.entity, made, page.rows, can_move(session, board)), page


def can_move(session: UserSession, board: Board) -> bool:
    """Whether this reader may move some record at all."""
    return board.by.in_cells and board.by.key in session.sight.editable(board.entity.key)


def _cards(entity: Entity, made: Sequence[Column], rows: Sequence[RowView], movable: bool) -> Markup:
    language = context.reader().language
    words = escape(render(m("Move"), language))
    parts = []
    drawn = [painter(entity, column.spec, context.reader(), link=column.main, signed=True)(rows) for column in made]
    for row, *shown in zip(rows, *drawn, strict=True):
        name = escape(lookup.title_of(entity, row.values))
        inside = "".join(f'<div class="{_place(column)}">{html}</div>' for column, html in zip(made, shown, strict=True) if html)
        menu = (
            f'<button class="b-ib b-ib-s b-card-move" type="button" data-move aria-haspopup="menu" aria-label="{words}: {name}">'
            '<svg class="b-i b-i-s" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12h.01M12 12h.01M19 12h.01"/></svg></button>'
        ) if movable else ""
        parts.append(f'<li class="b-card" data-id="{row.id}" data-v="{row.row_version}" data-name="{name}">{inside}{menu}</li>')
    return Markup("".join(parts))  # noqa: S704 - each cell is escaped where it is painted


def _place(column: Column) -> str:
    """The place on the card: that of the cell in a row on a phone."""
    return next((css for css in column.css.split() if css[:1] == "p" and css[1:].isdigit()), "p1")
