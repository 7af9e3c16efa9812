"""Where two have changed the same, as the later of them is told it."""

from dataclasses import dataclass

from crm.admin_views.configuration import check_words, stage_words
from crm.admin_views.configuration.plan_words import FACETS, value_words
from crm.admin_views.kit.answers import say
from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.pipelines import pipeline_of, stages_of
from crm.backoffice.lowcode.reconciling import GONE, Clash
from crm.messages import m


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
        if clash.kind == "pipeline":
            return Line(say(m("Others have put the stages of “%(name)s” in another order.", name=name)))
        return Line(say(m("Others have put the options of “%(name)s” in another order.", name=name)))
    if clash.part.startswith(("option:", "stage:")):
        key, _, part = clash.part.partition(":")[2].rpartition(".")
        what = f"{name} · {_row_name(clash, catalog, key, language)} · {(stage_words.PARTS | stage_words.ASKED)[part].text(language)}"
        return Line(what, stage_words.word(part, clash.now, language), stage_words.word(part, clash.wanted, language))
    facet = (check_words.PARTS if clash.kind == "check" else FACETS).get(clash.part)
    # What a condition of another asks for may be more than this reader sees.
    plain = facet is not None and clash.part != "where" and not isinstance(clash.now, list) and not isinstance(clash.wanted, list)
    words = tuple(value_words(clash.part, one, language) if plain else "" for one in (clash.now, clash.wanted))
    return Line(f"{name} · {facet.text(language)}" if facet else say(m("A part of “%(name)s”: %(part)s", name=name, part=clash.part)), *words)


def _name(clash: Clash, catalog: Catalog, language: str) -> str:
    if clash.kind == "picklist":
        known = catalog.picklists.get(clash.entity)
        name = known.label.text(language) if known else clash.entity
        return f"{name} · {_row_name(clash, catalog, clash.key, language)}" if clash.key else name
    if clash.kind == "pipeline":
        row = pipeline_of(catalog, clash.entity)
        name = row.label.text(language) if row else clash.entity
        return f"{name} · {_row_name(clash, catalog, clash.key, language)}" if clash.key else name
    kind = catalog.entities.get(clash.entity)
    entity = kind.plural.text(language) if kind else clash.entity
    if clash.kind == "field":
        spec = kind.fields.get(clash.key) if kind else None
        return f"{entity} · {spec.label.text(language) if spec else clash.key}"
    if clash.kind == "check":
        said = check_words.said(catalog, clash.entity, clash.key)
        return f"{entity} · {said['message'][language] if said else clash.key}"
    return f"{entity}, {clash.key}" if clash.key else entity


def _row_name(clash: Clash, catalog: Catalog, key: str, language: str) -> str:
    """An option or a stage by its label."""
    if clash.kind == "pipeline":
        row = stages_of(catalog, pipeline_of(catalog, clash.entity)).get(key)
        return row.label.text(language) if row else key
    known = catalog.picklists.get(clash.entity)
    option = known.by_key(key) if known else None
    return option.label.text(language) if option else key
