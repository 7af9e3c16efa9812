"""What a board that stands open hears of others: cards that were changed, came or went, each with its column and its place there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import jsonify, request
from flask.wrappers import Response

from crm.admin_views import board_moves, board_page
from crm.admin_views.board_page import Board
from crm.admin_views.kit.columns import with_companions
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.grouped import within
from crm.backoffice.guard import UserSession
from crm.backoffice.hearing import NEWS, SHOWN, heard
from crm.errors import BadRequest
from crm.messages import m


def answer(session: UserSession, board: Board) -> Response:
    """`{"at"}` when nothing is new; else also `cards` (id, version, column, HTML, before which and after which card it stands), `gone` and the heads,
    or `anew` where too much is. Raises BadRequest."""
    told = heard(session, board.query, _shown(request.args.get("shown", "")), _moment(request.args.get("since", "")))
    body: dict[str, Any] = {"at": told.at.isoformat()}
    if told.many:
        body["anew"] = True
    elif not told.is_nothing:
        columns, whole = board_page.drawn(session, board)
        body |= {"cards": _cards(session, board, told.changed), "gone": told.gone, "heads": board_moves.heads(columns), "whole": whole}
    return jsonify(body)


def _cards(session: UserSession, board: Board, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
    if not numbers:
        return []
    query = replace(within(board.query, Leaf(("id",), "in", list(numbers))), after=None, size=NEWS)
    made = board_page.face(session, board)
    keys = tuple(dict.fromkeys((*(column.key for column in made), board.by.key)))
    page = lists.page(session, with_companions(session, board.entity, replace(query, columns=keys)))
    found = []
    for row, html in zip(page.rows, board_page.drawn_cards(session, board, made, page.rows), strict=True):
        column = board_page.column_key(board, row.values.get(board.by.key))
        before, after = lists.neighbours(session, within(board.query, board_page.leaf_of(session, board, column)), row.id)
        found.append({"id": row.id, "v": row.row_version, "column": column, "html": html, "after": before, "before": after})
    return found


def _shown(text: str) -> Mapping[int, int]:
    """`12.3,17.1`: number and version of each card. Raises BadRequest."""
    found: dict[int, int] = {}
    for part in text.split(",") if text else ():
        number, _, version = part.partition(".")
        if not all(one.isascii() and one.isdecimal() and len(one) <= 10 for one in (number, version)):
            raise BadRequest(m("The number of a record is expected here."))
        found[min(int(number), 2**31 - 1)] = int(version)
    if len(found) > SHOWN:
        raise BadRequest(m("What was sent is too large."))
    return found


def _moment(text: str) -> datetime | None:
    """When it was asked last, None where the text is no moment."""
    try:
        at = datetime.fromisoformat(text) if len(text) <= 40 else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
