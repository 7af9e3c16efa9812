"""`/<entity>/import/…`: a file comes in, is mapped, tried and written."""

from dataclasses import replace
from pathlib import Path

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from crm.admin_views.imports import form as forms, origins, past, receiving, trying, work
from crm.admin_views.imports.access import importable
from crm.admin_views.imports.answers import Answer, ended, send_error_file
from crm.admin_views.imports.page import is_stale, mapping_part, page_of, profile_of, progress_of, result_of, running_job, tally_of
from crm.admin_views.imports.words import size_words
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice import files
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import row_log, uploads
from crm.backoffice.exchange.binding import bind
from crm.backoffice.exchange.mapping import MAX_MAPPING, FileForm, Mapping, MappingFault, load_mapping
from crm.backoffice.exchange.mapping_text import as_yaml
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.table import BROWSER_LIMIT, MEGABYTE
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.backoffice.jobs import enqueue
from crm.errors import BadRequest, BramaError
from crm.languages import current_language
from crm.messages import Message, m, mn

pages = Blueprint("imports", __name__)


# --- a file comes in -----------------------------------------------------------------------------------------------


@pages.get("/<entity>/import/")
def start(entity: str) -> Answer:
    return _start(importable(entity))


@pages.post("/<entity>/import/")
def bring(entity: str) -> Answer:
    """Keep the file, look at it, suggest a mapping, try it. A file that cannot be read is kept no more."""
    kind = importable(entity)
    given, text = request.files.get("file"), request.form.get("mapping", "")
    if given is None or not given.filename:
        return _start(kind, m("Choose a file."), text)
    name = given.filename.replace("\\", "/").rpartition("/")[2][:255]
    folder = context.runtime().settings.files
    kept = files.keep(folder, given.stream, limit=BROWSER_LIMIT)
    given.close()  # a large one lies in a temporary file of the server until then
    brought, fault = _brought(text)
    try:
        seen = receiving.look(files.path_of(folder, kept.key), brought.file if brought is not None else FileForm(), name)
    except BramaError as refused:
        files.remove(folder, kept.key)
        return _start(kind, refused.message, text)
    session = context.session()
    notes: tuple[Message, ...] = ()
    adopted = receiving.first_mapping(session, kind, seen, brought.file if brought is not None else FileForm())
    if brought is not None:
        try:
            adopted = receiving.adopt(session, kind, seen, brought)
            notes = adopted.notes
        except BramaError as refused:
            fault = refused.message
    source = origins.recognised(session, kind, [column.name for column in seen.columns], seen.format) if brought is None else None
    upload = uploads.add(session, kind.key, kept, name, adopted.mapping, seen, adopted.why, source)
    uploads.sweep(session, folder)
    if fault is not None:
        session.commit()
        return page_of(session, kind, upload, fault=fault, yaml=text), 422
    upload = trying.ask(session, upload)
    for note in notes:
        flash(say(note), "info")
    return _go_on(upload)


@pages.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Answer:
    """What was sent is beyond the limit of all requests."""
    entity = (request.view_args or {}).get("entity", "")
    sentence = m("The file is too large: at most %(limit)s MB are accepted.", limit=BROWSER_LIMIT // MEGABYTE)
    if not current_user.is_authenticated or entity not in context.catalog().entities:
        return say(sentence), 413
    return _start(importable(entity), sentence, status=413)


def _brought(text: str) -> tuple[Mapping | None, Message | None]:
    """A mapping that came with the file, or what is wrong with it."""
    if not text.strip():
        return None, None
    try:
        return load_mapping(text), None
    except BramaError as refused:
        return None, refused.message


def _start(kind: Entity, fault: Message | None = None, mapping: str = "", *, status: int = 0) -> Answer:
    language = current_language()
    page = render_template(
        "admin/import/start.html", entity=kind, title=kind.plural.text(language), fault=say(fault) if fault is not None else "", mapping=mapping,
        limit=BROWSER_LIMIT, limit_words=say(size_words(BROWSER_LIMIT)), lately=_lately(kind),
    )
    return page, status or (422 if fault is not None else 200)


def _lately(kind: Entity) -> list[past.Started]:
    session = context.session()
    return [one for one in past.started(session, uploads.unfinished(session)) if one.url.startswith(f"/{kind.key}/import/")][:3]


# --- mapping and trial ---------------------------------------------------------------------------------------------


@pages.get("/<entity>/import/<key>/")
def show(entity: str, key: str) -> Answer:
    kind, session = importable(entity), context.session()
    upload = uploads.find(session, key, kind.key)
    if upload.batch is not None:
        return redirect(f"/imports/{upload.batch}/")
    return page_of(session, kind, upload)


@pages.post("/<entity>/import/<key>/")
def change(entity: str, key: str) -> Answer:
    """`step=try` saves the posted mapping and tries it, `file` reads the file another way, `yaml` takes a whole mapping, `source` that of a source;
    `keep` makes the mapping a source, `drop` forgets it."""
    kind, session = importable(entity), context.session()
    upload = trying.open_upload(session, kind, key)
    step = request.form.get("step", "try")
    try:
        notes: tuple[Message, ...] = ()
        if step == "yaml":
            upload, notes = _by_yaml(session, kind, upload)
        elif step == "file":
            upload = _read_anew(session, kind, upload)
        elif step == "source":
            upload = origins.choose(session, kind, upload, request.form.get("source", ""))
        elif step in ("keep", "drop"):
            return _keep(session, kind, upload, step)
        else:
            mapping = forms.mapping_of(session, kind, upload, profile_of(upload), request.form)
            _check(session, kind, upload, mapping)
            upload = uploads.change(session, upload, mapping=mapping, why=_settled(upload, mapping))
        upload = trying.ask(session, upload)
    except BramaError as refused:
        session.rollback()
        return _refused(session, kind, key, refused)
    for note in notes:
        flash(say(note), "info")
    return _go_on(upload)


@pages.post("/<entity>/import/<key>/form")
def redraw(entity: str, key: str) -> Answer:
    """The form anew for what is chosen in it now; nothing is saved."""
    kind, session = importable(entity), context.session()
    upload = trying.open_upload(session, kind, key)
    try:
        mapping = forms.mapping_of(session, kind, upload, profile_of(upload), request.form)
    except BramaError as refused:
        return _refused(session, kind, key, refused)
    drawn = replace(upload, mapping=mapping, why=_settled(upload, mapping))
    added = request.form.get("add-default", "")
    return render_template("admin/import/mapping.html", **mapping_part(session, kind, drawn, added))


@pages.get("/<entity>/import/<key>/state")
def state(entity: str, key: str) -> Answer:
    """How far the trial or the writing is, for a page that asks again and again; the page is loaded anew when it has ended."""
    session = context.session()
    upload = uploads.find(session, key, importable(entity).key)
    job = running_job(upload)
    if job is None:
        return ended()
    return render_template("admin/import/progress.html", **progress_of(job), url=f"/{entity}/import/{key}/state")


@pages.post("/<entity>/import/<key>/run")
def run(entity: str, key: str) -> Answer:
    """Ask for the writing of what was tried. Raises Conflict when it was not tried so, or not with these rights."""
    kind, session = importable(entity), context.session()
    upload = trying.open_upload(session, kind, key)
    result = result_of(upload.trial_job)
    if result is None or not upload.is_tried or is_stale(result):
        return _refused(session, kind, key, BadRequest(m("The mapping or your rights have changed since the trial. Try again first.")))
    partial = request.form.get("partial") == "1"
    now = tally_of(session, upload)
    failed = now.failed if now is not None else int(result["counts"]["failed"])
    if failed and not partial:
        rows = mn("%(num)s row fails.", "%(num)s rows fail.", failed)
        return _refused(session, kind, key, BadRequest(m("%(rows)s Mend what is wrong, or tick that the good rows are enough.", rows=rows)))
    job = enqueue(session, work.RUN, {"upload": upload.key, "partial": partial, "language": current_language()})
    uploads.change(session, upload, run_job=job)
    session.commit()
    return _go_on(upload)


@pages.post("/<entity>/import/<key>/forget")
def forget(entity: str, key: str) -> Answer:
    kind, session = importable(entity), context.session()
    uploads.forget(session, trying.open_upload(session, kind, key), context.runtime().settings.files)
    session.commit()
    flash(say(m("The file is forgotten.")), "success")
    return redirect(f"/{kind.key}/import/", 303)


@pages.get("/<entity>/import/<key>/mapping.yaml")
def mapping_file(entity: str, key: str) -> Answer:
    kind = importable(entity)
    upload = uploads.find(context.session(), key, kind.key)
    answer = make_response(as_yaml(upload.mapping))
    answer.headers["Content-Type"] = "application/yaml; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind.key}.yaml"'
    return answer


@pages.get("/<entity>/import/<key>/errors.csv")
def trial_errors(entity: str, key: str) -> Answer:
    """Every row that the last trial, or a refused import, found wrong."""
    kind = importable(entity)
    upload = uploads.find(context.session(), key, kind.key)
    result = result_of(upload.run_job) or result_of(upload.trial_job)
    return send_error_file(result["error_file"] if result is not None else None)


def _keep(session: UserSession, kind: Entity, upload: Upload, step: str) -> Response:
    if step == "keep":
        upload, source = origins.keep(session, kind, upload, request.form.get("name", ""), shared=request.form.get("shared") == "1")
        told = m("The source “%(name)s” is kept, version %(number)s.", name=source.name, number=source.version)
    else:
        upload, told = origins.forget(session, kind, upload), m("The source is forgotten.")
    session.commit()
    flash(say(told), "success")
    return _go_on(upload)


def _check(session: UserSession, kind: Entity, upload: Upload, mapping: Mapping) -> None:
    """Raises what would stop every import with this mapping, before any job is asked for."""
    receiving.check_names(session, kind, mapping)
    table = open_file(_path(upload), mapping.file, name=upload.file_name, limit=BROWSER_LIMIT)
    bind(table, kind, mapping, session.sight)


def _path(upload: Upload) -> Path:
    return files.path_of(context.runtime().settings.files, upload.file_key)


def _settled(upload: Upload, mapping: Mapping) -> dict[str, str]:
    """Where targets come from: what a person has changed is his, and no doubt any more."""
    columns, before = mapping.columns or {}, upload.mapping.columns or {}
    return {name: why if columns.get(name) == before.get(name) else "used" for name, why in upload.why.items()}


def _by_yaml(session: UserSession, kind: Entity, upload: Upload) -> tuple[Upload, tuple[Message, ...]]:
    text = request.form.get("yaml", "")
    if len(text) > MAX_MAPPING or not text.strip():
        raise MappingFault(m("The mapping is empty or no list of keys and values."))
    given = load_mapping(text)
    seen = receiving.look(_path(upload), given.file, upload.file_name)
    row_log.forget(session, [upload.id])
    adopted = receiving.adopt(session, kind, seen, given)
    return uploads.change(session, upload, mapping=adopted.mapping, profile=seen, why=adopted.why), adopted.notes


def _read_anew(session: UserSession, kind: Entity, upload: Upload) -> Upload:
    form = forms.file_form(request.form, upload.mapping.file)
    seen = receiving.look(_path(upload), form, upload.file_name)
    row_log.forget(session, [upload.id])
    adopted = receiving.first_mapping(session, kind, seen, form, before=upload.mapping)
    return uploads.change(session, upload, mapping=adopted.mapping, profile=seen, why=adopted.why)


def _go_on(upload: Upload) -> Response:
    """To the page of the upload, for forms sent by scripts and without."""
    url = f"/{upload.entity}/import/{upload.key}/"
    if request.headers.get("HX-Request") == "true":
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url, 303)


def _refused(session: UserSession, kind: Entity, key: str, refused: BramaError) -> Answer:
    """The sentence in its place; what was typed stays on the page, or comes back with it."""
    if request.headers.get("HX-Request") == "true":
        answer = make_response(render_template("admin/import/fault.html", fault=say(refused.message)), 422)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#import-fault", "innerHTML"
        return answer
    return page_of(session, kind, uploads.find(session, key, kind.key), fault=refused.message, yaml=request.form.get("yaml", "")), 422
