"""A file of a record: sent to whoever sees the field there, as something to save and never as a page of ours."""

from typing import TYPE_CHECKING

from flask import request, send_file
from flask.wrappers import Response

from crm.admin_views.kit import context
from crm.backoffice import files, lists
from crm.backoffice.fields.file import FileField
from crm.backoffice.types import FileRef
from crm.errors import NotFound, UnknownName

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SEALED = "default-src 'none'; sandbox"  # whatever is in it, it runs nothing and reaches nothing


def answer(view: "EntityView", record_id: int, key: str) -> Response:
    """The file in a field; of a picture with `?size=small` the small one. 404 outside the scope and where there is none or only its mask,
    400 for a field that is unknown, hidden or of another type."""
    session, entity = context.session(), view.entity
    spec = entity.fields.get(key)
    readable = key in session.sight.readable(entity.key)
    value = lists.record(session, entity.key, record_id, (key,) if readable else ()).values.get(key)
    if not readable or not isinstance(spec, FileField):
        raise UnknownName(key)
    if not isinstance(value, FileRef):
        raise NotFound()
    small = spec.picture and request.args.get("size") == "small" and value.small
    path = files.path_of(context.runtime().settings.files, value.small if small else value.key)
    made = send_file(path.resolve(), mimetype=value.media, as_attachment=not spec.picture, download_name=value.name)
    made.headers["Content-Security-Policy"] = SEALED
    return made
