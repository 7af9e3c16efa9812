"""What segments and their members must satisfy, and what follows their changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from crm.backoffice import records, resting
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.kept import KEEPERS, Keeper
from crm.backoffice.conditions.tree import Node, expanded
from crm.backoffice.entities import Entity
from crm.backoffice.fields.condition import node_of, written
from crm.backoffice.guard import DataSession
from crm.backoffice.merging import before_merge
from crm.backoffice.parts import in_parts
from crm.backoffice.resting import NOBODY
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.contacts.segments import counting
from crm.contacts.segments.models import ACCOUNT, CONTACT, DYNAMIC, FROZEN, HAND, IMPORT, MERGE, OF, STATIC, Segment, SegmentMember
from crm.errors import BramaError, Invalid, UnknownName
from crm.messages import Message, m

SEGMENT, MEMBER = Segment.__table__, SegmentMember.__table__
OURS = ("segment", "segment-member")  # as needs name them
LASTING = ("of", "kind", "frozen_from")
NOT_BY_HAND = m("Only a static segment is put together by hand.")
ALREADY = m("This one is in the segment already.")
OTHER_SEGMENTS = m("The condition of a segment cannot ask for other segments.")
FOR_ME = m("A segment is the same for all: name a person instead of “me”.")
AHEAD = timedelta(minutes=1)  # clocks differ


# --- segments --------------------------------------------------------------------------------------------------------


@before_save("segment")
def what_a_segment_is_stays(draft: Draft) -> None:
    """What a segment holds and of which kind it is stays as it was made; a frozen one keeps its condition too."""
    if not draft.stood or draft.session.undoing:
        return
    for key in (*LASTING, *(("condition",) if draft.old["kind"] == FROZEN else ())):
        if draft.changed(key):
            draft.refuse(key, m("This stays as the segment was made. Make another segment."))


@before_save("segment")
def a_snapshot_is_of_a_segment(draft: Draft) -> None:
    """A frozen segment is made of another one: it takes over whom that one holds and by what condition."""
    if draft["kind"] != FROZEN:
        if draft["frozen_from"] is not None:
            draft.refuse("frozen_from", m("Only a frozen segment is a snapshot of another one."))
        return
    if draft["frozen_from"] is None:
        draft.refuse("frozen_from", m("Say of which segment it is a snapshot."))
    elif draft.is_new:
        source = draft.session.table("segment")
        found = draft.session.kernel(
            select(source.table.c.of, source.table.c.condition).where(source.visible, source.table.c.id == draft["frozen_from"])
        ).first()
        if found is not None:  # one that he does not see is refused with the other references
            draft["of"], draft["condition"] = found.of, _spelled_out(draft.session, found.condition)


def _spelled_out(session: DataSession, text: str | None) -> str | None:
    """What saved conditions say at this moment stands in a snapshot, whatever they say later."""
    if text is None:
        return None
    try:
        return written(expanded(node_of(text, session.catalog.saved)))
    except BramaError:
        return text


@before_save("segment")
def a_condition_of_a_dynamic_one(draft: Draft) -> None:
    """A dynamic segment has a condition over fields that its writer sees on every record; it asks neither for other segments nor for who looks."""
    if draft["kind"] == FROZEN:
        return
    if draft["kind"] != DYNAMIC:
        if draft["condition"] is not None:
            draft.refuse("condition", m("Only a dynamic segment has a condition."))
        return
    if draft["condition"] is None:
        draft.refuse("condition", m("Say by what condition records are in the segment."))
    elif draft.changed("condition", "of", "kind") and draft["of"] in dict(OF):
        _judge(draft, draft["of"], draft["condition"])


def _judge(draft: Draft, of: str, text: str) -> None:
    session = draft.session
    try:
        node = node_of(text, session.sight.saved)
        session.table(of).where(node)
        wanted = resting.needs(session.catalog, session.catalog.entity(of), node)
    except UnknownName:
        wanted = frozenset({NOBODY})
    except BramaError as wrong:
        return draft.refuse("condition", wrong.message)
    if NOBODY in wanted or not resting.meets(session.sight, wanted):
        return draft.refuse("condition", m("The condition names a field that is not there, or that you do not see on every record."))
    if any(name.lstrip(resting.WHOLE).partition(".")[0] in OURS for name in wanted):
        draft.refuse("condition", OTHER_SEGMENTS)
    if counting.asks_for_me(node):
        draft.refuse("condition", FOR_ME)


@when_changed("segment", "condition", "of", "kind", "deleted_at")
def rest_on_the_condition(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A dynamic segment and its snapshots show to who sees the fields in the condition; a changed condition is counted anew."""
    for draft in drafts:
        resting.keep(session, "segment", draft.id, _needs(session, draft))
        if draft["kind"] == DYNAMIC and draft["deleted_at"] is None:
            counting.ask(session, draft.id)


def _needs(session: DataSession, draft: Draft) -> frozenset[str]:
    return _needs_of(session, draft["of"], draft["condition"])


def _needs_of(session: DataSession, of: str, text: str | None) -> frozenset[str]:
    if text is None:
        return frozenset()
    try:
        return resting.needs(session.catalog, session.catalog.entity(of), node_of(text, session.catalog.saved))
    except BramaError:
        return frozenset({NOBODY})


def _why_not(catalog: Catalog, of: str, node: Node) -> Message | None:
    """Why a saved condition cannot say what makes `node` of a segment's condition."""
    if any(name.lstrip(resting.WHOLE).partition(".")[0] in OURS for name in resting.needs(catalog, catalog.entity(of), node)):
        return OTHER_SEGMENTS
    return FOR_ME if counting.asks_for_me(node) else None


def _follow_saved(session: DataSession, ids: Sequence[int]) -> None:
    """Segments whose condition says something else from now on rest on other fields, and are counted anew."""
    for part in in_parts(ids):
        rows = session.kernel(select(SEGMENT.c.id, SEGMENT.c.of, SEGMENT.c.condition, SEGMENT.c.kind, SEGMENT.c.deleted_at).where(SEGMENT.c.id.in_(part)))
        for row in rows.all():
            resting.keep(session, "segment", row.id, _needs_of(session, row.of, row.condition))
            if row.kind == DYNAMIC and row.deleted_at is None:
                counting.ask(session, row.id)


KEEPERS["segment"] = Keeper(_why_not, _follow_saved)


@when_changed("segment", "frozen_from")
def copy_members(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A snapshot is filled with whoever is in the other segment at the moment when it is made."""
    for draft in drafts:
        if not draft.old and draft["frozen_from"] is not None:
            counting.ask_to_freeze(session, draft.id)


# --- members ---------------------------------------------------------------------------------------------------------


@before_save("segment_member")
def complete_membership(draft: Draft) -> None:
    """Whoever is added is in the segment from now on, until a moment that is not ahead."""
    now = datetime.now(UTC)
    if draft.is_new:
        draft["since"] = draft["since"] or now
        draft["how"] = IMPORT if draft.session.source == "import" else draft["how"] or HAND
    if draft["since"] and draft["until"] and draft["until"] < draft["since"]:
        draft.refuse("until", m("The last day is before the first."))
    for key in ("since", "until"):
        if draft.changed(key) and draft[key] and draft[key] > now + AHEAD:
            draft.refuse(key, m("A membership begins and ends no later than now."))
    if draft.changed("until"):
        draft["why_left"] = None if draft["until"] is None else MERGE if draft.session.merging else HAND
    draft["current"] = draft["segment"] if draft["until"] is None else None


@before_save("segment_member")
def only_by_hand_in_static_ones(draft: Draft) -> None:
    """By hand people are put into static segments only: a company into one of companies, a person into one of people, and once at a time."""
    if not draft.changed("segment", "account", "contact", "since", "until", "deleted_at") or draft["segment"] is None:
        return
    session, source = draft.session, draft.session.table("segment")
    found = session.kernel(
        select(source.table.c.of, source.table.c.kind).where(source.visible, source.table.c.id == draft["segment"]).with_for_update()
    ).first()
    if found is None:
        return  # one that he does not see is refused with the other references
    if found.kind != STATIC and not session.undoing and not session.merging:
        draft.refuse("segment", NOT_BY_HAND)
    other = CONTACT if found.of == ACCOUNT else ACCOUNT
    if draft[other] is not None:
        draft.refuse(other, m("This segment holds records of another kind."))
    elif draft[found.of] is None:
        draft.refuse(found.of, m("Say who is in the segment."))
    elif draft["current"] is not None and _is_there(session, draft, found.of):
        draft.refuse(found.of, ALREADY)


def _is_there(session: DataSession, draft: Draft, of: str) -> bool:
    """Whether another membership of the same one lasts, as far as the writer may know."""
    rows = session.table("segment_member")
    query = select(rows.table.c.id).where(rows.visible, rows.table.c.current_id == draft["segment"], rows.table.c[f"{of}_id"] == draft[of])
    return session.kernel(query.where(rows.table.c.id != draft.id).limit(1)).first() is not None


@when_changed("segment_member", "segment", "account", "contact", "until", "deleted_at")
def one_membership_at_a_time(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody is in a segment twice, and a frozen or dynamic one loses nobody by hand; the segment is counted."""
    changed = {number for draft in drafts for number in (draft["segment"], draft.old.get("segment")) if number is not None}
    kinds = {row[0]: row[1] for row in session.kernel(select(SEGMENT.c.id, SEGMENT.c.kind).where(SEGMENT.c.id.in_(changed)))}
    for draft in drafts:
        if draft["deleted_at"] is not None and kinds.get(draft["segment"]) != STATIC and not session.undoing:
            raise Invalid({"segment": NOT_BY_HAND})
        _follow_until(session, draft)
    for of in (ACCOUNT, CONTACT):
        _refuse_doubles(session, of, drafts)
    counting.measure(session, sorted(changed), datetime.now(UTC))


def _follow_until(session: DataSession, draft: Draft) -> None:
    """Where no rule was asked, as when a merge is taken back, `current` has yet to follow."""
    current = draft["segment"] if draft["until"] is None else None
    if draft["current"] != current:
        draft["current"] = current
        why = draft.entity.fields["why_left"].stored(None if current is not None else draft["why_left"])
        session.kernel(update(MEMBER).where(MEMBER.c.id == draft.id).values(current_id=current, **why))


def _refuse_doubles(session: DataSession, of: str, drafts: Sequence[Draft]) -> None:
    column, place = MEMBER.c[f"{of}_id"], {draft.id: n for n, draft in enumerate(drafts)}
    lasting = [d for d in drafts if d["current"] is not None and d["deleted_at"] is None and d[of] is not None]
    segments = {draft["current"] for draft in lasting}
    for part in in_parts([draft[of] for draft in lasting]):
        query = select(MEMBER.c.id, MEMBER.c.current_id, column).where(MEMBER.c.current_id.in_(segments), column.in_(part), MEMBER.c.deleted_at.is_(None))
        first = set[tuple[int, int]]()
        for number, segment, one in sorted(session.kernel(query), key=lambda row: place.get(row[0], -1)):
            if (segment, one) in first and number in place:
                raise records.InvalidRows({place[number]: {of: ALREADY}})
            first.add((segment, one))


@before_merge(ACCOUNT, CONTACT)
def one_stays(session: DataSession, kind: Entity, into: int, going: Sequence[int]) -> None:
    """Where several of the records that become one are in a segment, the one that stays keeps its membership, or the oldest goes over to it."""
    column = MEMBER.c[f"{kind.key}_id"]
    query = select(MEMBER.c.id, MEMBER.c.current_id, column, MEMBER.c.created_at).where(
        column.in_([into, *going]), MEMBER.c.current_id.is_not(None), MEMBER.c.deleted_at.is_(None)
    )
    rows = sorted(session.kernel(query.with_for_update()).all(), key=lambda row: (row[2] != into, row[3], row[0]))
    kept, doubled = set[int](), list[int]()
    for number, segment, _, _ in rows:
        if segment in kept:
            doubled.append(number)
        kept.add(segment)
    now = datetime.now(UTC)
    records.follow_with_changes(session, "segment_member", {number: {"until": now} for number in doubled})
