"""`/deal/<number>/state`: what stands above the fields of a deal's card."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from crm.admin_views.deal_rivals import rivals
from crm.admin_views.deal_team import team
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.panels import panel_at
from crm.admin_views.kit.standing import Standing, standing
from crm.admin_views.quotes.reading import versions
from crm.backoffice import lists
from crm.backoffice.catalog import Configured
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.numbers import decimal_formatter
from crm.backoffice.fields.percent import SIGNS
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden
from crm.messages import m, mn, render
from crm.sales.forecast.categories import PICKLIST, SOURCES_OF_DEALS
from crm.sales.forecast.shown import Side, sides
from crm.sales.forecast.usual import category
from crm.sales.health.reasons import health

pages = Blueprint("deal_state", __name__)
NUMBER = "<int(min=1, max=2147483647):record_id>"
KEYS = ("stage", "probability", "probability_source", "history_probability", "forecast_category")

panel_at("deal", "state")


@dataclass(frozen=True)
class Told:
    """One of the three probabilities in words."""

    label: str
    value: str
    holds: bool
    small: str = ""


@dataclass(frozen=True)
class Category:
    """In which category the deal is forecast, and that of its stage where somebody has chosen another."""

    label: str
    colour: str
    instead_of: str = ""


@dataclass(frozen=True)
class Condition:
    """How the deal is doing: the score of 100, None where this reader is not told it; its level, in a word and as people say it; each reason as a sentence
    with what it takes off."""

    score: int | None
    level: str
    said: str
    reasons: list[tuple[str, int]]


@pages.get(f"/deal/{NUMBER}/state")
def state(record_id: int) -> Response:
    """For those who see the deal; each part to whom it may be shown. Raises NotFound, Forbidden."""
    session = context.session()
    if not session.sight.may("deal", "read"):
        raise Forbidden()
    kind = session.catalog.entity("deal")
    rights = standing(session, kind, record_id)
    readable = session.sight.readable("deal")
    values = lists.record(session, "deal", record_id, tuple(key for key in KEYS if key in readable and rights.sees(key))).values
    stage = _stage(session, rights, values)
    html = render_template(
        "admin/deal/state.html", id=record_id, odds=_odds(session, rights, stage, values) if stage is not None else [],
        category=_category(session, rights, stage, values), team=team(session, record_id, stage),
        health=_health(session, record_id), rivals=rivals(session, record_id),
        quotes=versions(session, record_id), quotes_made="deal" in session.sight.creatable("quote") and (stage is None or stage.values["kind"] != "lost"),
    )
    return make_response(html)


def _health(session: UserSession, record_id: int) -> Condition | None:
    """None of a deal that is decided, or of which this reader does not see the stage."""
    one = health(session, [record_id]).get(record_id)
    if one is None:
        return None
    language = context.reader().language
    level = {"good": m("In order"), "fair": m("Worth a look"), "poor": m("In danger")}.get(one.level)
    return Condition(one.score, one.level, render(level, language) if level else "", [(render(r.said, language), r.weight) for r in one.reasons])


def _stage(session: UserSession, rights: Standing, values: Mapping[str, Any]) -> Configured | None:
    """The stage in which the deal stands, None for whoever does not see it."""
    held = values.get("stage") if "stage" in rights.shown else None
    number = held.id if isinstance(held, Ref) else held if isinstance(held, int) else 0
    return session.catalog.configured["stage"].get(number)


def _odds(session: UserSession, rights: Standing, stage: Configured, values: Mapping[str, Any]) -> list[Told]:
    found = sides(session, stage, values, rights.shown)
    return [_told(side) for side in found] if stage.values["kind"] == "open" and "probability" in rights.shown else []


def _told(side: Side) -> Told:
    language = context.reader().language
    small = ""
    if side.deals is not None:
        small = say(mn("%(num)s decided deal", "%(num)s decided deals", side.deals))
        if side.between is not None:
            small = f"{_percent(side.between.low)}–{_percent(side.between.high)} · {small}"
    return Told(dict(SOURCES_OF_DEALS)[side.source].text(language), _percent(side.probability), side.holds, small)


def _percent(value: Decimal | float | None) -> str:
    """A fraction in percent: an estimate in whole ones, what is stored as exactly as it is."""
    language = context.reader().language
    if value is None:
        return "—"
    show = decimal_formatter(language, 0, 0 if isinstance(value, float) else 2)
    return show(Decimal(str(value)).scaleb(2)) + SIGNS.get(language, "%")


def _category(session: UserSession, rights: Standing, stage: Configured | None, values: Mapping[str, Any]) -> Category | None:
    options, held = session.catalog.picklists[PICKLIST], values.get("forecast_category")
    chosen = options.by_id(held) if "forecast_category" in rights.shown and isinstance(held, int) else None
    if chosen is None:
        return None
    language, usual = context.reader().language, options.by_key(category(stage)) if stage is not None else None
    return Category(chosen.label.text(language), chosen.colour, usual.label.text(language) if usual is not None and usual != chosen else "")
