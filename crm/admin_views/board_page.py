"""A board as a page: its columns and cards as HTML, and where its parts lead. What it shows comes from `boards` and `lists`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from markupsafe import Markup

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.addresses import address, query_string
from crm.admin_views.kit.card_marks import drawn as drawn_marks, marks
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.columns import Column, columns, with_companions
from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.grouping import period_name
from crm.admin_views.kit.resolve import belongs_to
from crm.admin_views.kit.totals import count_text, head_text, number_text, total_text, weighted_text, won_text
from crm.backoffice import boards, lists, months, periods
from crm.backoffice.boards import NONE, BoardColumn
from crm.backoffice.conditions.tree import Leaf, dump
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader, Ref
from crm.backoffice.grouped import Sums, within
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Count, ListQuery, Masked, RowView
from crm.backoffice.months import Stretch
from crm.backoffice.worth import Worth
from crm.messages import m, render

CARDS = 20  # of a column at a time
UNPLACED, BELOW = "hp", "p7"
AT_THE_RIGHT, AT_THE_LEFT = ("p2", "p4"), ("p3", "p6", "p5")
OWN = ("by", "sum", "from", "week")  # what the address of a board says beside that of its list


@dataclass(frozen=True)
class Board:
    """A board as it is asked for: the list that it shows, the field of its columns, what is added up above them; of a date the months side by side."""

    entity: Entity
    query: ListQuery
    by: Field
    added: Field | None
    args: Mapping[str, str]
    stretch: Stretch | None = None

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
    """A column as it is drawn: its key, what it is called as HTML and as text, to what it belongs, its figures, where its cards come from, the list of
    its records, and where a new one is made in it ("": not by this reader, or not there)."""

    key: str
    head: Markup
    label: str
    within: str
    number: str
    sums: list[str]
    weighted: list[str]
    url: str
    list_url: str
    takes: bool
    count: int
    new_url: str


def asked(session: UserSession, entity: Entity, args: Mapping[str, str]) -> Board:
    """The board of an address whose view is spelled out. Raises BadRequest, UnknownName."""
    query = lists.parse_query(session, entity.key, {key: value for key, value in args.items() if key != "of"})
    by = boards.parse_by(session, entity.key, args.get("by", ""))
    shown = months.stretch(args.get("from", ""), session.reader.today) if by.type == "date" else None
    return Board(entity, query, by, boards.parse_sum(session, query, args.get("sum", "")), args, shown)


def leaf_of(session: UserSession, board: Board, column: str) -> Leaf:
    """The condition of a column by its key. Raises BadRequest for none that there is."""
    return months.column_of(session, board.by, column) if board.stretch is not None else boards.column_of(session, board.by, column)


def drawn(session: UserSession, board: Board) -> tuple[list[Shown], str]:
    """The columns, and what all of them hold together."""
    reader = context.reader()
    above = belongs_to(session, board.entity, board.by)
    if board.stretch is not None:
        found = months.columns(session, board.query, board.by, board.added, board.stretch)
    else:
        found = boards.columns(session, board.query, board.by, board.added, above if above in session.sight.filterable(board.entity.key) else None)
    total = columns(session, board.entity, [board.added.key])[0] if board.added is not None else None
    several = len({one.parent for one in found if one.parent is not None}) > 1
    paint = painter(board.entity, board.by, reader)
    creates = session.sight.may(board.entity.key, "create") and board.by.key in session.sight.creatable(board.entity.key)
    shown = []
    whole: dict[str, dict[str | None, Decimal]] = {}
    worths: dict[str, Worth] = {}
    for one in found:
        label = label_of(board, one.key)
        head = escape(label) if one.value is None or board.stretch is not None else paint([RowView(0, 0, {board.by.key: one.value})])[0]
        parent = boards.parent_of(session, board.by, one.parent) if several else None
        shown.append(Shown(
            one.key, Markup(head), label, parent.label.text(reader.language) if parent else "",  # noqa: S704 - painters escape what they draw
            number_text(Count(one.count, True), reader.language), _sums(board, total, one),
            _shares(total.spec, one.sums, one.worths, reader, brief=True) if total is not None else [],
            with_words(board.address("/cards"), column=one.key), _list_of(board, one), one.takes,
            one.count, _new(board, one, above) if one.takes and creates else "",
        ))
        for key, amounts in one.sums.items():
            for currency, amount in amounts.items():
                whole.setdefault(key, {})[currency] = whole.get(key, {}).get(currency, Decimal(0)) + amount
        for key, here in one.worths.items():
            worths[key] = worths[key] + here if key in worths else here
    words = [count_text(Count(sum(one.count for one in found), True), reader)]
    if total is not None:
        words += total_text(board.entity, total, whole.get(total.key), reader, worths.get(total.key))
        words += _shares(total.spec, whole, worths, reader)
    return shown, " · ".join(words)


def _shares(spec: Field, sums: Sums, worths: Mapping[str, Worth], reader: Reader, *, brief: bool = False) -> list[str]:
    """What of a sum is weighted, and by months what is won."""
    return [*won_text(spec, sums, worths, reader, brief=brief), *weighted_text(spec, sums, worths, reader, brief=brief)]


def with_words(url: str, **words: str) -> str:
    """An address with further words."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(words)}"


def more_url(board: Board, column: str, after: str | None) -> str:
    """Where the next cards of a column are, "" when there are none."""
    return with_words(board.address("/cards"), column=column, after=after) if after else ""


def _list_of(board: Board, one: BoardColumn) -> str:
    where = within(board.query, one.leaf).where
    return address(board.entity.key, board.args, where=as_json(dump(where)) if where is not None else None)


def _sums(board: Board, total: Column | None, one: BoardColumn) -> list[str]:
    return head_text(board.entity, total, one.sums.get(total.key), context.reader(), one.worths.get(total.key)) if total is not None else []


def face(session: UserSession, board: Board) -> list[Column]:
    """What a card shows: its name, and what the layout puts on its face; without that, of the list's columns the few that have a place on it."""
    title, own = board.entity.declared.title, session.sight.layout(board.entity.key).face
    readable = session.sight.readable(board.entity.key)
    keys = [key for key in dict.fromkeys((title, *(own or board.query.columns))) if key in readable and (key != board.by.key or key == title)]
    made = columns(session, board.entity, keys)
    return _placed(made) if own else [column for column in made if UNPLACED not in column.css.split()]


def _placed(made: Sequence[Column]) -> list[Column]:
    """The columns, those without a place of their own in the places that are left: figures at the right, others at the left, then in lines of their own."""
    taken = {_place(column) for column in made if UNPLACED not in column.css.split()}
    found: list[Column] = []
    for column in made:
        parts = column.css.split()
        if UNPLACED in parts:
            place = next((one for one in (AT_THE_RIGHT if column.spec.align == "end" else AT_THE_LEFT) if one not in taken), BELOW)
            taken.add(place)
            column = replace(column, css=" ".join((place, *(part for part in parts if part != UNPLACED))))
        found.append(column)
    return found


def _new(board: Board, one: BoardColumn, above: str | None) -> str:
    """The form of a new record that begins in a column."""
    day = months.day_in(one.key, None) if board.stretch is not None else None
    words = {board.by.key: str(day or one.value)} if one.value is not None else {}
    if above is not None and one.parent is not None:
        words[above] = str(one.parent)
    return with_words(f"/{board.entity.key}/new/", **words) if words else ""


def column_key(board: Board, value: Any) -> str:
    """The key of the column in which a record of this value stands."""
    if board.stretch is not None:
        return board.stretch.key_of(value if isinstance(value, date) else None)
    number = value.id if isinstance(value, Ref) else value
    return NONE if number is None or isinstance(number, Masked) else str(number)


def label_of(board: Board, column: str) -> str:
    """What a column is called."""
    reader = context.reader()
    if column == NONE:
        return render(m("(empty)"), reader.language)
    if board.stretch is None:
        return board.by.formatter(reader)(int(column))
    if column in (board.stretch.before, board.stretch.after):
        return render(m("earlier") if column == board.stretch.before else m("later"), reader.language)
    day = months.day_in(column, date.min)
    if day is None:
        return ""
    is_month = len(column) == len("2026-11")
    return period_name(periods.month(day), "month", reader.language) if is_month else str(format_date(day, "d MMMM", locale=reader.language))


def cards(session: UserSession, board: Board, query: ListQuery) -> tuple[Markup, lists.Page]:
    """A page of cards as HTML, with its rows; of these also the value by which they stand in columns."""
    made = face(session, board)
    keys = dict.fromkeys((*(column.key for column in made), board.by.key))
    page = lists.page(session, with_companions(session, board.entity, replace(query, columns=tuple(keys))))
    return Markup("".join(drawn_cards(session, board, made, page.rows))), page  # noqa: S704 - each cell is escaped where it is painted


def can_move(session: UserSession, board: Board) -> bool:
    """Whether this reader may move some record at all."""
    return board.by.in_cells and board.by.key in session.sight.editable(board.entity.key)


def drawn_cards(session: UserSession, board: Board, made: Sequence[Column], rows: Sequence[RowView]) -> list[str]:
    """The HTML of each card."""
    entity, movable, language = board.entity, can_move(session, board), context.reader().language
    marked = marks(session, entity.key, [row.id for row in rows])
    words = escape(render(m("Move"), language))
    parts = []
    painted = [painter(entity, column.spec, context.reader(), link=column.main, signed=True)(rows) for column in made]
    for row, *shown in zip(rows, *painted, strict=True):
        name = escape(lookup.title_of(entity, row.values))
        inside = "".join(f'<div class="{_place(column)}">{html}</div>' for column, html in zip(made, shown, strict=True) if html)
        menu = (
            f'<button class="b-ib b-ib-s b-card-move" type="button" data-move aria-haspopup="menu" aria-label="{words}: {name}">'
            '<svg class="b-i b-i-s" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12h.01M12 12h.01M19 12h.01"/></svg></button>'
        ) if movable else ""
        inside += drawn_marks(marked.get(row.id, ()))
        parts.append(f'<li class="b-card" data-id="{row.id}" data-v="{row.row_version}" data-name="{name}">{inside}{menu}</li>')
    return parts


def _place(column: Column) -> str:
    """The place on the card: that of the cell in a row on a phone."""
    return next((css for css in column.css.split() if css[:1] == "p" and css[1:].isdigit()), "p1")
