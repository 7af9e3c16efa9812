"""Where two have changed the same, as the later of them is told it."""

from dataclasses import dataclass
from typing import Any

from crm.admin_views.configuration.options_form import COLOUR_WORDS
from crm.admin_views.configuration.plan_words import FACETS, value_words
from crm.admin_views.kit.answers import say
from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.reconciling import GONE, Clash
from crm.messages import Label, m

OPTION_PARTS = {"label": FACETS["label"], "colour": Label("Колір", "Colour"), "retired": Label("Вилучене зі вжитку", "Retired")}


@dataclass(frozen=True)
class Line:
    """The thing and its part; what stands now, and what was wanted ("" where no short word says it)."""

    text: str
    now: str = ""
    wanted: str = ""


def told(clash: Clash, catalog: Catalog, language: str) -> Line:
    name = _name(clash, catalog, language)
    if clash.part == GONE:
        return Line(say(m("“%(name)s” has been changed, removed or named otherwise meanwhile.", name=name)))
    if clash.part == "order":
        return Line(say(m("Others have put the options of “%(name)s” in another order.", name=name)))
    if clash.part.startswith("option:"):
        key, _, part = clash.part.removeprefix("option:").rpartition(".")
        known = catalog.picklists.get(clash.entity)
        option = known.by_key(key) if known else None
        what = f"{name} · {option.label.text(language) if option else key} · {OPTION_PARTS[part].text(language)}"
        return Line(what, _option_word(part, clash.now, language), _option_word(part, clash.wanted, language))
    facet = FACETS.get(clash.part)
    plain = facet is not None and not isinstance(clash.now, list) and not isinstance(clash.wanted, list)
    words = tuple(value_words(clash.part, one, language) if plain else "" for one in (clash.now, clash.wanted))
    return Line(f"{name} · {facet.text(language)}" if facet else say(m("A part of “%(name)s”: %(part)s", name=name, part=clash.part)), *words)


def _name(clash: Clash, catalog: Catalog, language: str) -> str:
    if clash.kind == "picklist":
        known = catalog.picklists.get(clash.entity)
        return known.label.text(language) if known else clash.entity
    kind = catalog.entities.get(clash.entity)
    entity = kind.plural.text(language) if kind else clash.entity
    if clash.kind == "field":
        spec = kind.fields.get(clash.key) if kind else None
        return f"{entity} · {spec.label.text(language) if spec else clash.key}"
    return f"{entity}, {clash.key}" if clash.key else entity


def _option_word(part: str, value: Any, language: str) -> str:
    if isinstance(value, Label):
        return value.text(language)
    if part == "colour":
        return COLOUR_WORDS.get(str(value or ""), COLOUR_WORDS[""]).text(language)
    return value_words("required", bool(value), language)
