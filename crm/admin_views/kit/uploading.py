"""Files that a form brings: kept at once, so that a form that is refused for another reason need not bring them again."""

from dataclasses import asdict
from typing import Any

from flask import current_app
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage

from crm.admin_views.kit import context
from crm.backoffice import attachments
from crm.backoffice.fields.base import FieldError, Reader
from crm.backoffice.fields.file import FileField
from crm.backoffice.types import FileRef
from crm.messages import m, render

ACCEPTED = "image/png,image/jpeg,image/gif,image/webp"
REMOVE = "remove"
REMEMBERED = 24 * 3600  # seconds for which what was sent and not saved may be posted again


def taken(spec: FileField, posted: list[Any], before: Any, reader: Reader) -> tuple[FileRef | None, str, str]:
    """The file that a field has after what was `posted` (files and words): it, its key, and the word that stands for a new one in the
    next post. Nothing chosen leaves what was there `before`. Raises ValueError with the sentence for the person."""
    brought = next((one for one in posted if isinstance(one, FileStorage) and one.filename), None)
    words = [one for one in posted if isinstance(one, str) and one]
    if brought is not None:
        try:
            ref = attachments.take(context.runtime().settings.files, brought.stream, brought.filename or "", spec)
        except FieldError as refused:
            raise ValueError(render(refused.message, reader.language)) from refused
        return ref, ref.key, _signer(spec).dumps(asdict(ref))
    if REMOVE in words:
        return None, "", ""
    if words:
        try:
            ref = FileRef(**_signer(spec).loads(words[-1], max_age=REMEMBERED))
        except (BadData, TypeError) as wrong:
            raise ValueError(render(m("Choose the file once more."), reader.language)) from wrong
        return ref, ref.key, words[-1]
    return before, before.key if isinstance(before, FileRef) else "", ""


def _signer(spec: FileField) -> URLSafeTimedSerializer:
    """Only who sent a file may save it, and only in the kind of field that it was judged for."""
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"file:{current_user.get_id()}:{spec.type}:{spec.most}")
