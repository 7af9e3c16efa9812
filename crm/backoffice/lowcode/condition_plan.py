"""What a configuration file would do to saved conditions: each difference with the records that it chooses, and the roles whose rights it changes."""

from collections.abc import Collection, Iterator

from sqlalchemy import func, select

from crm.backoffice.access import parse_rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.saved import SavedConditions
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import condition_uses, saved_conditions, shared_reports
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.document import Document, check_rule
from crm.backoffice.lowcode.field_rules import count
from crm.backoffice.lowcode.made_whole import moves_of
from crm.backoffice.lowcode.pipelines import stage_codes
from crm.backoffice.lowcode.uses import Use
from crm.backoffice.lowcode.where_used import made_asking
from crm.errors import BadRequest, BramaError
from crm.messages import m


def changes(session: SystemSession, document: Document, after: Catalog, told: Collection[str | None]) -> Iterator[Change]:
    """The differences; `told` are roles whose rules change anyway. Raises BadRequest where what names a condition would make no sense any more."""
    before = session.catalog
    for spec, effect in saved_conditions.effects(before, document.conditions):
        chosen = count(session, after, spec.entity, after.saved(spec.key)) if effect != "label" else 0
        named = tuple(condition_uses.of_condition(session, spec.key)) if effect == "change" else ()
        yield Change("condition", spec.entity, spec.key, effect, chosen, named)
    for key in document.lifted:
        if key in before.saved.known:
            yield Change("condition", before.saved.known[key].entity, key, "remove", 0, tuple(left(session, document, after, key)))
    different = changed(before, after)
    if different:
        condition_uses.suit_what_keeps_them(session, after, different)
    for role in condition_uses.roles_naming(session, different):
        if role.code not in told:
            for number, rule in enumerate(role.rules, 1):
                try:
                    check_rule(parse_rule(role.code, number, rule, after.saved), after)
                except BramaError as fault:
                    why = m("A rule of role “%(name)s” names it and would make no sense any more: %(why)s", name=role.code, why=fault.message)
                    raise BadRequest(why) from None
            yield Change("rules", "role", role.code, "condition", _holders(session, role.id))


def stood(before: Catalog, after: Catalog) -> SavedConditions:
    """The conditions as they stand, by the keys that their fields have in `after`."""
    return saved_conditions.conditions_with(before, (), (), moves_of(before, after.made))


def changed(before: Catalog, after: Catalog) -> set[str]:
    """The keys of those that say something else in `after`, by themselves or through one that they name."""
    return saved_conditions.changed_meaning(stood(before, after), after.saved) if before is not after else set()


def left(session: SystemSession, document: Document, after: Catalog, key: str) -> Iterator[Use]:
    """Who would still name a condition that goes, once everything else is done that the document says."""
    yield from made_asking(after.made, key)
    said = {("rule", one.key) for one in document.roles} | {("view", one.key) for one in document.views}
    said |= {("report", one.key) for one in document.reports} | {("saved", one.key) for one in document.conditions}
    said |= {("stage", code) for spec in document.pipelines for code in stage_codes(after, spec)}
    gone = {("rule" if kind == "role" else "saved" if kind == "condition" else kind, name) for kind, _, name in document.removed}
    for use in condition_uses.of_condition(session, key):
        if use.kind not in ("field", "check") and (use.kind, use.name) not in said | gone:
            yield use
    for role in document.roles:
        if any(key in condition_uses.named_by_rule(rule) for rule in role.rules):
            yield Use("rule", role.key, True, "role")
    for view in document.views:
        if key in condition_uses.named(view.shows.get("where")):
            yield Use("view", view.key, False, view.entity)
    for report in document.reports:
        if key in condition_uses.named(report.asks.get("where")):
            yield Use("report", report.key, False, shared_reports.entity(report))
    for one in document.conditions:
        if key in condition_uses.named(one.where):
            yield Use("saved", one.key, True, one.entity)


def _holders(session: SystemSession, role_id: int) -> int:
    held = session.catalog.entity("membership").table
    return session.execute(select(func.count()).select_from(held).where(held.c.role_id == role_id, held.c.deleted_at.is_(None))).scalar_one()

