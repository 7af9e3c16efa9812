"""The stages of a pipeline as rows of a form: order, both labels, kind, probability, colour, whether retired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.options_form import free, stepped
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.catalog import Configured
from crm.backoffice.colours import COLOURS
from crm.backoffice.fields.base import Field
from crm.backoffice.lowcode.pipelines import HEAVIEST, KINDS, MOST, MOST_LEAST, SOURCES, Likelihood, StageSpec, likelihood_of, stage_said
from crm.errors import FieldError
from crm.messages import Label, m

Form = MultiDict[str, str]


@dataclass(frozen=True)
class Row:
    """A stage as it is typed, the probability in percent; `key` "" for one that has none yet."""

    key: str = ""
    uk: str = ""
    en: str = ""
    kind: str = "open"
    probability: str = ""
    colour: str = ""
    retired: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.uk.strip() or self.en.strip())


def of_stages(stages: Sequence[StageSpec]) -> list[Row]:
    show, reader = _percent(), context.reader()
    return [
        Row(one.key, one.label.uk, one.label.en, one.kind, str(show.input_text(one.probability, reader)) if one.probability is not None else "", one.colour,
            one.retired)
        for one in stages
    ]


def usual() -> list[Row]:
    """What a new pipeline begins with."""
    return of_stages([
        StageSpec("", Label("Новий", "New"), probability=Decimal("0.1")), StageSpec("", Label("Виграно", "Won"), "won", Decimal(1)),
        StageSpec("", Label("Програно", "Lost"), "lost", Decimal(0)),
    ])


def posted(form: Form) -> list[Row]:
    """The rows in the order in which they stand, after the step that was pressed."""
    rows = [
        Row(form.get(f"opt-key-{n}", "")[:64], form.get(f"opt-uk-{n}", "")[:255], form.get(f"opt-en-{n}", "")[:255], form.get(f"opt-kind-{n}", ""),
            form.get(f"opt-probability-{n}", "")[:40], form.get(f"opt-colour-{n}", ""), bool(form.get(f"opt-retired-{n}")))
        for n in form.getlist("opt")[: MOST + 1]
    ]
    return stepped(rows, form.get("step", ""), Row(), MOST)


def said(rows: Sequence[Row], standing: Mapping[str, StageSpec]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The stages as a file says them, and what is wrong, by the name of the control. Empty rows are left out; a row in one language stands for both.
    What stages ask for has a page of its own (`stage_asking`): of those that stand, by key, it stays."""
    made: list[StageSpec] = []
    errors: dict[str, str] = {}
    taken = {row.key for row in rows if row.key}
    for place, row in enumerate(rows):
        if row.empty:
            continue
        if not (row.uk.strip() or row.en.strip()):
            errors[f"opt-uk-{place}"] = say(m("A stage needs a name."))
            continue
        row = replace(row, colour=row.colour if row.colour in COLOURS else "", kind=row.kind if row.kind in KINDS else "open")
        try:
            probability = _probability(row.probability)
        except FieldError as fault:
            errors[f"opt-probability-{place}"] = say(fault.message)
            continue
        key = row.key or free(proposed(row.en, row.uk) or "stage", taken)
        taken.add(key)
        uk, en = row.uk.strip(), row.en.strip()
        stands = standing.get(key) or StageSpec(key, Label("", ""))
        made.append(replace(stands, label=Label(uk or en, en or uk), kind=row.kind, probability=probability, retired=row.retired, colour=row.colour))
    if not errors and not any(one.takes_open for one in made):
        errors[""] = say(m("At least one open stage must be in use: new records would have nowhere to stand."))
    if not errors and len(made) > MOST:
        errors[""] = say(m("A pipeline has at most %(count)s stages.", count=MOST))
    return [stage_said(one) for one in made], errors


def likelihood_typed(known: Configured | None) -> dict[str, str]:
    """Whence records of a pipeline have their probability, as it stands in the form; of a new one as it begins."""
    rule = likelihood_of(known.values) if known is not None else Likelihood()
    return {"probability_source": rule.source, "history_weight": str(rule.weight), "history_least": str(rule.least)}


def likelihood_said(form: Form, errors: dict[str, str]) -> dict[str, Any]:
    """The same as a file says it, what is wrong put among the errors; a form that does not ask says nothing."""
    if "probability_source" not in form:
        return {}
    source = form["probability_source"]
    numbers: dict[str, int] = {}
    for name, key, most in (("weight", "history_weight", HEAVIEST), ("least", "history_least", MOST_LEAST)):
        text = form.get(key, "").strip()
        if not (text.isascii() and text.isdecimal()) or len(text) > 6 or not 1 <= int(text) <= most:
            errors[key] = say(m("A whole number from 1 to %(most)s is expected here.", most=most))
        else:
            numbers[name] = int(text)
    return {"probability": {"source": source if source in SOURCES else "stage", **numbers}}


def _probability(text: str) -> Decimal | None:
    """Raises FieldError."""
    found: Decimal | None = _percent().parse(text, context.reader())
    if found is not None and not 0 <= found <= 1:
        raise FieldError(m("A probability lies between 0 and 100 %%."))
    return found


def _percent() -> Field:
    return context.catalog().entity("stage").fields["probability"]
