"""`/<entity>/<number>/checklist`: an item of the checklist of the stage is ticked, or the tick is taken back."""

from typing import TYPE_CHECKING

from flask import redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context
from crm.backoffice.checklists import tick

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


def answer(view: "EntityView", record_id: int) -> BaseResponse:
    """`done` or `open` names the item. Raises NotFound, Forbidden."""
    done = "done" in request.form
    session = context.session()
    tick(session, view.entity, record_id, request.form.get("done" if done else "open", "")[:64], done=done)
    session.commit()
    return redirect(f"/{view.entity.key}/{record_id}/#checklist", 303)
