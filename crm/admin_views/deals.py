"""What the screens of deals do beside the derived ones: how a deal's way through its stages is told on timelines, and what of it asks
for attention on a board."""

from collections.abc import Sequence
from html import escape

from babel.dates import format_date

from crm.admin_views.kit import context
from crm.admin_views.kit.card_marks import Mark, card_marks, cell_marks
from crm.admin_views.kit.timeline import Teller, Words, told
from crm.backoffice.guard import UserSession
from crm.messages import m, mn, render
from crm.sales.neglect import neglected, overdue_stays

ICONS = {"won": "trophy", "lost": "x"}


@told("deal", "stage")
def way_of_a_deal(teller: Teller) -> Words:
    """Opened, won, lost, or moved from one stage to another; on a card other than its own the deal is named."""
    deal, language = teller.value("deal"), teller.reader.language
    own = ("deal", deal) == teller.on
    stages = teller.reader.catalog.configured["stage"] if teller.reader.catalog else {}
    stage = stages.get(teller.value("stage") or 0)
    kind = stage.values.get("kind") if stage else None
    if teller.item.kind.key == "stage":
        what = m("Stage")
    else:
        what = {"won": m("Deal won"), "lost": m("Deal lost")}.get(str(kind), m("Deal opened"))
    name = "" if own else teller.text("deal")
    title = render(what, language)
    url = "" if own or not name else f"/deal/{deal}/"
    before, now = teller.html("from_stage"), teller.html("stage")
    way = f'<span class="b-was-stage">{before}</span> → {now}' if before and now and kind == "open" else now if kind == "open" else ""
    again = teller.value("attempt") or 1
    marks = [way] if way else []
    if again > 1:
        marks.append(escape(render(m("time %(number)s there", number=again), language)))
    return Words(f"{title}: {name}" if name else title, url, ICONS.get(str(kind), ""), tuple(marks), who=teller.value("created_by"))


@card_marks("deal")
def attention(session: UserSession, ids: Sequence[int]) -> dict[int, list[Mark]]:
    """What of an open deal asks for attention: its next step, how long it has been in its stage, how long nobody has talked."""
    reader = context.reader()
    language = reader.language
    found: dict[int, list[Mark]] = {}
    for number, one in neglected(session, ids).items():
        marks = found[number] = []
        if one.has_no_step:
            marks.append(Mark("alert-triangle", render(m("no next step"), language), "warn"))
        if one.overdue_on is not None:
            words = m("step overdue: %(day)s", day=format_date(one.overdue_on, "d MMM", locale=language))
            marks.append(Mark("calendar-event", render(words, language), "late"))
        if one.stood is not None:
            marks.append(_stood(one.stood, one.limit))
        if one.quiet is not None:
            more = mn("No talk and no move for %(num)s day", "No talk and no move for %(num)s days", one.quiet)
            marks.append(Mark("message", render(mn("quiet for %(num)s d.", "quiet for %(num)s d.", one.quiet), language), "warn", render(more, language)))
    return found


@cell_marks("deal", "stage")
def overdue(session: UserSession, ids: Sequence[int]) -> dict[int, list[Mark]]:
    """Beside the stage of a deal: that it has been there for longer than it should."""
    return {number: [_stood(one.days, one.limit)] for number, one in overdue_stays(session, ids).items()}


def _stood(days: int, limit: int | None) -> Mark:
    language = context.reader().language
    more = mn(
        "%(num)s working day in the stage; at most %(limit)s are meant", "%(num)s working days in the stage; at most %(limit)s are meant", days, limit=limit,
    )
    words, brief = (render(said, language) for said in (mn("%(num)s d. in stage", "%(num)s d. in stage", days), mn("%(num)s d.", "%(num)s d.", days)))
    return Mark("clock", words, "warn", render(more, language), brief)
