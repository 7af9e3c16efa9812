"""The small panel over a board: a move that lacks something asks for exactly that, and is then made with it in one save."""

from collections.abc import Collection

from flask import make_response, render_template, request
from flask.wrappers import Response

from crm.admin_views import board_moves, board_page
from crm.admin_views.board_page import Board
from crm.admin_views.kit import context, form_rules, forms
from crm.admin_views.kit.answers import record_number, say
from crm.admin_views.kit.forms import RecordForm
from crm.backoffice import records
from crm.backoffice.asking import Lack, lack
from crm.backoffice.checklists import tick
from crm.backoffice.guard import UserSession
from crm.backoffice.records import Values
from crm.errors import BadRequest, Conflict, Invalid
from crm.messages import m

TICK = "_tick"


def answer(session: UserSession, board: Board, record_id: int, column: str) -> Response:
    """The panel, or the move made with what was filled in. Raises NotFound, Forbidden, BadRequest."""
    target: Values = {board.by.key: board_moves.value_of(session, board, record_id, column)}
    missing = lack(session, board.entity.key, record_id, target)
    filled = _form(session, board, record_id, missing.fields)
    if request.method != "POST":
        return _panel(session, board, record_id, column, filled, missing)
    forms.read(filled, beside=(TICK,))
    if not filled.is_refused:
        try:
            for item in _ticked():
                tick(session, board.entity, record_id, item, done=True)
            version = request.form.get("row_version", "")
            saved = records.change(
                session, board.entity.key, record_id, {**forms.touched(filled), **target}, seen_version=record_number(version) if version else None,
            )
        except Invalid:
            session.rollback()
        except Conflict:
            return board_moves.met(session, board, record_id)
        else:
            return board_moves.moved(session, board, record_id, column, saved)
        # What was filled in may ask for more, or for something else.
        missing = lack(session, board.entity.key, record_id, {**forms.touched(filled), **target})
        filled = _form(session, board, record_id, missing.fields)
        forms.read(filled, beside=(TICK,))
        _explain(filled, missing)
    return _panel(session, board, record_id, column, filled, missing, 422)


def _ticked() -> list[str]:
    """The keys of the items that are ticked in the panel."""
    items = request.form.getlist(TICK)
    if any(len(item) > 64 for item in items) or len(items) > 30:
        raise BadRequest(m("There is no such item on the checklist of this stage."))
    return items


def _form(session: UserSession, board: Board, record_id: int, fields: Collection[str]) -> RecordForm:
    """The form over what is missing and what was filled in already; the column itself is not asked for."""
    posted = {key for key in (*request.form, *request.files) if key in board.entity.fields}
    return forms.form_of(session, board.entity, record_id, {*fields, *posted} - {board.by.key})


def _explain(filled: RecordForm, missing: Lack) -> None:
    """Say at each field of the panel what is wrong with it."""
    shown = {f.short_name: f for f in filled.fields}
    for key, why in missing.said:
        if key in shown:
            shown[key].errors = [*shown[key].errors, say(why)]


def _sentences(session: UserSession, board: Board, filled: RecordForm, missing: Lack) -> list[str]:
    """What is missing, but for what stands at a field of the panel or beside an item to tick; each sentence once."""
    shown, readable = {f.short_name for f in filled.fields}, session.sight.readable(board.entity.key)
    told = [say(why if not key or key in readable else board_moves.HIDDEN) for key, why in missing.said if key not in shown]
    return list(dict.fromkeys(told))


def _panel(
    session: UserSession, board: Board, record_id: int, column: str, filled: RecordForm, missing: Lack, status: int = 200,
) -> Response:
    forms.fill_chosen(session, filled)
    form_rules.follow(session, board.entity, record_id, filled.fields)
    html = render_template(
        "admin/board_ask.html", filled=filled, entity=board.entity, language=context.reader().language, column=board_page.label_of(board, column),
        again=status != 200, items=board_moves.to_tick(session, board, record_id, missing), ticked=request.form.getlist(TICK),
        said=_sentences(session, board, filled, missing), url=f"/{board.entity.key}/{record_id}/",
        action=board_page.with_words(board.address(f"/{record_id}/ask"), column=column, drawer="1"),
    )
    return make_response(html, status)
