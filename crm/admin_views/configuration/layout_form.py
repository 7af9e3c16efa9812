"""A layout as a form: lists of keys that buttons move, add and drop; a part that holds nothing is as standard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from crm.admin_views.kit.answers import say
from crm.backoffice.entities import Entity
from crm.backoffice.layouts import Layout, Said, fields_in, fillable, sorts
from crm.messages import m

One = TypeVar("One")
Form = MultiDict[str, str]
LISTS = ("columns", "face", "quick", "related")
SORTS = ("sort-1", "sort-2")
MOST_ROWS = 600
UNTOLD = frozenset({"row_version", "deleted_at"})  # of no use on a screen; a layout that names them keeps them


@dataclass(frozen=True)
class Row:
    """A line of the sections: a heading in both languages, or a field with how broad it is."""

    key: str = ""
    uk: str = ""
    en: str = ""
    breadth: str = ""


@dataclass
class Typed:
    """What stands in the form."""

    lists: dict[str, list[str]]
    rows: list[Row] = field(default_factory=list)
    more: Mapping[str, str] = field(default_factory=dict)  # sort-1, sort-2, rest, area, order, icon, hidden
    help: dict[str, tuple[str, str]] = field(default_factory=dict)  # of a field, in Ukrainian and in English
    at: str = ""  # the button on which to go on after a step


def stored(said: Said) -> Typed:
    """What the form shows first."""
    keys = said.get("sort", "").split(",")
    menu = said.get("menu", {})
    more = {**dict(zip(SORTS, keys, strict=False)), "rest": said.get("rest", ""), "hidden": {True: "yes", False: "no"}.get(menu.get("hidden"), "")}
    more |= {name: str(menu.get(name, "")) for name in ("area", "order", "icon")}
    beside = {key: (told["uk"], told["en"]) for key, told in said.get("help", {}).items()}
    return Typed({name: list(said.get(name, ())) for name in LISTS}, _rows(said.get("sections", ())), more | {"further": ",".join(keys[len(SORTS) :])}, beside)


def _rows(sections: Sequence[Said]) -> list[Row]:
    found: list[Row] = []
    for one in sections:
        found.append(Row("", one["label"]["uk"], one["label"]["en"]))
        found += [Row(key, breadth=breadth) for key, breadth in fields_in(one)]
    return found


def taken(form: Form) -> Typed:
    """What was typed."""
    rows = [
        Row(form.get(f"row-key-{n}", "")[:64], form.get(f"row-uk-{n}", "")[:255], form.get(f"row-en-{n}", "")[:255], form.get(f"row-breadth-{n}", ""))
        for n in form.getlist("row")[:MOST_ROWS]
    ]
    names = (*SORTS, "further", "rest", "area", "order", "icon", "hidden")
    beside: dict[str, tuple[str, str]] = {}
    for name in list(form)[: 2 * MOST_ROWS]:
        key = name.removeprefix("help-uk-")
        told = [form.get(f"help-{language}-{key}", "").strip()[:255] for language in ("uk", "en")]
        if key != name and any(told):
            beside[key] = (told[0], told[1])
    more = {name: form.get(name, "")[:64] for name in names}
    return Typed({name: form.getlist(name)[:MOST_ROWS] for name in LISTS}, rows, more, beside)


def posted(form: Form, usual: Layout) -> Typed:
    """What was typed, after the button that was pressed."""
    typed = taken(form)
    part, _, what = form.get("step", "").partition("-")
    typed.at = _next(part, what)
    put = what.removeprefix("put-")[:64] if what.startswith("put-") else ""
    if part in LISTS:
        typed.lists[part] = _stepped(typed.lists[part], what, put, list(getattr(usual, part)))
    elif part == "row":
        added = Row() if what == "head" else Row(put) if put else None
        typed.rows = _stepped(typed.rows, "put" if what == "head" else what, added, usual_rows(usual))
    return typed


def usual_rows(usual: Layout) -> list[Row]:
    """The sections that hold where nothing is said, as lines."""
    found: list[Row] = []
    for one in usual.sections:
        found += [Row("", one.label.uk, one.label.en), *(Row(key, breadth=_breadth(usual, key)) for key in one.fields)]
    return found


def _breadth(usual: Layout, key: str) -> str:
    return "" if key not in usual.broad else "wide" if usual.broad[key] else "half"


def _next(part: str, what: str) -> str:
    """The button where whoever has pressed one finds himself again: on the same thing, wherever it stands now."""
    verb, _, place = what.partition("-")
    if verb in ("up", "down") and place.isascii() and place.isdecimal() and len(place) < 4:
        return f"{part}-{verb}-{max(int(place) + (-1 if verb == 'up' else 1), 0)}"
    if verb == "more":
        return f"{part}-{what}"
    return {"own": f"{part}-up-0", "usual": f"{part}-own", "head": "row-head"}.get(verb, f"{part}-first")


def _stepped(given: list[One], what: str, added: One | None, usual: list[One]) -> list[One]:
    """The list after “own” (as it is by standard), “usual” (nothing of its own), “put”, “up”, “down” or “drop” of one of them."""
    verb, _, place = what.partition("-")
    if verb == "own":
        return usual
    if verb == "usual":
        return []
    if verb == "put":
        return [*given, added] if added and (added not in given or isinstance(added, Row)) else given
    at = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else -1
    if not 0 <= at < len(given):
        return given
    if verb == "drop":
        return [*given[:at], *given[at + 1 :]]
    to = at + (-1 if verb == "up" else 1)
    if verb in ("up", "down") and 0 <= to < len(given):
        given[at], given[to] = given[to], given[at]
    return given


def said(typed: Typed, kind: Entity) -> tuple[dict[str, Any], dict[str, str]]:
    """The layout as a file says it, every part of it, and what is wrong by the name of the control."""
    errors: dict[str, str] = {}
    sections: list[dict[str, Any]] = []
    for place, row in enumerate(typed.rows):
        if not row.key:
            if not (row.uk.strip() and row.en.strip()):
                errors[f"row-uk-{place}"] = say(m("A section needs a name in both languages."))
            sections.append({"label": {"uk": row.uk, "en": row.en}, "fields": []})
        elif not sections:
            errors["sections"] = say(m("Fields stand below the name of a section: put one above them."))
        else:
            sections[-1]["fields"].append({row.key: row.breadth} if row.breadth in ("wide", "half") else row.key)
    more = typed.more
    menu: dict[str, Any] = {name: more[name] for name in ("area", "icon") if more.get(name)}
    if more.get("order"):
        menu["order"] = int(more["order"]) if more["order"].isascii() and more["order"].isdecimal() else more["order"]
    if more.get("hidden"):
        menu["hidden"] = more["hidden"] == "yes"
    for key, (uk, en) in typed.help.items():
        if not (uk and en):
            errors[f"help-{'en' if uk else 'uk'}-{key}"] = say(m("A help text is needed in both languages."))
    order = ",".join(key for key in (*(more.get(name, "") for name in SORTS), more.get("further", "")) if key)
    found = {**typed.lists, "sections": [one for one in sections if one["fields"]], "sort": order, "rest": more.get("rest"), "menu": menu}
    found["help"] = {key: {"uk": uk, "en": en} for key, (uk, en) in typed.help.items() if uk and en}
    return {part: value or None for part, value in found.items()}, errors


def with_field(kept: Said, usual: Layout, key: str, place: str) -> dict[str, Any]:
    """A layout with one more field in its sections: “after:city”, “before:city”, or at the end, also where what is named is in none of them."""
    rows = _rows(kept.get("sections", ())) or usual_rows(usual)
    rows = [row for row in rows if row.key != key] or [Row("", "Головне", "Main")]
    side, _, beside = place.partition(":")
    at = next((n for n, row in enumerate(rows) if row.key and row.key == beside), len(rows) - 1)
    at += side != "before" or rows[at].key != beside
    sections: list[dict[str, Any]] = []
    for row in [*rows[:at], Row(key), *rows[at:]]:
        if not row.key:
            sections.append({"label": {"uk": row.uk, "en": row.en}, "fields": []})
        else:
            sections[-1]["fields"].append({row.key: row.breadth} if row.breadth in ("wide", "half") else row.key)
    return {**kept, "sections": [one for one in sections if one["fields"]]}


@dataclass(frozen=True)
class Shown:
    """A part as it stands on the page: its lines, the standard ones where it says nothing of its own (`own` False), and the keys it may still take."""

    own: bool
    lines: Sequence[Any]  # keys; of the sections rows
    left: list[str]
    usual: Sequence[Any]


def shown(typed: Typed, kind: Entity, usual: Layout) -> dict[str, Shown]:
    """Every part that is a list."""
    writes = fillable(kind)
    told = [key for key in kind.fields if key not in UNTOLD]
    able = {"columns": told, "face": told, "quick": [key for key in kind.fields if key in writes], "related": list(kind.relations)}
    found: dict[str, Shown] = {}
    for part, keys in able.items():
        standard = list(getattr(usual, part))
        lines = typed.lists[part] or standard
        found[part] = Shown(bool(typed.lists[part]), lines, [key for key in keys if key not in lines], standard)
    standard_rows = usual_rows(usual)
    rows = typed.rows or standard_rows
    placed = {row.key for row in rows}
    found["row"] = Shown(bool(typed.rows), rows, [key for key in told if key not in placed], standard_rows)
    return found


def sorting(kind: Entity) -> list[str]:
    """The keys in whose order a list may stand."""
    return [key for key in kind.fields if sorts(kind, key)]
