"""`/configuration/<entity>/layout/`: what lists, forms, cards and the menu show of an entity, for everybody or for a role."""

from functools import partial
from urllib.parse import quote

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import entity_form, layout_form, layout_preview
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import catalog_of, kept_entity, known_roles
from crm.admin_views.configuration.palette import GROUPS, KINDS
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.forms import WIDE
from crm.admin_views.kit.menu import AREAS
from crm.backoffice import boards
from crm.backoffice.entities import Entity
from crm.backoffice.layouts import Layout, Said, laid_out
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.lowcode.layouts import areas
from crm.errors import NotFound
from crm.messages import m

pages = Blueprint("configuration_layouts", __name__, url_prefix="/configuration")


@pages.get("/<entity>/layout/")
def show(entity: str) -> Answer:
    """The layout of `?role=`, without it the one for everybody."""
    kind, role = kept_entity(entity), role_asked()
    return _form(kind, role, layout_form.stored(_said(kind).get(role, {})), {})


@pages.post("/<entity>/layout/")
def change(entity: str) -> Answer:
    """Take a step in the form, or plan or publish its change."""
    kind, role = kept_entity(entity), role_asked()
    typed = layout_form.posted(request.form, _usual(kind, role))
    redraw = partial(_form, kind, role, typed)
    if step() not in ("check", "publish", "keep"):
        return redraw({})
    said, errors = layout_form.said(typed, kind)
    if errors:
        return refused(redraw, errors)
    plural = kind.plural.text(context.reader().language)
    subject = Subject(say(m("Layout of “%(name)s”", name=plural)), here(kind, role), plural, here(kind, role))
    return changed({"layouts": {kind.key: {"roles": {role: said}} if role else said}}, redraw, subject)


@pages.post("/<entity>/layout/preview")
def preview(entity: str) -> Answer:
    """The posted `arrangement`, published nowhere, as a screen of a record: `?screen=form|card|list|quick|menu&record=&as=<role>&in=uk|en`."""
    kind, role = kept_entity(entity), role_asked()
    return layout_preview.draw(kind, role, layout_preview.asked_role(known_roles()))


def here(kind: Entity, role: str) -> str:
    return f"/configuration/{kind.key}/layout/" + (f"?role={role}" if role else "")


def _said(kind: Entity) -> dict[str, Said]:
    return dict(catalog_of(kind).layouts.get(kind.key, {}))


def _usual(kind: Entity, role: str) -> Layout:
    """What holds where this layout says nothing."""
    for_all = _said(kind).get("", {})
    return laid_out(kind, [for_all] if role else [])


def role_asked() -> str:
    """Raises NotFound for a role that this reader does not know."""
    role = request.args.get("role", "")
    if role and role not in known_roles():
        raise NotFound(m("There is no such page."))
    return role


def _form(kind: Entity, role: str, typed: layout_form.Typed, errors: Errors) -> str:
    catalog, language, usual, known = context.catalog(), context.reader().language, _usual(kind, role), known_roles()
    words = {key: spec.label.text(language) for key, spec in kind.fields.items()} | {"id": "№"}
    relations = {key: one.label.text(language) for key, one in kind.relations.items()}
    return render_template(
        "admin/configuration/layout.html", kind=kind, role=role, roles=known, typed=typed, errors=errors, summary=entity_form.summary(errors),
        words={"columns": words, "face": words, "quick": words, "related": relations},
        boards=boards.stand_in_columns(catalog, kind), fields=words, usual=usual, parts=layout_form.shown(typed, kind, usual),
        sorting=layout_form.sorting(kind), helps={key: spec.help for key, spec in kind.fields.items() if spec.help is not None},
        types={key: KINDS[spec.type].name.text(language) for key, spec in kind.fields.items() if spec.type in KINDS},
        broad={key for key, spec in kind.fields.items() if spec.type in WIDE},
        here=here(kind, role), preview=f"/configuration/{kind.key}/layout/preview" + (f"?role={quote(role)}" if role else ""),
        title=kind.plural.text(language), icons=ICONS, said=_said(kind), beside=beside(f"entity:{kind.key}"), reads=context.access().may(kind.key, "read"),
        waits=kind.key not in catalog.entities,
        new_types=GROUPS, of_role=sum(role in one for one in catalog.layouts.values()) if role else 0,
        areas=[(key, label.text(language)) for key, label, _ in AREAS if key in areas(catalog)],
    )
