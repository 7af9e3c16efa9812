"""Fields of a form that belong to the record, or must be filled in, only by a rule of the configuration: the database says so of what is typed."""

from collections.abc import Iterable
from typing import Any

from crm.admin_views.kit.form_fields import EntityField
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import FieldError, Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.saving.conditions import State, states


def follow(session: UserSession, entity: Entity, record_id: int | None, fields: Iterable[EntityField]) -> dict[str, State]:
    """Mark those of a form's fields that depend on rules; how they stand, by key. One query where there are any, otherwise none."""
    shown = list(fields)
    dependent = {spec.key for spec in entity.conditional} & {f.short_name for f in shown}
    found = states(session, entity, record_id, _typed(shown, record_id)) if dependent else {}
    for f in shown:
        state = found.get(f.short_name)
        if state is not None:
            f.belongs, f.demanded = state.visible, state.required
    return {key: state for key, state in found.items() if key in dependent}


def _typed(fields: Iterable[EntityField], record_id: int | None) -> dict[str, Any]:
    """What stands in the form beside what is stored; what does not read yet is left out."""
    found: dict[str, Any] = {}
    for f in fields:
        if f.errors or f.spec.several or not (f.posted or record_id is None):
            continue
        try:
            found[f.short_name] = f.spec.clean(f.data.id if isinstance(f.data, Ref) else f.data)
        except FieldError:
            continue
    return found
