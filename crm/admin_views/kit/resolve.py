"""Typed names into records: what a person pastes into a column of references is a code or a name, and must mean one visible record."""

from collections.abc import Collection, Mapping

from sqlalchemy import or_, select

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.backoffice.fields.reference import ReferenceField
from crm.backoffice.guard import UserSession
from crm.messages import Message, m


def records_named(session: UserSession, spec: Field, texts: Collection[str]) -> dict[str, int | Message]:
    """Each text → the number of the one visible record of the target whose code it is, or else its name; or why there is none."""
    target = session.catalog.entity(spec.target or "")
    by_code: dict[str, set[int]] = {}
    by_name: dict[str, set[int]] = {}
    usable = session.sight.filterable(target.key) if session.sight.may(target.key, "read") else ()
    keys = [key for key in ("code", *target.named_by(session.reader.language)) if key in usable and not target.fields[key].target]
    wanted = sorted(set(texts))
    for start in range(0, len(wanted) if keys else 0, 200):
        part = wanted[start : start + 200]
        rows = session.table(target.key)
        statement = select(rows.id, *(rows[key] for key in keys)).where(rows.visible, or_(*(rows[key].in_(part) for key in keys)))
        for row in session.execute(statement):
            for key, value in zip(keys, row[1:], strict=True):
                (by_code if key == "code" else by_name).setdefault(value, set()).add(row[0])
    return {text: _one(by_code.get(text) or by_name.get(text) or (), text) for text in wanted}


def _one(fitting: Collection[int], text: str) -> int | Message:
    if not fitting:
        return m("There is no “%(text)s” here.", text=text[:60])
    return next(iter(fitting)) if len(fitting) == 1 else m("“%(text)s” fits more than one record; write the code.", text=text[:60])


def belongs_to(session: UserSession, entity: Entity, spec: Field) -> str | None:
    """The field of `entity` that narrows the choice of `spec`: of a stage it is the pipeline."""
    configured = session.catalog.configured
    if spec.target is None or spec.several or spec.target not in configured:
        return None
    above = next((f.target for f in session.catalog.entity(spec.target).fields.values() if f.target in configured and f.required and not f.system), None)
    return next((key for key, f in entity.fields.items() if above and f.target == above), None)


def configured_named(session: UserSession, spec: Field, text: str, parent: int | None) -> int | Message:
    """The configured row that `text` means within `parent` (a stage of that pipeline)."""
    spec = spec.one if isinstance(spec, ManyToManyField) else spec
    if not isinstance(spec, ReferenceField):
        return _one([], text)
    rows: Mapping[int, object] = session.catalog.configured[spec.target or ""]
    fitting = [number for number in spec.fitting(text, session.reader) if number in rows]
    inside = [number for number in fitting if session.catalog.configured[spec.target or ""][number].parent_id == parent]
    meant = inside or fitting
    in_use = [number for number in meant if not session.catalog.configured[spec.target or ""][number].retired]
    return _one(in_use or meant, text)
