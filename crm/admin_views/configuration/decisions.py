"""What becomes of values whose type changes: told on the page of the plan, value by value, and decided there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from werkzeug.datastructures import MultiDict

from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.conversion_report import MOST, NAMED, Report
from crm.backoffice.turning import UNDECIDED
from crm.messages import Label, m, mn, render
from crm.rights.configuring import Plan

OLD, NEW, REST = "decided-old-", "decided-new-", "decided-rest"
OUTCOMES: Mapping[str, Label] = {
    "lost": Label("не підходить", "does not fit"), "shortened": Label("скорочується", "is shortened"), "rounded": Label("округлюється", "is rounded"),
    "decided": Label("вирішено", "decided"),
}
BEFORE = Label(" (раніше)", " (before)")


@dataclass(frozen=True)
class Row:
    """A value that does not simply pass: as it reads, how many records hold it, what becomes of it by itself, and what was decided."""

    said: str
    shown: str
    records: str
    outcome: str
    becomes: str
    decided: str


@dataclass(frozen=True)
class Asked:
    """What is told of a change of type; `options`: what a value may become, where that is one of a list; `rest`: whether what does not fit is kept."""

    rows: list[Row]
    options: list[tuple[str, str]]
    rest: bool


def is_one(name: str) -> bool:
    """Whether a control is one of these."""
    return name.startswith((OLD, NEW, REST))


def sentences(report: Report, language: str) -> Iterator[str]:
    """How many records hold what becomes what."""
    words = {
        "clean": mn("%(text)s value passes as it is", "%(text)s values pass as they are", 1),
        "rounded": mn("%(text)s value is rounded", "%(text)s values are rounded", 1),
        "shortened": mn("%(text)s value is shortened", "%(text)s values are shortened", 1),
        "decided": mn("%(text)s value becomes what you have decided", "%(text)s values become what you have decided", 1),
        "lost": mn("%(text)s value does not fit and is left empty", "%(text)s values do not fit and are left empty", 1),
    }
    for outcome, said in words.items():
        number = report.records.get(outcome, 0)
        if number:
            yield render(mn(said.id, said.plural, number, text=format_decimal(number, locale=language)), language)
    if not report.whole:
        yield render(m("Only the %(count)s most frequent different values were looked at.", count=format_decimal(MOST, locale=language)), language)


def asked(plan: Plan, change: Change, language: str) -> Asked | None:
    """What may be decided of a change."""
    report, spec = change.report, plan.after.entities[change.entity].fields.get(change.field or "") if change.report else None
    if report is None or spec is None:
        return None
    field = next((one for one in plan.document.fields if (one.entity, one.key) == (change.entity, change.field)), None)
    decided = field.decided if field is not None else UNDECIDED
    known = plan.after.picklists.get(spec.picklist or "")
    return Asked(
        [Row(one.said, one.shown, format_decimal(one.records, locale=language), OUTCOMES[one.outcome].text(language),
             one.becomes, str(decided.values.get(one.said) or "")) for one in report.values],
        [(option.key, option.label.text(language)) for option in known.options if not option.retired] if known else [], bool(decided.rest_in),
    )


def said(form: MultiDict[str, str], key: str, field: Mapping[str, Any], taken: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a posted page decides: to be said of the field beside the rest, and the field that takes what does not fit (none, or one by its key)."""
    values = {form[f"{OLD}{n}"]: form[f"{NEW}{n}"].strip() for n in range(NAMED) if form.get(f"{OLD}{n}") and form.get(f"{NEW}{n}", "").strip()}
    found: dict[str, Any] = {"values": values} if values else {}
    if not form.get(REST):
        return found, {}
    rest = next(name for name in (f"{key[:36]}_before{n}" for n in ("", *range(2, 1000))) if name not in taken)
    label = {language: f"{field['label'][language]}{BEFORE.text(language)}" for language in ("uk", "en")}
    return {**found, "rest_in": rest}, {rest: {"type": "long_text", "label": label, "class": field.get("class", "sensitive")}}
