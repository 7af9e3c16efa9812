"""Rivals that enter an open deal, and competitors that a talk about it names: whoever works on the deal is to hear of them.

The rules leave numbers in the outbox; `crm/rival_news.py` tells each person, as far as he may see it then.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from crm.backoffice import outbox
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import LOADING, Draft, when_changed
from crm.sales.models import Deal
from crm.sales.team.models import DealMember

ENTERED, NAMED = "rival_entered", "competitor_named"
DEAL, MEMBER = Deal.__table__, DealMember.__table__


@when_changed("deal_competitor", "deal", "competitor")
def a_rival_enters(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Whoever works on an open deal hears of a rival that enters it."""
    new: dict[int, list[int]] = defaultdict(list)
    for draft in drafts:
        if draft.is_new and draft["deal"] is not None:
            new[draft["deal"]].append(draft.id)
    _post(session, ENTERED, [{"deal": deal, "rivals": ids} for deal, ids in sorted(new.items())])


@when_changed("interaction", "competitors", "deal")
def a_talk_names_a_competitor(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Whoever works on an open deal hears of a competitor that a talk about it names and that is no rival in it."""
    found = []
    for draft in drafts:
        known = set(draft.old.get("competitors") or ()) if not draft.changed("deal") else set()
        named = sorted(set(draft["competitors"] or ()) - known)
        if named and draft["deal"] is not None and draft["deleted_at"] is None:
            found.append({"deal": draft["deal"], "interaction": draft.id, "competitors": named})
    _post(session, NAMED, found)


def working_on(session: DataSession, deal: int) -> list[int]:
    """Whoever has a deal and whoever is on its team, in the order in which they came; nobody of a removed deal."""
    owner = session.kernel(select(DEAL.c.owner_id).where(DEAL.c.id == deal, DEAL.c.deleted_at.is_(None))).first()
    if owner is None:
        return []
    team = session.kernel(select(MEMBER.c.user_id).where(MEMBER.c.deal_id == deal, MEMBER.c.deleted_at.is_(None)).order_by(MEMBER.c.id)).scalars()
    return list(dict.fromkeys(one for one in (owner[0], *team) if one is not None))


def _post(session: DataSession, topic: str, found: Sequence[dict[str, Any]]) -> None:
    """What files of other systems and undoing bring is no news."""
    if session.source not in LOADING and not session.undoing:
        outbox.post(session, topic, [(f"{topic}-{uuid4().hex}", {**one, "by": session.actor_id}) for one in found])
