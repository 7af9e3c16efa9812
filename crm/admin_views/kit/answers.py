"""Answers to scripts: JSON with what changed, and in its head what the page shall say (a toast, with an undo for ten minutes)."""

import json
from typing import Any

from flask import jsonify, request
from flask.wrappers import Response

from crm.admin_views.kit import context
from crm.backoffice.outside import sound
from crm.errors import BadRequest
from crm.messages import Message, m, render

MAX_JSON = 2_000_000


def say(message: Message) -> str:
    """The sentence in the language of this request's reader."""
    return render(message, context.reader().language)


def done(message: Message, *, undo: str = "", status: int = 200, changed: bool = False, quiet: bool = False, **data: Any) -> Response:
    """A success: `data` as JSON, the sentence as a toast. `undo` is the batch that may be taken back; `changed` tells the list to load anew."""
    answer = jsonify(**data)
    answer.status_code = status
    toast: dict[str, str] = {"text": say(message), "kind": "success"}
    if undo:
        toast["undo_url"] = f"/undo/{undo}"
    events: dict[str, Any] = {} if quiet else {"toast": toast}
    if changed:
        events["listChanged"] = True
    if events:
        answer.headers["HX-Trigger"] = json.dumps(events)
    return answer


def posted_json() -> dict[str, Any]:
    """The posted JSON object. Raises BadRequest for anything else, or too much of it."""
    if (request.content_length or 0) > MAX_JSON:
        raise BadRequest(m("What was sent is too large."))
    try:
        body = sound(request.get_json(silent=True))
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest(m("A JSON object is expected here."))
    return body


def record_number(raw: Any) -> int:
    """A record's number in a posted body. Raises BadRequest."""
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not (isinstance(raw, int) or (raw.isascii() and raw.isdecimal() and len(raw) <= 10)):
        raise BadRequest(m("The number of a record is expected here."))
    number = int(raw)
    if not 0 < number < 2**31:
        raise BadRequest(m("The number of a record is expected here."))
    return number
