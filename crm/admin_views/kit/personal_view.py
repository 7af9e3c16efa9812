"""What is kept about a person: to be given to him as a file, or erased for good once it was said what that touches and asked in which texts."""

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask import flash, make_response, redirect, request
from flask.wrappers import Response
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.personal_choice import answered, groups
from crm.admin_views.kit.standing import standing
from crm.backoffice import jobs
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession, user_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.personal import choosing, erasing
from crm.backoffice.personal.choosing import Choice
from crm.backoffice.personal.erasing import Touch
from crm.backoffice.personal.gathering import as_archive, gather
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import Label, m
from crm.permissions import access_now

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

JOB = "personal_erase"
TYPES = {"json": "application/json; charset=utf-8", "zip": "application/zip"}
BESIDE = {
    "seen": Label("Переглянуті записи", "Records seen"),
    "sign_ins": Label("Входи", "Sign-ins"), "links_in_letters": Label("Посилання в листах", "Links in letters"), "letters": Label("Листи", "Letters"),
}


@dataclass(frozen=True)
class Touched:
    """A line of what an erasure touches: of what, and how many."""

    label: str
    number: int


def show(view: "EntityView", record_id: int) -> BaseResponse:
    """The page; `?format=json|zip` the file; `?step=erase` what an erasure touches. 404 outside the scope and where records are no people,
    403 for who may neither export nor erase."""
    session, entity = context.session(), view.entity
    may = _may(session, entity, record_id)
    if (form := request.args.get("format", "")) != "":
        return _file(entity, record_id, form)
    if not any(may.values()):
        raise Forbidden()
    erasing_now, touch, why = request.args.get("step") == "erase", None, ""
    if erasing_now:
        try:
            touch = _touch(session, entity, record_id)
        except (Invalid, Forbidden) as refused:
            if isinstance(refused, Forbidden) and not may["erase"]:
                raise
            why = say(refused.message)
    return make_response(_page(view, record_id, may, touch=touch, why=why))


def erase(view: "EntityView", record_id: int) -> BaseResponse:
    """POST `code` and the places that were ticked: the person is erased by a job. 403 without the right, 404 outside the scope, 422 for another
    code or a reason to keep."""
    session, entity = context.session(), view.entity
    may, choice = _may(session, entity, record_id), answered()
    erasing.judge(session, entity.key, record_id)
    if request.form.get("code", "").strip() != _code(session, entity, record_id):
        why = say(m("This is not the code of the record: nothing was erased."))
        return make_response(_page(view, record_id, may, touch=_touch(session, entity, record_id), wrong=why, choice=choice), 422)
    jobs.enqueue(session, JOB, {"entity": entity.key, "record": record_id, "choice": choice.as_args()})
    session.commit()
    flash(say(m("The personal data are being erased; it takes a minute.")), "info")
    return redirect(f"/{entity.key}/{record_id}/", 303)


@job(JOB)
def work(work: Work) -> dict[str, Any]:
    """The erasure, with the rights that its person has now."""
    if work.made_by is None:
        raise NotFound()
    entity, record_id, choice = str(work.args["entity"]), int(work.args["record"]), Choice.of_args(work.args.get("choice") or {})
    places = {"instance": work.settings.instance, "kept": work.settings.files}
    with user_session(work.engine, access_now(work.engine, work.made_by, work.catalog), work.catalog, source="job") as session:
        erasing.judge(session, entity, record_id)
        choice = choosing.settled(work.engine, session, entity, record_id, choice, **places)
    done = erasing.erase(
        work.engine, work.catalog, entity, record_id, **places, jobs=work.settings.jobs_database, actor_id=work.made_by, source="job", choice=choice)
    return {"swept": done.swept}


def offered(session: UserSession, entity: Entity) -> bool:
    """Whether the card leads here."""
    return entity.is_person and (session.sight.may(entity.key, "export") or session.sight.may(entity.key, "erase"))


def _may(session: UserSession, entity: Entity, record_id: int) -> dict[str, bool]:
    standing(session, entity, record_id)
    if not entity.is_person:
        raise NotFound()
    source = session.table(entity.key)
    row = session.execute(select(source.may("export"), source.may("erase")).where(source.visible, source.id == record_id)).one()
    return {"export": bool(row[0]), "erase": bool(row[1])}


def _touch(session: UserSession, entity: Entity, record_id: int) -> Touch:
    """Whole for who sees everything, else what he sees himself."""
    here, found = context.runtime(), erasing.outlook(session, entity.key, record_id)
    instance, kept = here.settings.instance, here.settings.files
    if session.access is not None and session.access.unlimited:
        found = erasing.rehearse(here.engine, context.catalog(), entity.key, record_id, instance=instance, kept=kept)
    return replace(found, listing=choosing.listing(here.engine, session, entity.key, record_id, instance=instance, kept=kept))


def _page(
    view: "EntityView", record_id: int, may: dict[str, bool], *, touch: Touch | None = None, why: str = "", wrong: str = "", choice: Choice | None = None,
) -> str:
    session, entity = context.session(), view.entity
    title = lookup.titles(session, entity, [record_id]).get(record_id, "")
    return view.render(
        "admin/model/personal.html", entity=entity, title=title, back=f"/{entity.key}/{record_id}/", may=may, touch=touch, why=why, wrong=wrong,
        rows=_rows(session, touch) if touch else [], groups=groups(touch.listing, choice or Choice()) if touch else [], code=_code(session, entity, record_id),
    )


def _rows(session: UserSession, touch: Touch) -> list[Touched]:
    language = context.reader().language
    entities = session.catalog.entities
    found = [Touched(entities[key].plural.text(language), number) for key, number in touch.rows.items()]
    if touch.journal:
        found.append(Touched(say(m("Rows of the journal")), touch.journal))
    found += [Touched(BESIDE[key].text(language) if key in BESIDE else key, number) for key, number in touch.beside.items() if number]
    tables = {e.table.name: e for e in entities.values()}
    others = 0
    for place, number in touch.mentions.items():
        table, _, column = place.partition(".")
        spec = next((f for _, f in tables[table].in_columns() if f.attribute == column), None) if table in tables else None
        if spec is None:
            others += number
        else:
            kind, field = tables[table].plural.text(language), spec.label.text(language)
            found.append(Touched(say(m("Named in “%(field)s”: %(kind)s", field=field, kind=kind)), number))
    if others:
        found.append(Touched(say(m("Named elsewhere: journal, jobs, imports")), others))
    if touch.files:
        found.append(Touched(say(m("Files, letters, imports")), touch.files))
    return found


def _code(session: UserSession, entity: Entity, record_id: int) -> str:
    if "code" not in session.sight.filterable(entity.key):
        return str(record_id)
    source = session.table(entity.key)
    return str(session.execute(select(source["code"]).where(source.visible, source.id == record_id)).scalar())


def _file(entity: Entity, record_id: int, form: str) -> Response:
    """In a session of its own: that it was given is journaled before it is."""
    if form not in TYPES:
        raise BadRequest(m("“%(format)s” is no format of a file; %(known)s are.", format=form[:20], known=", ".join(TYPES)))
    here = context.runtime()
    with user_session(here.engine, context.access(), context.catalog(), write=True, reader=context.reader()) as session:
        gathered = gather(session, entity.key, record_id)
        session.commit()
        context.session().sight.sensitive |= session.sight.sensitive
    out = io.BytesIO(gathered.as_json().encode())
    if form == "zip":
        out = io.BytesIO()
        as_archive(gathered, here.settings.files, out)
    made = make_response(out.getvalue())
    made.headers["Content-Type"] = TYPES[form]
    made.headers["Content-Disposition"] = f'attachment; filename="{entity.key}-{record_id}.{form}"'
    return made
