"""Every row of a file is judged before the first is written."""

from collections.abc import Iterator, Mapping as Map, Sequence

from crm.backoffice.exchange import shown
from crm.backoffice.exchange.check import check, check_makable
from crm.backoffice.exchange.convert import Wanted, each
from crm.backoffice.exchange.decisions import Decision, Proposal, decide, propose
from crm.backoffice.exchange.order import Run, decisions
from crm.backoffice.exchange.plan import plan, wanted, wanted_options
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import ToMake
from crm.backoffice.exchange.rows import RowDraft, draft
from crm.backoffice.exchange.table import parts
from crm.backoffice.fields.base import FieldError
from crm.backoffice.guard import DataSession
from crm.messages import m

PART = 800  # rows judged together


def check_file(run: Run, after: int) -> None:
    """Judge every row that is still to be written, without writing."""
    context = run.context()
    makable: dict[Wanted, None] = {}
    seen = 0
    for part in parts(run.table.rows(), lambda: PART):
        seen += len(part)
        drafts = [draft(row, run.layout) for row in part if row.number > after]
        with run.open(run.catalog, False) as session:
            decide(drafts, decisions(run, session, drafts))
            plans, proposed = _judged(session, drafts, context, makable, run)
            if run.watch is not None:
                run.watch(session, plans, context, proposed)
            elif run.order.dry_run:
                run.changes += shown.changes(session, plans, context)
        if run.rest is not None and not run.settled:
            waiting = {d.number for d in drafts if d.decision is not None and d.decision.action == "review"}
            run.rest.add([row for row in part if row.number in waiting])
        for one in plans:
            _count(run, one)
        run.progress(seen // 2, run.survey.rows)
    for made in makable:
        run.related[made.entity] = run.related.get(made.entity, 0) + 1


def _judged(
    session: DataSession, drafts: Sequence[RowDraft], context: Context, makable: dict[Wanted, None], run: Run,
) -> tuple[list[RowPlan], dict[int, Proposal]]:
    named = list(dict.fromkeys(wanted(drafts)))
    context.references.load(session, named)
    fresh = [w for w in named if w.missing == "create" and w not in makable and _is_to_make(context, w)]
    check_makable(session, fresh, context)
    _check_options(session, drafts, run)
    plans = plan(session, drafts, context)
    proposed: dict[int, Proposal] = {}
    if run.order.review and not run.settled:
        proposed = propose(session, run.layout.kind, plans)
        plans = _anew(session, plans, proposed, context)
        if not run.order.dry_run:
            run.proposed |= {n: Decision(p.action, p.record) for n, p in proposed.items() if p.reason == "alike"}
    check(session, plans, context)
    used = {w for p in plans if p.good for w in _wanted_after(p)}
    makable.update({w: None for w in fresh if w in used})
    return plans, proposed


def _anew(session: DataSession, plans: list[RowPlan], proposed: Map[int, Proposal], context: Context) -> list[RowPlan]:
    """The plans, with those of rows that are to change what they resemble made once more."""
    alike = {n: Decision(p.action, p.record) for n, p in proposed.items() if p.reason == "alike"}
    decide([p.draft for p in plans if p.number in alike], alike)
    moved = [p.draft for p in plans if p.number in alike and not p.draft.left]
    again = {p.number: p for p in plan(session, moved, context)} if moved else {}
    return [again.get(p.number, p) for p in plans]


def _wanted_after(one: RowPlan) -> Iterator[Wanted]:
    """What a planned row still waits for to be made."""
    parts = [one.draft.own, *(part for group in one.draft.groups.values() for part in group.values())]
    yield from (v.wanted for part in parts for value in part.values() for v in each(value) if isinstance(v, ToMake))


def _is_to_make(context: Context, one: Wanted) -> bool:
    try:
        return isinstance(context.references.resolve(one), ToMake)
    except FieldError:
        return False


def _check_options(session: DataSession, drafts: Sequence[RowDraft], run: Run) -> None:
    """Options are configuration: whoever may not change it adds none by a file."""
    allowed = session.access is None or session.access.unlimited or session.sight.may("pipeline", "update")
    for one in drafts:
        for option in wanted_options([one]):
            if not allowed:
                one.refuse("", m("You may not add values to lists: “%(value)s” is new.", value=option.text[:60]), option.text)
            elif not one.problems:
                run.options.setdefault(option.picklist, {}).setdefault(option.key, option.text)


def _count(run: Run, one: RowPlan) -> None:
    if one.draft.problems:
        run.failed.add(one.number)
        run.counts["failed"] += 1
        run.errors.add(one.draft.problems)
    elif one.draft.blank or one.draft.left:
        run.counts["skipped"] += 1
    elif one.is_new:
        run.counts["created"] += 1
    else:
        run.counts["unchanged" if one.idle else "updated"] += 1
    for child in one.children if one.good else ():
        if child.id is not None:
            continue
        for kind in (child.child, child.behind if child.behind_id is None else None):
            if kind is not None:
                run.related[kind.key] = run.related.get(kind.key, 0) + 1
