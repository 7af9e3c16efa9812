"""Picklists in a configuration file: options in their order, with both labels and a colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.backoffice.catalog import Picklist
from crm.backoffice.colours import COLOURS
from crm.backoffice.lowcode.parsing import key_of, label_of, once, only, wrong
from crm.messages import Label, Message, m

MOST = 20_000


@dataclass(frozen=True)
class OptionSpec:
    key: str
    label: Label
    colour: str = ""
    retired: bool = False


@dataclass(frozen=True)
class PicklistSpec:
    key: str
    label: Label | None
    options: tuple[OptionSpec, ...]


def standing(known: Picklist) -> PicklistSpec:
    """A picklist as a file would say it now."""
    return PicklistSpec(known.key, known.label, tuple(OptionSpec(o.key, o.label, o.colour, o.retired) for o in known.options))


def option_form(option: OptionSpec) -> dict[str, Any]:
    """An option as a file says it."""
    more = ({"colour": option.colour} if option.colour else {}) | ({"retired": True} if option.retired else {})
    return {"key": option.key, "label": option.label.as_dict()} | more


def picklist(key: str, said: Any) -> PicklistSpec:
    """A list of options under its key. Raises BadRequest."""
    place = m("picklist “%(key)s”", key=key)
    only(said, ("label", "options"), place)
    return PicklistSpec(key, label_of(said, place) if said.get("label") else None, options_of(said.get("options") or [], place))


def options_of(given: Any, place: Message) -> tuple[OptionSpec, ...]:
    """Options, no key twice. Raises BadRequest."""
    if not isinstance(given, list):
        raise wrong(place, m("“options” is a list"))
    if len(given) > MOST:
        raise wrong(place, m("a list holds at most %(count)s options", count=MOST))
    found: list[OptionSpec] = []
    for option in given:
        only(option, ("key", "label", "colour", "retired"), place)
        found.append(OptionSpec(key_of(option, place), label_of(option, place), colour_of(option, place), bool(option.get("retired"))))
    once((one.key for one in found), place)
    return tuple(found)


def colour_of(said: Mapping[str, Any], place: Message) -> str:
    """The colour that an option or a stage names, "" for none. Raises BadRequest for one that is not known."""
    colour = said.get("colour") or ""
    if colour not in COLOURS:
        raise wrong(place, m("the colour “%(colour)s” is not known", colour=str(colour)[:40]))
    return str(colour)
