"""Taking back what one has just done in a list: one's own batch of writes, for ten minutes."""

from datetime import UTC, datetime, timedelta
from string import hexdigits

from flask import redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import own_path
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import done, say
from crm.backoffice import journal
from crm.backoffice.taking_back import Kept
from crm.backoffice.undo import undo
from crm.errors import Forbidden, NotFound
from crm.messages import m, mn

TIME = timedelta(minutes=10)
NAMED = 5
NOTHING = m("There is nothing to undo.")


def take_back(batch: str) -> BaseResponse:
    """POST: undo the batch. Somebody else's, an old and an unknown one are all answered 404, and so is one of whose records nothing is this
    person's to see any longer; 403 when he sees them and may take back none."""
    session = context.session()
    made = journal.batch_made(session, batch) if len(batch) == 32 and set(batch) <= set(hexdigits) else None
    if made is None or made[0] != session.actor_id or datetime.now(UTC) - made[1] > TIME:
        raise NotFound(NOTHING)
    result = undo(session, batch, by_field=True)
    if not result.undone:
        if not result.kept:
            raise NotFound(NOTHING)
        if all(one.forbidden for one in result.kept):
            raise Forbidden(m("You no longer have the right to take this back."))
    session.commit()
    message = mn("%(num)s record is as before.", "%(num)s records are as before.", result.undone)
    if result.kept:
        message = m("%(undone)s Not taken back: %(kept)s", undone=message, kept="; ".join(_named(one) for one in result.kept[:NAMED]))
    response = done(message, changed=True, undone=result.undone, kept=[{"entity": k.entity, "code": k.code, "why": say(k.why)} for k in result.kept])
    return _page_or(response)


def _named(one: Kept) -> str:
    return f"{one.code}: {say(one.why)}"


def _page_or(response: Response) -> BaseResponse:
    """A form sent without scripts goes back to where it stood."""
    if request.accept_mimetypes.best == "text/html" and not request.headers.get("HX-Request"):
        return redirect(own_path(request.form.get("back")) or "/", 303)
    return response
