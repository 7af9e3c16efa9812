"""The battle card of a deal: what we know of each rival met in it, and what we answer when the customer compares."""

from dataclasses import dataclass
from typing import Any

from crm.admin_views.kit import context
from crm.admin_views.kit.cells import text_formatter
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery

MOST = 10  # rivals of one deal; more stand on its tab
ROW, FIRM = "deal_competitor", "competitor"
OF_ROW = ("competitor", "threat", "status")
OF_FIRM = ("answers", "weaknesses", "strengths", "price_position")


@dataclass(frozen=True)
class Rival:
    """A rival in the deal as its reader may see it: the way to its card, what stands beside its name, and what is said of it by label."""

    name: str
    url: str
    beside: list[str]
    answers: str
    said: list[tuple[str, str]]


def rivals(session: UserSession, deal: int) -> list[Rival]:
    """The rivals of a deal that this reader sees, by at most two statements; none for who may not read them. Texts are plain."""
    if not {"deal", "competitor"} <= set(session.sight.filterable(ROW)) or not session.sight.may(FIRM, "read"):
        return []
    rows = lists.page(session, ListQuery(ROW, _shown(session, ROW, OF_ROW), Leaf(("deal",), "eq", deal), (("id", False),), size=MOST)).rows
    met = {row.values["competitor"].id: row.values for row in rows if isinstance(row.values.get("competitor"), Ref)}
    if not met:
        return []
    firms = ListQuery(FIRM, _shown(session, FIRM, (*OF_FIRM, *session.catalog.entity(FIRM).named_by(session.reader.language))))
    known = lists.page(session, ListQuery(FIRM, firms.columns, Leaf(("id",), "in", list(met)), (("id", False),), size=MOST)).rows
    return [_rival(session, row.id, met[row.id], row.values) for row in known]


def _shown(session: UserSession, entity: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    readable = session.sight.readable(entity)
    return tuple(key for key in dict.fromkeys(keys) if key in readable)


def _rival(session: UserSession, number: int, row: Any, firm: Any) -> Rival:
    in_deal = [_text(session, ROW, key, row.get(key)) for key in ("threat", "status")]
    beside = [*in_deal, _text(session, FIRM, "price_position", firm.get("price_position"))]
    language, kind = context.reader().language, session.catalog.entity(FIRM)
    said = [(kind.fields[key].label.text(language), _text(session, FIRM, key, firm.get(key))) for key in ("weaknesses", "strengths")]
    name = next((str(ref.text) for ref in (row.get("competitor"),) if isinstance(ref, Ref) and ref.text is not None), "")
    answers = _text(session, FIRM, "answers", firm.get("answers"))
    return Rival(name, f"/{FIRM}/{number}/", [one for one in beside if one], answers, [one for one in said if one[1]])


def _text(session: UserSession, entity: str, key: str, value: Any) -> str:
    """A value as its reader reads it; a mask as it is."""
    if value is None:
        return ""
    if isinstance(value, lists.Masked):
        return value.text
    return text_formatter(session.catalog.entity(entity).fields[key], context.reader())(value)
