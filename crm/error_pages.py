"""How a refusal or a failure is answered: its status with one sentence in the reader's language, as a page, as JSON, or as a toast of htmx."""

import json
import secrets

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from crm.backoffice.database import NO_ROOM, no_room
from crm.errors import BramaError, GuardRefusal, Invalid
from crm.headers import path_without_secrets
from crm.languages import current_language
from crm.messages import Message, m, render

log = structlog.get_logger("brama.errors")

SENTENCES = {
    400: m("The request makes no sense here. Go back and try again."),
    401: m("Sign in to see this page."),
    403: m("You do not have the right to do this."),
    404: m("There is no such page."),
    405: m("This address does not answer such a request."),
    409: m("Somebody else has changed the same fields meanwhile."),
    413: m("What was sent is too large: at most 64 MB are accepted."),
    414: m("The address is too long."),
    429: m("Too many attempts. Wait a little and try again."),
    503: m("The service is busy or being repaired. Try again in a minute."),
    507: NO_ROOM,
}
TAKEN = "23505"  # PostgreSQL's code: a row with what is to be unique is there already
WAITED = frozenset({"40P01", "40001", "55P03"})  # PostgreSQL's codes: a deadlock, a serialization failure, a lock not had in time
OTHER = m("The request could not be carried out.")
CODES = {
    400: "bad_request",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    429: "too_many",
    500: "failed",
    503: "locked",
    507: "no_room",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(BramaError, refused)
    app.register_error_handler(CSRFError, expired)
    app.register_error_handler(OperationalError, unable)
    app.register_error_handler(OSError, unable)
    app.register_error_handler(IntegrityError, met)
    app.register_error_handler(InternalServerError, failed)
    app.register_error_handler(HTTPException, http)


def refused(error: BramaError) -> Response:
    """A refusal of the product: its own status and sentence."""
    if isinstance(error, GuardRefusal):
        log.error("refused by the guard", why=error.why, path=path_without_secrets(), exc_info=error)
    fields = {key: render(why, current_language()) for key, why in error.fields.items()} if isinstance(error, Invalid) else {}
    return answer(error.status, error.code, error.message, fields)


def expired(_error: CSRFError) -> Response:
    """A form without its token: the sign-in has ended, or another site sent it."""
    return answer(400, "csrf", m("The form has expired or did not come from this site. Reload the page and send it again."))


def http(error: HTTPException) -> Response:
    """What routing and Werkzeug refuse; a redirect or an answer made by hand passes unchanged."""
    status = error.code
    if status is None or status < 400 or error.response is not None:
        return make_response(error.get_response())
    response = answer(status, CODES.get(status, "refused"), SENTENCES.get(status, OTHER))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def unable(error: OperationalError | OSError) -> Response:
    """A full disk, or two who waited for each other, or one who waited too long: nothing of his was written."""
    if no_room(error):
        log.error("a disk is full", method=request.method, path=path_without_secrets(), why=str(error)[:200])
        return answer(507, CODES[507], SENTENCES[507])
    if isinstance(error, OSError):
        raise error
    if getattr(error.orig, "sqlstate", None) not in WAITED and "database is locked" not in str(error.orig):
        return failed(InternalServerError(original_exception=error))
    log.warning("the database was busy", method=request.method, path=path_without_secrets(), why=str(error.orig)[:200])
    return answer(503, CODES[503], SENTENCES[503])


def met(error: IntegrityError) -> Response:
    """Two who made the same at one time, each before the other could be seen: the later one, of whom nothing was written, may try again."""
    if getattr(error.orig, "sqlstate", None) != TAKEN and "UNIQUE constraint failed" not in str(error.orig):
        return failed(InternalServerError(original_exception=error))
    log.warning("two made the same at once", method=request.method, path=path_without_secrets(), why=str(error.orig)[:200])
    return answer(409, CODES[409], SENTENCES[409])


def failed(error: InternalServerError) -> Response:
    """A fault of ours: logged under a number that the page shows, nothing else of it."""
    number = secrets.token_hex(4)
    log.error("request failed", number=number, method=request.method, path=path_without_secrets(), exc_info=error.original_exception or error)
    return answer(500, "failed", m("Something went wrong on our side. The operator finds it in the log under number %(number)s.", number=number))


def wants_json() -> bool:
    """Whether the asker would rather have JSON than a page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def answer(status: int, code: str, message: Message, fields: dict[str, str] | None = None) -> Response:
    sentence = render(message, current_language())
    if wants_json():
        body = {"error": code, "message": sentence, **({"fields": fields} if fields else {})}
        return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if request.headers.get("HX-Request") == "true":
        toast = {"toast": {"text": sentence, "kind": "error"}}
        return Response(sentence, status, {"HX-Trigger": json.dumps(toast), "HX-Reswap": "none"}, mimetype="text/plain")
    try:
        page = render_template("error.html", status=status, code=code, message=sentence, fields=fields or {})
    except Exception as fault:
        log.error("the error page itself failed", exc_info=fault)
        return Response(sentence + "\n", status, mimetype="text/plain")
    return Response(page, status, mimetype="text/html")
