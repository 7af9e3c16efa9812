"""A move of a card as its script hears of it: the card and the heads as they are now, or why not, and where it stands instead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import jsonify, render_template, request
from flask.wrappers import Response

from crm.admin_views import board_page
from crm.admin_views.board_page import Board
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import done, record_number, say
from crm.backoffice import boards, lists, months, records
from crm.backoffice.asking import Lack, lack
from crm.backoffice.conditions.tree import Leaf, Node
from crm.backoffice.fields.base import Ref
from crm.backoffice.grouped import within
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Masked
from crm.backoffice.records import Saved
from crm.backoffice.stage_rules import rules_of
from crm.errors import Conflict, Invalid
from crm.messages import Message, m

BY = "updated_by"
HIDDEN = m("A field that you may not see does not accept this.")


def move(session: UserSession, board: Board, record_id: int, column: str) -> Response:
    """Give the record the value of a column. Raises NotFound, Forbidden, BadRequest; a rule's refusal and a colleague's move are answers."""
    value = value_of(session, board, record_id, column)
    version = request.form.get("row_version")
    seen = record_number(version) if version else None
    try:
        saved = records.change(session, board.entity.key, record_id, {board.by.key: value}, seen_version=seen)
    except Invalid as refused:
        return _refused(session, board, record_id, column, refused)
    except Conflict:
        return met(session, board, record_id)
    return moved(session, board, record_id, column, saved)


def value_of(session: UserSession, board: Board, record_id: int, column: str) -> int | date | None:
    """The value that a record takes in a column; in a month its own day of the month, as far as that has it. Raises BadRequest for no such column,
    NotFound."""
    if board.stretch is not None:
        now = lists.record(session, board.entity.key, record_id, [board.by.key]).values.get(board.by.key)
        return months.day_in(column, now if isinstance(now, date) else None)
    return None if boards.column_of(session, board.by, column).op == "empty" else int(column)


def moved(session: UserSession, board: Board, record_id: int, column: str, saved: Saved) -> Response:
    """What a move has made: committed, and told with its undo."""
    told = state(session, board, record_id)
    name = lookup.titles(session, board.entity, [record_id]).get(record_id, "")
    batch = session.batch
    session.commit()
    message = m("“%(name)s” moved to “%(column)s”.", name=name, column=board_page.label_of(board, column))
    del told["labels"]
    return done(message, undo=batch, quiet=not saved.changed, id=record_id, row_version=saved.row_version, said=say(message), **told)


def met(session: UserSession, board: Board, record_id: int) -> Response:
    """Somebody else has moved it meanwhile: who, as far as the reader may know, and where it stands now."""
    session.rollback()
    told = state(session, board, record_id)
    labels, column = told.pop("labels"), told["column"]
    keys = [key for key in (BY, *board.entity.named_by(context.reader().language)) if key in session.sight.readable(board.entity.key)]
    values = lists.record(session, board.entity.key, record_id, keys).values
    who, name = values.get(BY), lookup.title_of(board.entity, values)
    named = who.text if isinstance(who, Ref) else None
    if column not in labels:
        message = m("Somebody else has changed “%(name)s” meanwhile. It no longer stands on this board.", name=name)
    elif named:
        message = m("%(who)s has moved “%(name)s” to “%(column)s” meanwhile.", who=named, name=name, column=labels[column])
    else:
        message = m("Somebody else has moved “%(name)s” to “%(column)s” meanwhile.", name=name, column=labels[column])
    answer = jsonify(error="conflict", id=record_id, message=say(message), said=say(message), conflict=True, **told)
    answer.status_code = 409
    return answer


def state(session: UserSession, board: Board, record_id: int) -> dict[str, Any]:
    """The card of a record (None: it is not on the board) with the key of its column, the heads of all columns, what the board holds; `labels` are the
    names of the columns."""
    query = replace(board.query, where=_only(board, record_id), sort=(("id", False),), after=None, size=1)
    html, page = board_page.cards(session, board, query)
    shown, whole = board_page.drawn(session, board)
    return {
        "card": str(html) if page.rows else None, "column": board_page.column_key(board, page.rows[0].values.get(board.by.key)) if page.rows else None,
        "heads": heads(shown), "whole": whole, "labels": {one.key: one.label for one in shown},
    }


def heads(shown: list[board_page.Shown]) -> dict[str, str]:
    """The heads of columns as HTML, by key."""
    return {one.key: render_template("admin/board_head.html", c=one) for one in shown}


def _only(board: Board, record_id: int) -> Node | None:
    return within(board.query, Leaf(("id",), "eq", record_id)).where


def _refused(session: UserSession, board: Board, record_id: int, column: str, refused: Invalid) -> Response:
    """Why a move is refused; where some of it can be filled in at once, the address that asks for it."""
    told = _known(session, board, dict(refused.fields))
    message = next(iter(told.values()), HIDDEN if refused.fields else refused.message)
    session.rollback()
    missing = lack(session, board.entity.key, record_id, {board.by.key: value_of(session, board, record_id, column)})
    body: dict[str, Any] = {"error": "invalid", "message": say(message), "fields": {key: say(why) for key, why in told.items()}}
    if can_be_given(session, board, missing):
        body["ask"] = board_page.with_words(board.address(f"/{record_id}/ask"), column=column)
    answer = jsonify(body)
    answer.status_code = 422
    return answer


def _known(session: UserSession, board: Board, said: Mapping[str, Message]) -> dict[str, Message]:
    """What rules say, but for what they say at fields that this reader may not know."""
    readable = session.sight.readable(board.entity.key)
    return {key: why for key, why in said.items() if not key or key in readable}


def can_be_given(session: UserSession, board: Board, missing: Lack) -> bool:
    """Whether some of what is missing is a field that this reader may fill in on some record, or an item that he may tick."""
    editable = session.sight.editable(board.entity.key)
    return bool(missing.items) or any(key in editable for key in missing.fields if key != board.by.key)


def to_tick(session: UserSession, board: Board, record_id: int, missing: Lack) -> list[tuple[str, str]]:
    """The items of the checklist that are missing: key and label."""
    if not missing.items:
        return []
    stands = lists.record(session, board.entity.key, record_id, [board.by.key]).values.get(board.by.key)
    number = stands.id if isinstance(stands, Ref) else 0 if isinstance(stands, Masked) else stands or 0
    language = context.reader().language
    return [(one.key, one.label.text(language)) for one in rules_of(session.catalog, number).checklist if one.key in missing.items]
