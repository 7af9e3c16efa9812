"""What rivals in deals must satisfy, and what becomes of them when the deal is decided."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.stage_merging import MERGING
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.saving.drafts import visible
from crm.messages import m
from crm.sales.rivals.models import ACTIVE, LOST, STATUS, WON, DealCompetitor
from crm.sales.rules import stage_of

RIVAL = DealCompetitor.__table__
CHOSE_A_COMPETITOR = "competitor"  # of the reasons why a deal is lost


@before_save("deal_competitor")
def still_in_the_race(draft: Draft) -> None:
    """A rival of which nothing is said is still in the race."""
    if draft["status"] is None:
        active = draft.session.catalog.picklists[STATUS].by_key(ACTIVE)
        draft["status"] = active.id if active is not None else None


@before_save("deal_competitor")
def met_once(draft: Draft) -> None:
    """A competitor stands on a deal once, as far as the writer may know: a refusal would tell of a rival that he does not see."""
    if draft.changed("deal", "competitor"):
        same = select(RIVAL.c.id).where(
            RIVAL.c.deal_id == draft["deal"], RIVAL.c.competitor_id == draft["competitor"], RIVAL.c.deleted_at.is_(None), RIVAL.c.id != draft.id,
        )
        if visible(draft.session, "deal_competitor", draft.session.kernel(same).scalars()):
            draft.refuse("competitor", m("This competitor stands on the deal already."))


@before_save("deal_competitor")
def a_price_is_not_negative(draft: Draft) -> None:
    """What a rival offers is not below zero."""
    if draft["offered_price"] is not None and draft["offered_price"] < 0:
        draft.refuse("offered_price", m("A price is not below zero."))


@when_changed("deal", "stage")
def the_race_is_over(session: DataSession, drafts: Sequence[Draft]) -> None:
    """When a deal is won its active rivals have lost; when it is lost to a competitor and one alone is active, that one has won."""
    if session.source in LOADING or session.info.get(MERGING) or session.undoing:
        return
    options, reasons = session.catalog.picklists[STATUS], session.catalog.picklists["loss_reason"]
    active, lost, won, chosen = options.by_key(ACTIVE), options.by_key(LOST), options.by_key(WON), reasons.by_key(CHOSE_A_COMPETITOR)
    kinds = {d.id: stage.values["kind"] for d in drafts if d["deleted_at"] is None and (stage := stage_of(d)) is not None}
    to_rival = {d.id for d in drafts if chosen is not None and d["loss_reason"] == chosen.id}
    decided = [deal for deal, kind in kinds.items() if kind == "won" or (kind == "lost" and deal in to_rival)]
    if active is None or not decided:
        return
    changes: dict[int, dict[str, Any]] = {}
    for part in in_parts(decided):
        rows = session.kernel(select(RIVAL.c.id, RIVAL.c.deal_id).where(
            RIVAL.c.deal_id.in_(part), RIVAL.c.status_id == active.id, RIVAL.c.deleted_at.is_(None),
        )).all()
        for number, deal in rows:
            alone = sum(other == deal for _, other in rows) == 1
            becomes = lost if kinds[deal] == "won" else won if alone else None
            if becomes is not None:
                changes[number] = {"status": becomes.id}
    records.follow_with_changes(session, "deal_competitor", changes)
