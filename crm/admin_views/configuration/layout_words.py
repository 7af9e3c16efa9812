"""What differs between two layouts of an entity, in words: the lines below a change of a layout in a plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.layouts import Said, fields_in
from crm.messages import Label, m, render

PARTS: Mapping[str, Label] = {
    "columns": Label("Стовпці списку", "Columns of the list"), "sort": Label("Порядок списку", "Order of the list"),
    "face": Label("Картка на дошці", "Card on the board"),
    "sections": Label("Розділи форми й картки", "Sections of form and card"), "rest": Label("Поля поза розділами", "Fields of no section"),
    "help": Label("Підказки", "Help texts"), "related": Label("Вкладки картки", "Tabs of the card"),
    "quick": Label("Швидке створення", "Quick create"), "menu": Label("Меню", "Menu"),
}
STANDARD = Label("як заведено", "as standard")
REST = {"shown": Label("стоять в останньому розділі", "stand in the last section"), "hidden": Label("не показуються", "do not show")}
BREADTHS = {"wide": Label("на весь рядок", "whole row"), "half": Label("на пів рядка", "half a row")}
MOST = 900  # letters of a line


def differences(kind: Entity, old: Said, new: Said, language: str) -> Iterator[str]:
    """A line for each part that changes: as it is and as it will be; of the parts where that would be long, what comes and what goes."""
    for part, label in PARTS.items():
        was, becomes = old.get(part), new.get(part)
        if was == becomes:
            continue
        told = f"{_words(kind, part, was, language)} → {_words(kind, part, becomes, language)}"
        yield f"{label.text(language)}: {told}"[:MOST]


def _words(kind: Entity, part: str, value: Any, language: str) -> str:
    if not value:
        return STANDARD.text(language)
    named = {key: spec.label.text(language) for key, spec in kind.fields.items()} | {"id": "№"}
    match part:
        case "columns" | "face" | "quick":
            return ", ".join(named.get(key, key) for key in value)
        case "related":
            return ", ".join(kind.relations[key].label.text(language) if key in kind.relations else key for key in value)
        case "sort":
            return ", ".join(f"{named.get(key.lstrip('-'), key)} {'↓' if key.startswith('-') else '↑'}" for key in value.split(","))
        case "sections":
            return "; ".join(f"{one['label'][language]} ({', '.join(_field(named, *field, language) for field in fields_in(one))})" for one in value)
        case "help":
            opens, closes = "«»" if language == "uk" else "“”"
            return ", ".join(f"{named.get(key, key)} {opens}{told[language]}{closes}" for key, told in value.items())
        case "rest":
            return REST[value].text(language)
        case _:
            return render(m("another place, icon or visibility"), language)


def _field(named: Mapping[str, str], key: str, breadth: str, language: str) -> str:
    label = named.get(key, key)
    return f"{label}, {BREADTHS[breadth].text(language)}" if breadth else label
