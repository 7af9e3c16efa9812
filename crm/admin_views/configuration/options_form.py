"""The options of a picklist as rows of a form: order, both labels, a colour, whether retired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration.keys import proposed
from crm.admin_views.kit.answers import say
from crm.backoffice.catalog import Picklist
from crm.backoffice.colours import COLOURS
from crm.messages import m

MOST_ROWS = 500  # on one screen; longer lists come with a file
Form = MultiDict[str, str]
One = TypeVar("One")


@dataclass(frozen=True)
class Row:
    """An option as it is typed; `key` "" for one that has none yet."""

    key: str = ""
    uk: str = ""
    en: str = ""
    colour: str = ""
    retired: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.uk.strip() or self.en.strip())


def of_picklist(known: Picklist) -> list[Row]:
    return [Row(o.key, o.label.uk, o.label.en, o.colour, o.retired) for o in known.options]


def posted(form: Form) -> list[Row]:
    """The rows in the order in which they stand, after the step that was pressed."""
    rows = [
        Row(form.get(f"opt-key-{n}", "")[:64], form.get(f"opt-uk-{n}", "")[:255], form.get(f"opt-en-{n}", "")[:255], form.get(f"opt-colour-{n}", ""),
            bool(form.get(f"opt-retired-{n}")))
        for n in form.getlist("opt")[:MOST_ROWS]
    ]
    return stepped(rows, form.get("step", ""), Row(), MOST_ROWS)


def stepped(rows: list[One], step: str, new: One, most: int) -> list[One]:
    """The rows after “add”, “up”, “down” or “drop” of one of them; anything else leaves them as they are."""
    what, _, place = step.removeprefix("opt-").partition("-")
    if step == "opt-add" and len(rows) < most:
        return [*rows, new]
    at = int(place) if step.startswith("opt-") and place.isascii() and place.isdecimal() and len(place) < 4 else -1
    if not 0 <= at < len(rows):
        return rows
    if what == "drop":
        return [*rows[:at], *rows[at + 1 :]]
    to = at + (-1 if what == "up" else 1)
    if what in ("up", "down") and 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    return rows


def said(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The options as a file says them, and what is wrong, by the name of the control. Empty rows are left out; a row in one language stands for both."""
    made: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    taken = {row.key for row in rows if row.key}
    for place, row in enumerate(rows):
        if row.empty:
            continue
        if not (row.uk.strip() or row.en.strip()):
            errors[f"opt-uk-{place}"] = say(m("An option needs a name."))
            continue
        if row.colour not in COLOURS:
            row = replace(row, colour="")
        key = row.key or free(proposed(row.en, row.uk) or "option", taken)
        taken.add(key)
        option: dict[str, Any] = {"key": key, "label": {"uk": row.uk.strip(), "en": row.en.strip()}}
        made.append(option | ({"colour": row.colour} if row.colour else {}) | ({"retired": True} if row.retired else {}))
    return made, errors


def free(key: str, taken: set[str]) -> str:
    """The key, or the first of its numbered likes that is not taken."""
    return next(one for one in (key, *(f"{key}_{n}" for n in range(2, MOST_ROWS + 2))) if one not in taken)
