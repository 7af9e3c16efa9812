"""The recycle bin: removed records that this reader may take back."""

from dataclasses import dataclass
from typing import Any, Protocol

from flask import request

from crm.admin_views.kit import context, lookup
from crm.backoffice import lists
from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.fields.base import Ref
from crm.backoffice.lists import ListQuery

SIZE = 50
RESTORABLE: frozenset[Action] = frozenset({"read", "delete"})


class Renders(Protocol):
    """A view of Flask-Admin, as far as it is needed here."""

    def render(self, template: str, **kwargs: Any) -> str: ...


@dataclass(frozen=True)
class Removed:
    """A removed record: what it was called, when and by whom it was removed, and where a POST brings it back."""

    title: str
    code: str
    at: str
    by: str | None
    restore_url: str


def show(view: Renders) -> str:
    """The page: `?entity=deal` chooses the kind, `?after=` the page; an unknown kind is the first one."""
    session, reader = context.session(), context.reader()
    kinds = restorable(session)
    chosen = next((k for k in kinds if k.key == request.args.get("entity")), kinds[0] if kinds else None)
    removed, following = _removed(session, chosen, request.args.get("after")) if chosen else ([], None)
    tabs = [(k.key, k.plural.text(reader.language), k is chosen) for k in kinds]
    return view.render("admin/model/recycle.html", tabs=tabs, chosen=chosen, removed=removed, next=following)


def restorable(session: UserSession) -> list[Entity]:
    """The kinds of records of which this reader may remove, and so take back, some."""
    return [e for e in session.catalog.entities.values() if not e.declared.configuration and not session.sight.records(e, RESTORABLE).never]


def _removed(session: UserSession, entity: Entity, after: str | None) -> tuple[list[Removed], str | None]:
    usable = session.sight.filterable(entity.key)
    columns = (*lookup.title_columns(session, entity), *(k for k in ("deleted_at", "updated_by") if k in usable))
    sort = (("deleted_at", True),) if "deleted_at" in usable else (("id", True),)
    page = lists.page(session, ListQuery(entity.key, columns, None, sort, "", after, SIZE, RESTORABLE, deleted=True))
    when = entity.fields["deleted_at"].formatter(context.reader())
    found = []
    for row in page.rows:
        by = row.values.get("updated_by")
        code = lookup.title_of(entity, {"code": row.values.get("code")})
        title = lookup.title_of(entity, row.values) or f"№ {row.id}"
        person = by.text if isinstance(by, Ref) else None
        found.append(Removed(title, code, when(row.values.get("deleted_at")), person, f"/{entity.key}/{row.id}/restore"))
    return found, page.next
