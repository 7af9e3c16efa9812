"""What a plan does to pipelines and their stages, in words."""

from collections.abc import Iterator
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.colours import COLOUR_WORDS
from crm.backoffice.fields.numbers import decimal_formatter
from crm.backoffice.fields.percent import SIGNS
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.parsing import order
from crm.backoffice.lowcode.pipelines import Likelihood, PipelineSpec, StageSpec, likelihood_of, pipeline_of, stage_stands, stages_of
from crm.backoffice.stage_rules import SIDES
from crm.messages import Label, Message, m, render
from crm.sales.forecast.categories import FORECAST_CATEGORIES, PROBABILITY_SOURCES
from crm.sales.models import STAGE_KINDS

PARTS = {
    "label": Label("Назва", "Name"), "kind": Label("Тип", "Type"), "probability": Label("Ймовірність", "Probability"), "colour": Label("Колір", "Colour"),
    "retired": Label("Вилучене зі вжитку", "Retired"), "days": Label("Строк, робочих днів", "Service time, working days"),
    "forecast": Label("Категорія прогнозу", "Forecast category"),
}
ASKED = {  # of these plans tell each by itself, and only where two have changed them the whole
    "enter": Label("Вимоги, щоб увійти", "Requirements to enter"), "exit": Label("Вимоги, щоб вийти", "Requirements to leave"),
    "checklist": Label("Перелік справ", "Checklist"), "duties": Label("Обовʼязки команди", "Duties of the team"),
    "team": Label("Ролі, без яких не вийти", "Roles needed to leave"), "moves": Label("Куди веде", "Where it leads"),
}
LISTED, LISTED_NO_MORE = m("New on the checklist: %(item)s"), m("No more on the checklist: %(item)s")
LISTED_OTHERWISE = m("Otherwise on the checklist: %(item)s")
PLACE = Label("Місце", "Place")


def names(document: Document, catalog: Catalog, language: str) -> dict[str, str]:
    """The names that pipelines and stages of a document have there, by code."""
    found = {spec.key: spec.label.text(language) for spec in document.pipelines}
    return found | {code: stage.label.text(language) for spec in document.pipelines for code, stage, _ in _coded(catalog, spec)}


def details(document: Document, catalog: Catalog, change: Change, language: str) -> Iterator[str]:
    """What a change says of one stage; `catalog` is the one in force."""
    if change.effect == "merge":
        merge = next((one for one in document.stage_merges if one.rows(catalog)[0].code == change.field), None)
        if merge is not None:
            yield f"→ {merge.rows(catalog)[1].label.text(language)}"
        return
    for spec in document.pipelines:
        if change.effect == "probability" and change.field == spec.key:
            known = pipeline_of(catalog, spec.key)
            yield f"{word('probability', likelihood_of(known.values), language)} → {word('probability', spec.likelihood, language)}" if known else ""
        for code, stage, old in _coded(catalog, spec):
            if code == change.field:
                yield from _differences(catalog, spec, stage, old, language)


def _differences(catalog: Catalog, spec: PipelineSpec, stage: StageSpec, old: StageSpec | None, language: str) -> Iterator[str]:
    if old is None:
        yield " · ".join(word(name, getattr(stage, name), language) for name in ("kind", "probability", "colour") if getattr(stage, name) not in (None, ""))
        return
    for name, label in PARTS.items():
        was, becomes = (word(name, getattr(one, name), language) for one in (old, stage))
        if was != becomes:
            yield f"{label.text(language)}: {was} → {becomes}"
    yield from _items(old, stage, language)
    for name in ("duties", "team"):
        if getattr(old, name) != getattr(stage, name):
            yield f"{ASKED[name].text(language)}: {word(name, getattr(old, name), language)} → {word(name, getattr(stage, name), language)}"
    before = list(stages_of(catalog, pipeline_of(catalog, spec.key)))
    now, then = (keys.index(stage.key) + 1 for keys in (before, order(before, [one.key for one in spec.stages])))
    if now != then:
        yield f"{PLACE.text(language)}: {now} → {then}"


def _items(old: StageSpec, new: StageSpec, language: str) -> Iterator[str]:
    """What differs on the checklist, item by item."""
    had, has = ({one["key"]: one for one in stage.checklist} for stage in (old, new))
    for key in dict.fromkeys((*has, *had)):
        if had.get(key) != has.get(key):
            sentence = LISTED if key not in had else LISTED_NO_MORE if key not in has else LISTED_OTHERWISE
            yield render(Message(sentence.id, {"item": (has.get(key) or had[key])["label"][language]}), language)


def word(name: str, value: Any, language: str) -> str:
    """A part of a stage; of what it asks for only how much it is."""
    if name in ("days", "moves", "checklist", "duties", "team", *SIDES):
        return str(len(value) if isinstance(value, tuple) else value) if value is not None else "—"
    if isinstance(value, Likelihood):
        return render(m("%(source)s, weight %(weight)s, from %(least)s on", source=dict(PROBABILITY_SOURCES)[value.source], weight=value.weight,
                        least=value.least), language)
    if isinstance(value, Label):
        return value.text(language)
    if name == "kind":
        return dict(STAGE_KINDS)[value].text(language)
    if name == "forecast":
        return dict(FORECAST_CATEGORIES)[value].text(language) if value else "—"
    if name == "colour":
        return COLOUR_WORDS[value or ""].text(language)
    if name == "probability":
        return decimal_formatter(language, 0, 2)(value.scaleb(2)) + SIGNS.get(language, "%") if value is not None else "—"
    return (Label("так", "yes") if value else Label("ні", "no")).text(language)


def _coded(catalog: Catalog, spec: PipelineSpec) -> Iterator[tuple[str, StageSpec, StageSpec | None]]:
    """The stages that a document names, by code, with how they stand."""
    rows = stages_of(catalog, pipeline_of(catalog, spec.key))
    for stage in spec.stages:
        row = rows.get(stage.key)
        yield (row.code if row else f"{spec.key}.{stage.key}"), stage, stage_stands(row) if row else None
