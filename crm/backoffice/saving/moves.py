"""What the configuration demands of records that go from one stage to another: what must hold to leave the one and to enter the other, and that the
one leads to the other.

Every sentence of what is missing is told at once, at the field of the stage. Writers that bring a history of their own are not asked: what happened
elsewhere happened. A stage that a merge or an undo puts in the place of another is no move (`records.lead_elsewhere`, `session.undoing`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from crm.backoffice.checklists import lacking
from crm.backoffice.conditions.tree import All
from crm.backoffice.entities import Check, Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import LOADING, Draft
from crm.backoffice.saving.demands import Demand, knows
from crm.backoffice.stage_rules import rules_of, stage_field
from crm.messages import Message, m

ALWAYS = All(())
Keeping = Callable[[DataSession, int, Sequence[int]], Iterable[tuple[int, Message]]]
_keeping: dict[str, list[Keeping]] = {}


def keeps_from_leaving(entity: str) -> Callable[[Keeping], Keeping]:
    """Mark a function of an area that is given a stage and the records that leave it, and says of which of them what still keeps them there."""

    def keep(function: Keeping) -> Keeping:
        _keeping.setdefault(entity, []).append(function)
        return function

    return keep


def demands(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> Iterator[Demand]:
    """What is asked of the drafts that take another stage, as the save leaves them. A new record enters its stage and leaves none."""
    spec = stage_field(session.catalog, kind) if session.source not in LOADING else None
    if spec is None:
        return
    moves: dict[tuple[int | None, int], list[int]] = {}
    for place, draft in enumerate(drafts):
        if draft[spec.key] is not None and draft.takes(spec.key):
            moves.setdefault((draft.old.get(spec.key), draft[spec.key]), []).append(place)
    key = spec.key if knows(session, kind, spec) else ""
    for (here, there), places in moves.items():
        if _leads_nowhere(session, here, there):
            stages = session.catalog.configured["stage"]
            yield Demand(ALWAYS, True, tuple(places), key, m(
                "From the stage “%(here)s” one cannot go to “%(there)s”.", here=stages[here or 0].label, there=stages[there].label,
            ), beside=True)
        if here is not None:
            yield from _unticked(session, kind, drafts, here, places, key)
            yield from _kept(session, kind, drafts, here, places, key)
        leaving = rules_of(session.catalog, here).exit if here is not None else ()
        for check in (*leaving, *rules_of(session.catalog, there).enter):
            yield Demand(check.where, False, tuple(places), key, _said(check), beside=True)


def _unticked(session: DataSession, kind: Entity, drafts: Sequence[Draft], here: int, places: Sequence[int], key: str) -> Iterator[Demand]:
    """Items of the checklist of the stage that is left, without which it is not."""
    items = rules_of(session.catalog, here).checklist
    missing = lacking(session, kind.key, here, [drafts[place].id for place in places]) if items else {}
    for item in items:
        open_ones = set(missing.get(item.key, ()))
        if open_ones:
            concerned = tuple(place for place in places if drafts[place].id in open_ones)
            yield Demand(ALWAYS, True, concerned, key, m("On the checklist “%(item)s” is not ticked.", item=item.label), beside=True, item=item.key)


def _kept(session: DataSession, kind: Entity, drafts: Sequence[Draft], here: int, places: Sequence[int], key: str) -> Iterator[Demand]:
    """What areas say that still keeps records in the stage that is left."""
    of_record = {drafts[place].id: place for place in places}
    for function in _keeping.get(kind.key, ()):
        for number, message in function(session, here, sorted(of_record)):
            yield Demand(ALWAYS, True, (of_record[number],), key, message, beside=True)


def _leads_nowhere(session: DataSession, here: int | None, there: int) -> bool:
    """Whether the stage that is left names where one may go from it, and this is no such place."""
    stages = session.catalog.configured["stage"]
    left, entered = stages.get(here or 0), stages.get(there)
    if left is None or entered is None:
        return False
    return not rules_of(session.catalog, left.id).lets_go(entered.key, same_pipeline=left.parent_id == entered.parent_id)


def _said(check: Check) -> Message:
    return Message("%(message)s", {"message": check.message})
