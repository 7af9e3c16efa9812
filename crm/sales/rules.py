"""What deals and their lines must satisfy, and what fills itself in."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select

from crm.backoffice import records
from crm.backoffice.catalog import Configured
from crm.backoffice.conditions.restaging import Restaging
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.edits import APPLYING
from crm.backoffice.lowcode.stage_merging import MERGING
from crm.backoffice.lowcode.stage_requirements import LONGEST_STAY
from crm.backoffice.lowcode.uses import stage_with
from crm.backoffice.money import round_half_up
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.stage_rules import SIDES
from crm.errors import FieldError, Forbidden, Invalid
from crm.messages import m
from crm.sales import stays
from crm.sales.models import Deal, DealLine, Stage


def stage_of(draft: Draft) -> Configured | None:
    """The stage in which the deal stands."""
    return draft.session.catalog.configured["stage"].get(draft["stage"])


@before_save("pipeline")
def a_pipeline_keeps_its_code(draft: Draft) -> None:
    """A pipeline keeps its code: files know it by that."""
    if draft.old and draft.changed("code"):
        draft.refuse("code", m("A pipeline keeps its code: files know it by that."))


@before_save("stage")
def a_stage_keeps_its_key(draft: Draft) -> None:
    """A stage keeps its key and its pipeline: deals and files know it by them. A key stands once in a pipeline."""
    if draft.old:
        for key in ("key", "pipeline"):
            if draft.changed(key):
                draft.refuse(key, m("A stage keeps its key and its pipeline: deals and files know it by them."))
    elif draft["key"] is not None:
        stages = Stage.__table__
        same = select(stages.c.id).where(stages.c.pipeline_id == draft["pipeline"], stages.c.key == draft["key"], stages.c.deleted_at.is_(None))
        if draft.session.kernel(same.where(stages.c.id != draft.id).limit(1)).first() is not None:
            draft.refuse("key", m("The pipeline has a stage with this key already."))


@before_save("stage")
def a_stage_takes_some_days(draft: Draft) -> None:
    """A service time is at least one working day, at most ten years of them."""
    if draft["days"] is not None and not 1 <= draft["days"] <= LONGEST_STAY:
        draft.refuse("days", m("A service time is a number of working days, from 1 to %(most)s.", most=LONGEST_STAY))


@when_changed("stage", "deleted_at")
def a_stage_with_deals_stays(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A stage in which deals stand is retired, not deleted."""
    _stands_empty(session, Deal.__table__.c.stage_id, {d.id for d in drafts if d["deleted_at"] is not None})


@when_changed("stage", "deleted_at")
def a_stage_that_others_name_stays(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A stage that the requirements of another name is not deleted: they could not be asked any more."""
    rows, gone = session.catalog.configured["stage"], {d.id for d in drafts if d["deleted_at"] is not None}
    for number in gone & rows.keys():
        change = Restaging("stage", rows, number, None)
        for stage in (one for one in rows.values() if one.said and one.id not in gone):
            without = stage_with(stage.said, stage, session.catalog, change)
            if any(without.get(side) != stage.said.get(side) for side in SIDES):
                raise Forbidden(m("What the stage “%(name)s” asks for names this one; change that first.", name=stage.label))


@when_changed("stage", "retired", "kind", "deleted_at")
def a_pipeline_keeps_an_open_stage(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A pipeline in which deals could begin keeps a stage for them; its last open one is neither retired nor made another kind."""
    if session.info.get(APPLYING):
        return  # stage by stage it may lack one in between: a file is judged as a whole, by its plan
    stages = Stage.__table__
    for number in sorted({d["pipeline"] for d in drafts if d.stood and d.old["kind"] == "open" and not d.old["retired"]}):
        here = select(stages.c.kind, stages.c.retired).where(stages.c.pipeline_id == number, stages.c.deleted_at.is_(None))
        left = session.kernel(here).all()
        if left and not any(kind == "open" and not retired for kind, retired in left):
            known = session.catalog.configured["pipeline"].get(number)
            raise Invalid({"kind": m(
                "The pipeline “%(name)s” would have no open stage left: new deals would have nowhere to stand.", name=known.label if known else str(number),
            )})


@when_changed("pipeline", "deleted_at")
def a_pipeline_with_deals_stays(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A pipeline in which deals stand is not deleted."""
    _stands_empty(session, Deal.__table__.c.pipeline_id, {d.id for d in drafts if d["deleted_at"] is not None})


def _stands_empty(session: DataSession, place: ColumnElement[Any], ids: set[int]) -> None:
    if ids and session.kernel(select(place).where(place.in_(sorted(ids)), Deal.__table__.c.deleted_at.is_(None)).limit(1)).first() is not None:
        raise Forbidden(m("Deals stand here. A stage that is no longer used is retired, not deleted."))


@before_save("deal")
def stands_in_a_stage_of_its_pipeline(draft: Draft) -> None:
    """A deal stands in a stage of its pipeline: the first one when none is named."""
    stages = draft.session.catalog.configured["stage"]
    stage = stages.get(draft["stage"])
    if draft["pipeline"] is None:
        first = next((p.id for p in draft.session.catalog.configured["pipeline"].values() if p.values["entity"] == "deal"), None)
        draft["pipeline"] = stage.parent_id if stage else first
    if draft["stage"] is None:
        draft["stage"] = next((s.id for s in stages.values() if s.parent_id == draft["pipeline"] and not s.retired), None)
    elif stage is not None and stage.parent_id != draft["pipeline"]:
        draft.refuse("stage", m("This stage belongs to another pipeline."))
    elif stage is not None and stage.retired and draft.takes("stage"):
        draft.refuse("stage", m("“%(option)s” is no longer used.", option=stage.label))


@before_save("deal")
def named_by_code(draft: Draft) -> None:
    """A deal without a name is called by its code."""
    if not draft["name"]:
        draft["name"] = draft["code"]


@before_save("deal")
def closed_on_the_day_it_is_decided(draft: Draft) -> None:
    """A deal that is won or lost is closed today unless another day is given; an open one has no such day."""
    stage = stage_of(draft)
    if stage is None or not draft.changed("stage") or "closed_on" in draft.given or draft.session.source in LOADING:
        return
    draft["closed_on"] = None if stage.values["kind"] == "open" else draft["closed_on"] or draft.session.reader.today


@before_save("deal")
def lost_for_a_reason(draft: Draft) -> None:
    """A lost deal needs a reason; files of other systems may not know one."""
    stage = stage_of(draft)
    if stage is not None and stage.values["kind"] == "lost" and draft["loss_reason"] is None and draft.session.source not in LOADING:
        draft.refuse("loss_reason", m("A lost deal needs a reason."))


@before_save("deal")
def dates_in_order(draft: Draft) -> None:
    """A deal is neither closed nor expected to close before it is opened; one that is put down late was opened no later than that."""
    if draft["opened_on"] is None and draft.is_new and draft.session.source not in LOADING:
        draft["opened_on"] = min(draft.session.reader.today, draft["expected_on"] or date.max)
    if draft["opened_on"] and draft["expected_on"] and draft["expected_on"] < draft["opened_on"] and draft.changed("opened_on", "expected_on"):
        draft.refuse("expected_on", m("The deal would be expected to close before it was opened."))
    if draft["opened_on"] and draft["closed_on"] and draft["closed_on"] < draft["opened_on"]:
        draft.refuse("closed_on", m("The deal would be closed before it was opened."))


@before_save("deal")
def counted_when_put_off(draft: Draft) -> None:
    """How often an open deal was put off is counted: the day on which it is expected to close went to a later one."""
    before, after, stage = draft.old.get("expected_on"), draft["expected_on"], stage_of(draft)
    draft["put_off"] = draft["put_off"] or 0
    if not draft.is_new and before and after and stage is not None and stage.values["kind"] == "open" and draft.session.source not in LOADING:
        if draft.session.undoing:
            draft["put_off"] = max(0, draft["put_off"] - (after < before))
        elif after > before:
            draft["put_off"] += 1


@before_save("deal")
def margin_of_amount_and_cost(draft: Draft) -> None:
    """Margin is amount less cost unless given."""
    if "margin" in draft.given or not draft.changed("amount", "cost"):
        return
    followed = draft.is_new or draft.old.get("margin") == _difference(draft.old.get("amount"), draft.old.get("cost"))
    if followed:
        draft["margin"] = _difference(draft["amount"], draft["cost"])


def _difference(amount: Any, cost: Any) -> Decimal | None:
    return None if amount is None or cost is None else amount - cost


@when_changed("deal", "stage")
def keep_stage_history(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Every move to another stage is kept with its moment; an import brings its own history, and a merge of stages moves it along."""
    if session.source in LOADING or session.info.get(MERGING):
        return
    now = datetime.now(UTC)
    # What takes a move back has put its row into the bin: the deal stands again where it stood, and enters nothing.
    standing = stays.standing(session, [d.id for d in drafts if not d.is_new]) if session.undoing else {}
    records.follow_with_new(session, "stage_history", [
        {
            "deal": d.id, "from_stage": d.old.get("stage"), "stage": d["stage"], "entered_at": now, "amount": d["amount"], "probability": d["probability"],
        }
        for d in drafts if d["stage"] is not None and standing.get(d.id) != d["stage"]
    ])


@before_save("stage_history")
def a_stay_begins_alone(draft: Draft) -> None:
    """A new row of the history stands for itself until it is seen between its neighbours."""
    if draft.is_new:
        draft.new |= stays.ALONE


@when_changed("stage_history", "deal", "stage", "from_stage", "entered_at", "deleted_at")
def stays_follow_each_other(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A stay ends when the next one begins, whatever wrote either: how long it lasted and what kind of move it was follow from the deal's history."""
    deals = {number for d in drafts for number in (d.old.get("deal"), d["deal"]) if number is not None}
    stays.keep(session, deals, led=not session.info.get(MERGING))  # a merge of stages moves both ends of a move, one after the other


@before_save("deal_line")
def amount_of_the_line(draft: Draft) -> None:
    """A line's amount is quantity × price × (1 − discount), to four decimals, unless given."""
    if "amount" in draft.given and draft["amount"] is not None:
        return
    followed = draft.is_new or draft.old.get("amount") == line_amount(draft.old)
    if draft["amount"] is None or (followed and draft.changed("quantity", "price", "discount")):
        draft["amount"] = line_amount(draft.new)
        try:
            draft.entity.fields["amount"].clean(draft["amount"])
        except FieldError as wrong:
            draft.refuse("amount", wrong.message)


def line_amount(line: Any) -> Decimal | None:
    """quantity × price × (1 − discount), rounded half up to four decimals; None without a price."""
    if line.get("price") is None or line.get("quantity") is None:
        return None
    return round_half_up(line["quantity"] * line["price"] * (1 - (line.get("discount") or Decimal(0))), 4)


@before_save("stage")
@before_save("deal")
@before_save("stage_history")
def probability_is_a_fraction(draft: Draft) -> None:
    """A probability is a fraction from 0 to 1."""
    if draft["probability"] is not None and draft.changed("probability") and not 0 <= draft["probability"] <= 1:
        draft.refuse("probability", m("A probability lies between 0 and 100 %%."))


@before_save("deal_line")
def discount_is_a_fraction(draft: Draft) -> None:
    """A discount is a fraction from 0 to 1."""
    if draft["discount"] is not None and not 0 <= draft["discount"] <= 1:
        draft.refuse("discount", m("A discount lies between 0 and 100 %%."))


@when_changed("deal_line", "amount", "deal", "deleted_at")
def amount_of_the_deal(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A deal's amount is the sum of its lines unless another one was given: it follows as long as it agreed with them."""
    if session.source == "demo":
        return
    before: dict[int, Sum] = {}
    for draft in drafts:
        for values, sign in ((draft.old, 1), (draft.new, -1)):
            if values.get("deal") is not None and values.get("deleted_at") is None and values.get("amount") is not None:
                before[values["deal"]] = before.get(values["deal"], NOTHING).plus(values["amount"], sign)
    changes: dict[int, dict[str, Any]] = {}
    for deal_id, (amount, now) in _sums(session, sorted(before)).items():
        was = now.plus(before[deal_id].amount, 1, before[deal_id].lines)
        if (amount is None or (was.lines and amount == was.amount)) and amount != now.known:
            changes[deal_id] = {"amount": now.known}
    records.follow_with_changes(session, "deal", changes)


class Sum(NamedTuple):
    """Amounts of lines added up, and how many lines have one."""

    amount: Decimal
    lines: int

    def plus(self, amount: Decimal, sign: int, lines: int | None = None) -> "Sum":
        return Sum(self.amount + sign * amount, self.lines + (sign if lines is None else lines))

    @property
    def known(self) -> Decimal | None:
        """The sum; None of no line."""
        return self.amount if self.lines else None


NOTHING = Sum(Decimal(0), 0)


def _sums(session: DataSession, deal_ids: Sequence[int]) -> dict[int, tuple[Decimal | None, Sum]]:
    """Deal → its amount, and the sum of its lines."""
    deals, lines = Deal.__table__, DealLine.__table__
    found: dict[int, tuple[Decimal | None, Sum]] = {}
    for part in in_parts(deal_ids):
        query = (
            select(deals.c.id, deals.c.amount, func.sum(lines.c.amount), func.count(lines.c.amount))
            .select_from(deals.outerjoin(lines, and_(lines.c.deal_id == deals.c.id, lines.c.deleted_at.is_(None))))
            .where(deals.c.id.in_(part)).group_by(deals.c.id, deals.c.amount)
        )
        found |= {deal_id: (amount, Sum(total or Decimal(0), count)) for deal_id, amount, total, count in session.kernel(query)}
    return found
