"""Views kept, changed, starred, opened first, shared and forgotten. What is one's own is written in one's own session; shared views are
configuration, and a version of it each time."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import flash, jsonify, make_response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import STANDARD
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.opened import spelled_out, with_chosen
from crm.admin_views.kit.sharing import may_share, put_in_force, roles_known, shared_with
from crm.admin_views.kit.viewing import favourites, view_url
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.lowcode.document import Document
from crm.backoffice.outside import read_json
from crm.backoffice.views import shelf, shows
from crm.backoffice.views.shared import SharedView, free_key
from crm.backoffice.views.shelf import LONGEST_NAME, KeptView
from crm.backoffice.views.watching import watch
from crm.errors import BadRequest, Forbidden
from crm.messages import Label, Message, m

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SHARE = "shared views of a list"


def keep(view: "EntityView") -> BaseResponse:
    """POST `name`, `query` (of the list's address), `widths` (JSON): a new own view; leads to it. Raises Invalid, BadRequest, UnknownName."""
    session, entity = context.session(), view.entity
    number = shelf.keep(session, entity.key, request.form.get("name", ""), _shown(session, entity))
    session.commit()
    flash(say(m("The view is kept.")), "success")
    return redirect(f"/{entity.key}/?view={number}", 303)


def change(view: "EntityView", name: str) -> BaseResponse:
    """POST `name`, `query` with `widths`, `move` (places), `starred`, `first`, `watched` (1 or 0): what is given is changed. `standard` takes `first` alone.
    Raises NotFound, Forbidden, Invalid, BadRequest, UnknownName."""
    session, entity, form = context.session(), view.entity, request.form
    known = shelf.shelf(session, entity.key)
    if name == STANDARD:
        shelf.open_first(session, entity.key, None, _flag("first"))
        session.commit()
        return _back(entity, f"?view={STANDARD}")
    kept = known.named(name)
    if kept.own:
        shelf.change(session, kept, name=form.get("name"), shows=_shown(session, entity) if "query" in form else None)
        if "move" in form:
            shelf.move(session, known.views, kept, _step(form["move"]))
    elif "query" in form and "name" not in form and "move" not in form:
        return _share_again(session, entity, kept, _shown(session, entity))
    elif "name" in form or "move" in form:
        raise Forbidden()
    if "starred" in form:
        shelf.star(session, kept, _flag("starred"))
    if "watched" in form:
        watch(session, kept, _flag("watched"))
    if "first" in form:
        shelf.open_first(session, entity.key, kept, _flag("first"))
    session.commit()
    if request.accept_mimetypes.best == "application/json":
        return jsonify(starred=favourites(session, shelf.shelf(session, entity.key).starred))
    return _back(entity, f"?view={kept.name}", m("Saved"))


def remove(view: "EntityView", name: str) -> BaseResponse:
    """POST: forget an own view; take a shared one away from all. Raises NotFound, Forbidden."""
    session, entity = context.session(), view.entity
    kept = shelf.shelf(session, entity.key).named(name)
    if kept.own:
        shelf.remove(session, kept)
        session.commit()
        return _back(entity, "", m("The view is removed."))
    _may_share(session)
    put_in_force(session, Document(removed=(("view", entity.key, kept.name),)), SHARE)
    return _back(entity, "", m("The view is removed for all."))


def share(view: "EntityView", name: str) -> BaseResponse:
    """GET: the page that asks to whom. POST `label_uk`, `label_en`, `roles`, `default_for`: shared so; an own view becomes a shared one."""
    session, entity = context.session(), view.entity
    _may_share(session)
    kept = shelf.shelf(session, entity.key).named(name)
    if request.method == "GET":
        return make_response(_page(view, kept, {}, MultiDict()))
    label = Label(_words("label_uk"), _words("label_en"))
    if not any(label):
        return make_response(_page(view, kept, {"label_uk": say(m("Give the view a name."))}, request.form), 422)
    label = Label(label.uk or label.en, label.en or label.uk)
    views = {} if kept.own else session.catalog.views
    roles, default_for = (shared_with(session, getattr(views.get(kept.name), part, ()), part) for part in ("roles", "default_for"))
    shown, _ = shows.cleaned(session.sight, entity.key, kept.shows)
    key = free_key(session.catalog.views, label) if kept.own else kept.name
    if not kept.own:
        shown = dict(views[key].shows)
    put_in_force(session, Document(views=(SharedView(key, entity.key, label, shown, roles, default_for),)), SHARE)
    if kept.own:
        again = context.session()
        shelf.remove(again, kept)
        again.commit()
    return _back(entity, f"?view={key}", m("The view is shared."))


def _share_again(session: UserSession, entity: Entity, kept: KeptView, shown: dict[str, Any]) -> BaseResponse:
    """A shared view shows something else from now on."""
    _may_share(session)
    old = session.catalog.views[kept.name]
    put_in_force(session, Document(views=(SharedView(old.key, entity.key, old.label, shown, old.roles, old.default_for),)), SHARE)
    return _back(entity, f"?view={kept.name}", m("The view is saved for all."))


def _may_share(session: UserSession) -> None:
    if not may_share(session):
        raise Forbidden()


def _page(view: "EntityView", kept: KeptView, errors: dict[str, str], typed: "MultiDict[str, str]") -> str:
    session = context.session()
    shared = session.catalog.views.get(kept.name) if not kept.own else None
    chosen = {
        part: typed.getlist(part) if typed else list(getattr(shared, part, ())) for part in ("roles", "default_for")
    }
    labels = {f"label_{language}": typed.get(f"label_{language}", getattr(kept.label, language)) for language in ("uk", "en")}
    return view.render(
        "admin/model/view_share.html", kept=kept, errors=errors, labels=labels, roles=roles_known(session), chosen=chosen, longest=LONGEST_NAME,
        name=kept.label.text(context.reader().language), back=view_url(view.key, kept), shared=shared is not None,
    )


def _shown(session: UserSession, entity: Entity) -> dict[str, Any]:
    """What the list of the posted `query` shows."""
    text = request.form.get("query", "")
    if len(text) > shows.LONGEST:
        raise BadRequest(m("The view is too large."))
    args = with_chosen(session, entity, spelled_out(session, entity, dict(parse_qsl(text.removeprefix("?")))))
    return shows.of_address(session, entity.key, args, _widths())


def _widths() -> dict[str, Any]:
    text = request.form.get("widths", "") or "{}"
    try:
        found = read_json(text) if len(text) <= 4000 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest(m("Widths are numbers of pixels by column."))
    return found


def _words(key: str) -> str:
    return " ".join(request.form.get(key, "").replace("\0", "").split())[:LONGEST_NAME]


def _flag(key: str) -> bool:
    return request.form.get(key) == "1"


def _step(text: str) -> int:
    if text not in ("-1", "1"):
        raise BadRequest(m("A view moves by one place."))
    return int(text)


def _back(entity: Entity, query: str, message: Message | None = None) -> BaseResponse:
    if message is not None:
        flash(say(message), "success")
    return redirect(f"/{entity.key}/{query}", 303)
