"""`/rights/…`: roles, the matrix of one, and the form of its rules about one kind of record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask.wrappers import Response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from crm.additions import unseen
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import done, say
from crm.admin_views.rights import compare, rule_form, watching, who
from crm.admin_views.rights.door import entity_of, keeper, reading, role_of
from crm.admin_views.rights.holders import holders
from crm.admin_views.rights.matrix import heads, matrix
from crm.admin_views.rights.rehearsal_words import Told, told
from crm.admin_views.rights.roles_list import roles
from crm.backoffice.access import parse_rule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession, system_session
from crm.errors import BadRequest, Conflict, Forbidden
from crm.messages import Message, m
from crm.rights.rehearsal import rehearse
from crm.rights.roles import MOST_RULES, Raw, RoleRules, judge, save, take_back

pages = Blueprint("rights", __name__, url_prefix="/rights")
ROLE = "/role/<int(min=1, max=2147483647):role_id>/"
Answer = BaseResponse | str


@pages.get("/")
def index() -> Answer:
    """The roles that this person sees."""
    session = context.session()
    keeper(session)
    return render_template("admin/rights/index.html", roles=roles(session), unseen=_unseen(session))


def _unseen(session: UserSession) -> list[tuple[str, str]]:
    """The kinds of records that nobody sees but the owner, for him: key and name."""
    if session.access is None or not session.access.unlimited:
        return []
    with system_session(context.runtime().engine, "what no role names", session.catalog, source="ui", actor_id=session.actor_id) as system:
        return [(kind.key, kind.plural.text(session.reader.language)) for kind in unseen(system) if kind.is_record]


@pages.get(ROLE)
def show(role_id: int) -> Answer:
    """A role at a glance."""
    session = context.session()
    role, refusal = role_of(session, role_id)
    return _page(session, role, refusal)


@pages.get(ROLE + "<entity>/")
def unfolded(role_id: int, entity: str) -> Answer:
    """The rules of a role about one kind of record: the part alone for a script, otherwise the page with it unfolded."""
    session = context.session()
    role, refusal = role_of(session, role_id)
    kind = entity_of(session, entity)
    part = _form(session, role, kind, [(str(n), raw) for n, raw in enumerate(role.of(kind.key))], refusal)
    return part if request.headers.get("HX-Request") else _page(session, role, refusal, kind.key, part)


@pages.post(ROLE + "<entity>/")
def change(role_id: int, entity: str) -> Answer:
    """One step of the form: drawn anew, with a rule more or less; rehearsed; saved once rehearsed."""
    step = request.form.get("step", "draw")
    with reading() as session:
        role, refusal = role_of(session, role_id)
        kind = entity_of(session, entity)
        if refusal is not None:
            raise Forbidden(refusal)
        given = rule_form.posted(session, kind, role.code, role.of(kind.key), request.form)
        if request.form.get("mark") != role.mark(kind.key):
            raise Conflict("role", role_id, ("rules",))
        if step not in ("check", "save"):
            return _form(session, role, kind, _stepped(step, kind, given), None)
        new = role.with_rules(kind.key, [raw for _, raw in given])
        judge(session, session.sight, role, new)
        # Nothing is saved of which the one who saves has not been shown what it does.
        if step == "check" or request.form.get("checked") != new.mark(kind.key):
            return _form(session, role, kind, given, None, checked=new.mark(kind.key), rehearsal=_rehearsed(session, role, new), same=new.rules == role.rules)
    return _saved(role, {kind.key: [raw for _, raw in given]}, f"{kind.key}/")


@pages.post(ROLE + "together")
def change_together(role_id: int) -> Answer:
    """The forms of several kinds of record (`part-<entity>`, each as it would be posted), rehearsed as one change and saved as one version."""
    with reading() as session:
        role, refusal = role_of(session, role_id)
        if refusal is not None:
            raise Forbidden(refusal)
        parts = {key.removeprefix("part-"): MultiDict(parse_qsl(text, keep_blank_values=True)) for key, text in request.form.items() if key.startswith("part-")}
        kinds = [entity_of(session, key) for key in parts]
        if not kinds:
            raise BadRequest(m("This form is of other rules. Reload the page."))
        given: dict[str, list[Raw]] = {}
        for kind in kinds:
            if parts[kind.key].get("mark") != role.mark(kind.key):
                raise Conflict("role", role_id, ("rules",))
            given[kind.key] = [raw for _, raw in rule_form.posted(session, kind, role.code, role.of(kind.key), parts[kind.key])]
        new = role.with_all(given)
        judge(session, session.sight, role, new)
        checked = new.mark(*given)
        if request.form.get("step") != "save" or request.form.get("checked") != checked:
            return render_template(
                "admin/rights/together.html", kinds=[kind.plural.text(session.reader.language) for kind in kinds], checked=checked,
                rehearsal=_rehearsed(session, role, new), same=new.rules == role.rules,
            )
    return _saved(role, given)


def _saved(role: RoleRules, given: Mapping[str, Sequence[Raw]], unfolded: str = "") -> Answer:
    """Saves what was rehearsed, and leads to the role."""
    applied = save(context.runtime().engine, context.catalog(), context.access().user_id, role.id, given, role.mark(*given))
    here = f"/rights/role/{role.id}/{unfolded}"
    if applied.changes:
        flash(say(m("Saved: version %(version)s of the configuration", version=applied.version)), f"success undo=/rights/role/{role.id}/undo/{applied.version}")
    if request.headers.get("HX-Request"):
        return Response("", 204, {"HX-Redirect": here})
    return redirect(here, 303)


@pages.post(ROLE + "undo/<int(min=1, max=2147483647):version>")
def undo(role_id: int, version: int) -> Answer:
    """Bring back the rules as they were before one's own last change of the role."""
    with reading() as session:
        _, refusal = role_of(session, role_id)
        if refusal is not None:
            raise Forbidden(refusal)
    applied = take_back(context.runtime().engine, context.catalog(), context.access().user_id, role_id, version)
    return done(m("The rules are as before."), version=applied.version)


@pages.get("/compare/")
def compared() -> Answer:
    """Two roles or two people side by side."""
    return compare.page()


@pages.get("/who/<entity>/<int(min=1, max=2147483647):record_id>/")
def who_can_see(entity: str, record_id: int) -> Answer:
    """Who sees a record, and how its fields show to each."""
    return who.page(entity, record_id)


@pages.get("/as/<int(min=1, max=2147483647):user_id>/")
def ask_to_watch(user_id: int) -> Answer:
    """What it means to look with a person's eyes, and the question why."""
    return watching.ask(user_id)


@pages.post("/as/<int(min=1, max=2147483647):user_id>/")
def watch(user_id: int) -> Answer:
    """Look with a person's eyes from now on."""
    return watching.begin(user_id, request.form.get("reason", ""))


@pages.post("/as/end")
def stop_watching() -> Answer:
    """Back to one's own."""
    return watching.end()


def _rehearsed(session: UserSession, role: RoleRules, new: RoleRules) -> Told | None:
    found = rehearse(context.runtime().engine, session.catalog, role.id, role.code, new.parsed, asker=session.sight)
    return told(found, session.catalog, session.reader.language) if found is not None else None


def _stepped(step: str, kind: Entity, given: list[tuple[str, Raw]]) -> list[tuple[str, Raw]]:
    if step in ("add", "deny"):
        return [*given, ("", rule_form.begun(kind, step == "deny"))]
    if step.startswith("drop-"):
        place = step.removeprefix("drop-")
        if not (place.isascii() and place.isdecimal() and len(place) < 3 and int(place) < len(given)):
            raise BadRequest(m("This form is of other rules. Reload the page."))
        return [one for n, one in enumerate(given) if n != int(place)]
    return given


def _form(session: UserSession, role: RoleRules, kind: Entity, given: list[tuple[str, Raw]], refusal: Message | None, **words: Any) -> str:
    rules = [(was, replace(parse_rule(role.code, 0, raw, session.catalog.saved), number=n)) for n, (was, raw) in enumerate(given)]
    return render_template(
        "admin/rights/rules.html", role=role, kind=kind, rules=rule_form.shown(session, kind, role.parsed, rules), mark=role.mark(kind.key),
        refusal=say(refusal) if refusal is not None else "", base=f"/{kind.key}/", here=f"/rights/role/{role.id}/{kind.key}/", most=MOST_RULES,
        changed=[raw for _, raw in given] != list(role.of(kind.key)), **words,
    )


def _page(session: UserSession, role: RoleRules, refusal: Message | None, unfolded: str = "", part: str = "") -> Response:
    language = session.reader.language
    return make_response(render_template(
        "admin/rights/role.html", role=role, title=role.label.text(language), heads=heads(language), groups=matrix(session, role),
        refusal=say(refusal) if refusal is not None else "", unfolded=unfolded, part=part, holders=holders(session, role.id),
    ))
