"""What teams of deals and their duties must satisfy, and what follows from a stage."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, null, select

from crm.backoffice import records
from crm.backoffice.fields.reference import HIDDEN as UNSEEN
from crm.backoffice.guard import DataSession, aside
from crm.backoffice.lowcode.stage_merging import MERGING
from crm.backoffice.parts import in_parts
from crm.backoffice.reports.sight import names
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.saving import quietly
from crm.backoffice.saving.drafts import visible
from crm.backoffice.saving.moves import keeps_from_leaving
from crm.backoffice.stage_rules import ROLES, Duty, rules_of
from crm.errors import Invalid
from crm.messages import Label, Message, m
from crm.sales.models import Deal
from crm.sales.team.models import DealDuty, DealMember

MEMBER, DUTY, DEAL = DealMember.__table__, DealDuty.__table__, Deal.__table__
MANY_DAYS = 400  # of a calendar in which this many working days are looked for at a time
TOLD = ("what", "role", "user")
HIDDEN = m("A duty of the team that is needed to leave the stage is not done yet.")
Holders = Mapping[tuple[int, int], Sequence[int]]  # deal, role → people in the order of their coming


@before_save("deal_member")
def a_share_is_a_fraction(draft: Draft) -> None:
    """A share of a deal is a fraction from 0 to 1."""
    if draft["share"] is not None and not 0 <= draft["share"] <= 1:
        draft.refuse("share", m("A share lies between 0 and 100 %%."))


@before_save("deal_member")
def a_share_stays_with_its_deal(draft: Draft) -> None:
    """Whoever moves to the team of another deal has no share there until somebody gives one: a refusal would tell of shares that the mover may not see."""
    if not draft.is_new and draft.changed("deal") and not draft.changed("share"):
        draft["share"] = None


@before_save("deal_member")
def in_a_role_once(draft: Draft) -> None:
    """Nobody has the same role on a deal twice, as far as the writer may know: a refusal would tell of a colleague whom he does not see there."""
    if draft.changed("deal", "role", "user", "deleted_at") and draft["deleted_at"] is None:
        same = select(MEMBER.c.id).where(
            MEMBER.c.deal_id == draft["deal"], MEMBER.c.role_id == draft["role"], MEMBER.c.user_id == draft["user"], MEMBER.c.deleted_at.is_(None),
            MEMBER.c.id != draft.id,
        )
        if visible(draft.session, "deal_member", draft.session.kernel(same).scalars()):
            draft.refuse("user", m("This person has this role on the deal already."))


@when_changed("deal_member", "share", "deal", "deleted_at")
def shares_come_to_the_whole_at_most(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The shares of a deal come to 100 % at most."""
    deals = {d["deal"] for d in drafts if d["deleted_at"] is None and d["share"]}
    for part in in_parts(sorted(deals)):
        session.kernel(select(DEAL.c.id).where(DEAL.c.id.in_(part)).with_for_update())  # two that add one at once wait for each other
        sums = select(MEMBER.c.deal_id, func.sum(MEMBER.c.share)).where(MEMBER.c.deal_id.in_(part), MEMBER.c.deleted_at.is_(None)).group_by(MEMBER.c.deal_id)
        if any((share or Decimal(0)) > 1 for _, share in session.kernel(sums)):
            raise Invalid({"share": m("The shares of the deal would come to more than 100 %%.")})


@when_changed("deal_member", "role", "user", "deal", "deleted_at")
def duties_follow_the_team(session: DataSession, drafts: Sequence[Draft]) -> None:
    """An open duty is of whoever has its role on the team: of the first of several, of nobody where nobody has it."""
    deals = sorted({number for d in drafts for number in (d.old.get("deal"), d["deal"]) if number is not None})
    holders, changes = _holders(session, deals), dict[int, dict[str, Any]]()
    for part in in_parts(deals):
        still = select(DUTY.c.id, DUTY.c.deal_id, DUTY.c.role_id, DUTY.c.user_id).where(
            DUTY.c.deal_id.in_(part), DUTY.c.done_at.is_(None), DUTY.c.deleted_at.is_(None),
        )
        for number, deal, role, user in session.kernel(still):
            having = holders.get((deal, role), ())
            if user not in having and (user is not None or having):
                changes[number] = {"user": having[0] if having else None}
    records.follow_with_changes(session, "deal_duty", changes)


@before_save("deal_duty")
def a_duty_has_its_place(draft: Draft) -> None:
    """A duty is of the stage where its deal stands unless another is named, and of whoever has its role on the team."""
    if draft["deal"] is None or not draft.changed("deal", "role", "user", "stage"):
        return
    if draft["stage"] is None:
        draft["stage"] = draft.session.kernel(select(DEAL.c.stage_id).where(DEAL.c.id == draft["deal"])).scalar()
    having = _holders(draft.session, [draft["deal"]]).get((draft["deal"], draft["role"]), ())
    if draft["user"] is None or (draft.changed("deal", "role") and not draft.changed("user")):
        draft["user"] = having[0] if having else None
    elif draft.changed("user") and draft["user"] not in having and draft["done_at"] is None and draft.session.source not in LOADING:
        draft.refuse("user", m("A duty is of somebody who has its role on the team: put the person on the team first."))


@before_save("deal_duty")
def done_by_whoever_says_so(draft: Draft) -> None:
    """What is done was done by whoever says so, unless he names somebody, and no later than now; by how many days too late is kept with it."""
    if draft["done_at"] is None:
        draft["done_by"] = None
    elif draft.changed("done_at"):
        if (not draft.changed("done_by") or draft["done_by"] is None) and not draft.session.undoing:
            draft["done_by"] = draft.session.actor_id
        if draft["done_at"] is not None and draft["done_at"] > datetime.now(UTC) + timedelta(minutes=5):
            draft.refuse("done_at", m("What is still to come is not done yet."))
    if draft.changed("done_at", "due_on"):
        due, done = draft["due_on"], draft["done_at"]
        draft["late_days"] = (done.astimezone(draft.session.catalog.company.zone).date() - due).days if due is not None and done is not None else None


@when_changed("deal", "stage")
def a_stage_brings_its_duties(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A deal that enters a stage is given the duties of its team there; one that comes back finds those that it had."""
    if session.source in LOADING or session.info.get(MERGING) or session.undoing:
        return
    asked = {d.id: (d["stage"], rules_of(session.catalog, d["stage"]).duties) for d in drafts if d["stage"] is not None and d["deleted_at"] is None}
    asked = {deal: (stage, duties) for deal, (stage, duties) in asked.items() if duties}
    there = _made(session, asked)
    roles, today, days = session.catalog.picklists[ROLES], session.catalog.reader().today, dict[int, date]()
    rows: list[dict[str, Any]] = []
    for deal, (stage, duties) in asked.items():
        for one in duties:
            role = roles.by_key(one.role)
            if role is not None and (deal, stage, one.key) not in there:
                rows.append({
                    "deal": deal, "stage": stage, "key": one.key, "role": role.id, "what": one.label.uk, "what_en": one.label.en, "required": one.required,
                    "due_on": _due(session, today, one, days),
                })
    made = records.follow_with_new(session, "deal_duty", [{k: v for k, v in row.items() if k != "key"} for row in rows])
    _keep_keys(session, dict(zip(made, (row["key"] for row in rows), strict=True)))


def _keep_keys(session: DataSession, keys: Mapping[int, str]) -> None:
    """Which item of its stage each row is; nobody types it."""
    spec = session.catalog.entity("deal_duty").fields["key"]
    quietly.put(session, DUTY, {number: spec.stored(key) for number, key in keys.items()})


def _made(session: DataSession, deals: Iterable[int]) -> set[tuple[int, int, str]]:
    found: set[tuple[int, int, str]] = set()
    for part in in_parts(sorted(deals)):
        rows = select(DUTY.c.deal_id, DUTY.c.stage_id, DUTY.c.key).where(DUTY.c.deal_id.in_(part), DUTY.c.key.is_not(None), DUTY.c.deleted_at.is_(None))
        found |= {(deal, stage, key) for deal, stage, key in session.kernel(rows)}
    return found


def _due(session: DataSession, today: date, duty: Duty, known: dict[int, date]) -> date | None:
    """The last of so many working days of the company after today."""
    if duty.days is None:
        return None
    if duty.days not in known:
        company, found, last = session.catalog.company, list[date](), today
        while len(found) < duty.days:
            last, first = last + timedelta(days=MANY_DAYS), last + timedelta(days=1)
            worked = company.working_time.worked(first, last, company.zone, session.catalog.special_days)
            if not worked:
                return None  # a company that never works
            found += worked
        known[duty.days] = found[duty.days - 1]
    return known[duty.days]


def _holders(session: DataSession, deals: Sequence[int]) -> Holders:
    found: dict[tuple[int, int], list[int]] = {}
    for part in in_parts(deals):
        rows = select(MEMBER.c.deal_id, MEMBER.c.role_id, MEMBER.c.user_id).where(MEMBER.c.deal_id.in_(part), MEMBER.c.deleted_at.is_(None))
        for deal, role, user in session.kernel(rows.order_by(MEMBER.c.id)):
            found.setdefault((deal, role), []).append(user)
    return found


@keeps_from_leaving("deal")
def open_duties(session: DataSession, stage: int, deals: Sequence[int]) -> Iterator[tuple[int, Message]]:
    """A deal does not leave a stage while a duty that is needed for it is open, or while nobody has a role that the stage asks for."""
    roles, rules = session.catalog.picklists[ROLES], rules_of(session.catalog, stage)
    holders = _holders(session, deals) if rules.team else {}
    for deal in deals if rules.team else ():
        for key in rules.team:
            role = roles.by_key(key)
            if role is not None and not holders.get((deal, role.id)):
                yield deal, m("Nobody on the team has the role “%(role)s”.", role=role.label)
    for part in in_parts(deals):
        still = (DUTY.c.deal_id.in_(part), DUTY.c.stage_id == stage, DUTY.c.required, DUTY.c.done_at.is_(None), DUTY.c.deleted_at.is_(None))
        open_ones = session.kernel(select(DUTY.c.id, DUTY.c.deal_id).where(*still).order_by(DUTY.c.id)).all()
        told = _told(session, [row.id for row in open_ones])
        people = names(session, "user", (row.user for row in told.values()))
        for number, deal in open_ones:
            row = told.get(number)
            if row is None:
                yield deal, HIDDEN
                continue
            role = roles.by_id(row.role)
            whose = _whose(role.label if role else Label("", ""), people.get(row.user, UNSEEN) if row.user is not None else None)
            yield deal, m("“%(what)s” is not done yet: %(whose)s.", what=Label.of(row.what, row.what_en or row.what), whose=whose)


@aside
def _told(session: DataSession, duties: Sequence[int]) -> dict[int, Row[Any]]:
    """Of these duties what this writer sees wholly: what is to be done, in which role and by whom."""
    if not set(TOLD) <= set(session.sight.filterable("deal_duty")):
        return {}
    source = session.table("deal_duty")
    english = source["what_en"] if "what_en" in session.sight.filterable("deal_duty") else null()
    columns = (source.id.label("id"), source["what"].label("what"), english.label("what_en"), source["role"].label("role"), source["user"].label("user"))
    wholly = select(*columns).where(source.visible, source.id.in_(duties), *(source.shows(key) for key in TOLD))
    return {row.id: row for row in session.execute(wholly)}


def _whose(role: Label, name: str | None) -> Label:
    return Label(f"{role.uk}, {name}", f"{role.en}, {name}") if name else Label(f"{role.uk}, нікого не призначено", f"{role.en}, nobody is named")
