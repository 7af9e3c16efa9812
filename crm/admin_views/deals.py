"""What the screens of deals do beside the derived ones: how a deal's way through its stages is told on timelines."""

from html import escape

from crm.admin_views.kit.timeline import Teller, Words, told
from crm.messages import m, render

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
