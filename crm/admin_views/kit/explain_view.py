"""Why a person does or does not see a record and each of its fields: for those who keep the roles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.standing import standing
from crm.backoffice.access import ACTIONS, APART, Access, Action
from crm.errors import BadRequest, Forbidden, NotFound
from crm.messages import Label, m, render
from crm.permissions import Explanation, access_for, explain
from crm.rights.known import knows_roles, sees_what_decides

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

WORDS: dict[Action, Label] = {
    "read": Label("Бачити", "See"), "create": Label("Створювати", "Create"), "update": Label("Змінювати", "Change"), "delete": Label("Вилучати", "Remove"),
    "export": Label("Експортувати", "Export"), "assign": Label("Передавати іншим", "Give to others"),
    "erase": Label("Стирати персональні дані", "Erase personal data"), "configure": Label("Налаштовувати", "Configure"),
}
MODES = {
    "hidden": Label("приховано", "hidden"), "masked": Label("замасковано", "masked"), "read": Label("видно", "visible"),
    "edit": Label("можна змінювати", "may be changed"),
}


@dataclass(frozen=True)
class Reason:
    """One line: what is asked, the answer in a word, the rule that decides and why."""

    asked: str
    allowed: bool
    answer: str
    rule: str
    why: str


def show(view: "EntityView", record_id: int) -> Response:
    """`?user=<id>`: the person asked about, oneself by default. Only for those who may change roles; the record must be theirs to see,
    and of another person so must his roles and whatever his rights here rest on."""
    session, entity, reader = context.session(), view.entity, context.reader()
    if not session.sight.may("role", "update"):
        raise Forbidden()
    rights = standing(session, entity, record_id)
    people = session.catalog.entity("user")
    number = _person(request.args.get("user"), session.actor_id)
    name = lookup.titles(session, people, [number]).get(number)
    if name is None:
        raise NotFound()
    if number != session.actor_id and not knows_roles(session, number):
        raise Forbidden(m("This person's rights rest on roles that you may not see."))
    access = _access(number)
    if access is not None and number != session.actor_id and not sees_what_decides(session.sight, entity, rights.shown, access):
        raise Forbidden(m("This person's rights here rest on values that you may not see."))
    actions: list[Reason] = []
    fields: list[Reason] = []
    if access is not None:
        actions = [_reason(WORDS[a].text(reader.language), _ask(access, entity.key, record_id, None, a)) for a in ACTIONS if a not in APART]
        known = sorted((k for k in session.sight.readable(entity.key) if not entity.fields[k].system), key=session.sight.layout(entity.key).in_order)
        fields = [_reason(entity.fields[k].label.text(reader.language), _ask(access, entity.key, record_id, k, "read")) for k in known]
    title = lookup.titles(session, entity, [record_id]).get(record_id, "")
    html = view.render(
        "admin/model/explain.html", entity=entity, title=title, back=f"/{entity.key}/{record_id}/", person=name, person_id=number, actions=actions,
        fields=fields, signed_off=access is None,
    )
    return make_response(html)


def _ask(access: Access, entity: str, record_id: int, field: str | None, action: Action) -> Explanation:
    return explain(context.runtime().engine, context.catalog(), access, entity, record_id, field, action)


def _access(user_id: int) -> Access | None:
    """None for somebody who has left: he may do nothing."""
    try:
        return access_for(context.runtime().engine, user_id, context.catalog())
    except NotFound:
        return None


def _reason(asked: str, found: Explanation) -> Reason:
    language = context.reader().language
    word = MODES[found.mode].text(language) if found.mode else render(m("yes") if found.allowed else m("no"), language)
    return Reason(asked, found.allowed, word, found.rule.name if found.rule else "", render(found.why, language))


def _person(text: str | None, oneself: int | None) -> int:
    if text is None:
        return oneself or 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) < 2**31):
        raise BadRequest(m("The number of a record is expected here."))
    return int(text)
