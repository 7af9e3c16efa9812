"""Checks of records in the words of plans: which one it is, and what differs in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.changes import Change
from crm.messages import Label, m, render
from crm.rights.configuring import Plan

PARTS: Mapping[str, Label] = {
    "message": Label("Речення", "Sentence"), "field": Label("Біля поля", "Beside the field"), "where": Label("Умова", "Condition"),
}


def said(catalog: Catalog, entity: str, name: str) -> Mapping[str, Any] | None:
    """A check as a file says it, by its name, or by its number in the list of its entity; None where there is none."""
    check = next((one for one in catalog.made.checks if (one.entity, one.key) == (entity, name)), None)
    if check is not None:
        return check.said
    kind = catalog.made.entities.get(entity)
    listed = kind.said.get("checks", []) if kind else []
    return listed[int(name) - 1] if name.isascii() and name.isdecimal() and 0 < int(name) <= len(listed) else None


def details(plan: Plan, change: Change, language: str) -> Iterator[str]:
    """Of a check that changes: its sentence, the field at which it stands, and whether it asks for something else. What it asks for is not told:
    it may be more than the reader sees."""
    old, new = (said(catalog, change.entity, (change.field or "").partition(".")[2]) for catalog in (plan.before, plan.after))
    if old is None or new is None or change.effect != "change":
        return
    for written in ("uk", "en"):
        if old["message"][written] != new["message"][written]:
            yield f"{PARTS['message'].text(language)}: {old['message'][written]} → {new['message'][written]}"
    was, becomes = (_field(plan, change.entity, one, language) for one in (old, new))
    if was != becomes:
        yield f"{PARTS['field'].text(language)}: {was} → {becomes}"
    if old["where"] != new["where"]:
        yield render(m("It asks for something else"), language)


def _field(plan: Plan, entity: str, one: Mapping[str, Any], language: str) -> str:
    key = str(one.get("field") or "")
    for catalog in (plan.after, plan.before):
        kind = catalog.entities.get(entity)
        if kind is not None and key in kind.fields:
            return kind.fields[key].label.text(language)
    return key or "—"
