"""The health of open deals: 100 less what each reason takes off, and the reasons themselves as sentences with their figures.

A reason rests on fields, and shows to whoever sees all of them on the deal. The score rests on all reasons, so it shows only to whoever could have been
given each of them: from a score without its reasons one would infer the hidden ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.messages import Message, m, mn
from crm.sales.neglect import Neglect, neglected
from crm.sales.rivals.models import ACTIVE, HIGH, STATUS, THREAT

OFTEN = 3  # times that the expected day was put off
TALKS = 3  # held with one person alone
# What each reason takes off; so much at most together that nothing is below zero.
WEIGHTS: Mapping[str, int] = {
    "quiet": 25, "stage_overdue": 15, "no_step": 15, "step_overdue": 15, "close_overdue": 15, "put_off": 10, "rival": 15, "single_contact": 10, "no_amount": 10,
}
OF_DEAL = {"no_step": "next_step_on", "step_overdue": "next_step_on", "close_overdue": "expected_on", "put_off": "expected_on", "no_amount": "amount"}
GOOD, FAIR = 80, 50  # scores from which on a deal is well, and worth a look; below it is in danger
OF_HISTORY, OF_TALKS = {"deal", "stage", "entered_at"}, {"deal", "held_at"}
OF_PEOPLE, OF_RIVALS = {"deal", "contact", "held_at"}, {"deal", "threat", "status"}


@dataclass(frozen=True)
class Reason:
    """One thing that speaks against a deal: its key among WEIGHTS, and the sentence."""

    key: str
    said: Message

    @property
    def weight(self) -> int:
        return WEIGHTS[self.key]


@dataclass(frozen=True)
class Health:
    """What a reader is told of one deal; `score` is a whole number from 0 to 100, None for whoever does not see all that it rests on."""

    reasons: tuple[Reason, ...] = field(default=())
    score: int | None = None

    @property
    def level(self) -> str:
        """good, fair or poor; "" without a score."""
        return "" if self.score is None else "good" if self.score >= GOOD else "fair" if self.score >= FAIR else "poor"


def health(session: DataSession, ids: Sequence[int]) -> dict[int, Health]:
    """Of those of the deals that are open and seen, by at most six statements however many they are: for a card, a page of a list or the cards of a board.

    A deal of which this reader does not see the stage is not among them. What others have told him nothing of (talks, rivals, moves outside his scope)
    is not counted, as in every list.
    """
    usable = set(session.sight.filterable("deal"))
    if not ids or "stage" not in usable:
        return {}
    stages, deal = session.catalog.configured["stage"], session.table("deal")
    keys = [key for key in ("next_step_on", "expected_on", "put_off", "amount") if key in usable]
    columns = [deal.id, deal["stage"], *(deal[key] for key in keys), *(deal.shows(key) for key in keys)]
    rows = session.execute(select(*columns).where(deal.visible, deal.id.in_(ids))).all()
    still = {row[0]: row for row in rows if row[1] in stages and stages[row[1]].values["kind"] == "open"}
    neglects, persons, rivals = neglected(session, list(still)), _persons(session, list(still)), _rivals(session, list(still))
    whole = persons is not None and rivals is not None and _usable(session, "stage_history", OF_HISTORY) and _usable(session, "interaction", OF_TALKS)
    found = {}
    for number, row in still.items():
        values: dict[str, Any] = {key: row[2 + n] for n, key in enumerate(keys) if row[2 + len(keys) + n]}
        reasons = (
            *_of_neglect(neglects.get(number, Neglect()), session.reader.today), *_of_deal(session, values), *_of_rivals((rivals or {}).get(number, ())),
            *_of_persons((persons or {}).get(number)),
        )
        complete = whole and set(OF_DEAL.values()) | {"put_off"} <= set(values)
        found[number] = Health(reasons, max(0, 100 - sum(one.weight for one in reasons)) if complete else None)
    return found


def _of_neglect(one: Neglect, today: date) -> list[Reason]:
    found = []
    if one.quiet is not None:
        found.append(Reason("quiet", mn("No talk and no move for %(num)s day", "No talk and no move for %(num)s days", one.quiet)))
    if one.stood is not None and one.limit is not None:
        found.append(Reason("stage_overdue", m("%(stood)s working days in its stage, where %(limit)s are usual at most", stood=one.stood, limit=one.limit)))
    if one.has_no_step:
        found.append(Reason("no_step", m("The next step has no day")))
    if one.overdue_on is not None:
        late = (today - one.overdue_on).days
        found.append(Reason("step_overdue", mn("The next step is %(num)s day overdue", "The next step is %(num)s days overdue", late)))
    return found


def _of_deal(session: DataSession, values: Mapping[str, Any]) -> list[Reason]:
    found, today = [], session.reader.today
    expected, times = values.get("expected_on"), values.get("put_off") or 0
    if expected is not None and expected < today:
        late = (today - expected).days
        found.append(Reason("close_overdue", mn("Expected to close %(num)s day ago", "Expected to close %(num)s days ago", late)))
    if times >= OFTEN and "expected_on" in values:
        found.append(Reason("put_off", mn("Put off %(num)s time", "Put off %(num)s times", times)))
    if "amount" in values and values["amount"] is None:
        found.append(Reason("no_amount", m("It has no amount")))
    return found


def _of_rivals(names: Sequence[str]) -> list[Reason]:
    if not names:
        return []
    named = ", ".join(name for name in names if name)
    return [Reason("rival", m("A rival is a high threat: %(names)s", names=named) if named else m("A rival is a high threat"))]


def _of_persons(counted: tuple[int, int] | None) -> list[Reason]:
    if counted is None or counted[0] != 1 or counted[1] < TALKS:
        return []
    return [Reason("single_contact", mn("%(num)s talk, with one person", "%(num)s talks, all with one person", counted[1]))]


def _usable(session: DataSession, entity: str, keys: set[str]) -> bool:
    return session.sight.may(entity, "read") and keys <= set(session.sight.filterable(entity))


def _persons(session: DataSession, ids: Sequence[int]) -> dict[int, tuple[int, int]] | None:
    """Deal → with how many people on the customer's side talks were held, and how many talks; None for whoever does not see that."""
    if not _usable(session, "interaction", OF_PEOPLE):
        return None
    if not ids:
        return {}
    talks = session.table("interaction")
    held = (talks.visible, talks["deal"].in_(ids), talks["held_at"].is_not(None), talks["contact"].is_not(None))
    counted = select(talks["deal"], func.count(talks["contact"].distinct()), func.count(talks.id)).where(*held).group_by(talks["deal"])
    return {deal: (people, number) for deal, people, number in session.execute(counted)}


def _rivals(session: DataSession, ids: Sequence[int]) -> dict[int, list[str]] | None:
    """Deal → the names of its active rivals that are a high threat, "" where the competitor is not this reader's; None for whoever does not see that."""
    if not _usable(session, "deal_competitor", OF_RIVALS):
        return None
    threat, active = session.catalog.picklists[THREAT].by_key(HIGH), session.catalog.picklists[STATUS].by_key(ACTIVE)
    if not ids or threat is None or active is None:
        return {}
    rivals = session.table("deal_competitor")
    named = "competitor" in session.sight.filterable("deal_competitor") and "name" in session.sight.filterable("competitor")
    dangerous = (rivals.visible, rivals["deal"].in_(ids), rivals["threat"] == threat.id, rivals["status"] == active.id)
    query = select(rivals["deal"]).select_from(rivals.table)
    if named:
        firms = session.table("competitor")
        joined = rivals.table.outerjoin(firms.table, (firms.id == rivals["competitor"]) & firms.visible)
        query = select(rivals["deal"], firms["name"]).select_from(joined)
    found: dict[int, list[str]] = {}
    for row in session.execute(query.where(*dangerous).order_by(rivals.id)):
        found.setdefault(row[0], []).append((row[1] or "") if named else "")
    return found
