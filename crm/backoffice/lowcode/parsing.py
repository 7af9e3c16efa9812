"""What every part of a configuration file is read by: sections, keys, labels, and the sentence that says where something is wrong."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.errors import BadRequest
from crm.messages import Label, Message, m

KEY = re.compile(r"[a-zа-яіїєґ0-9][\w.\-&/ ]{0,63}", re.IGNORECASE)


def section_of(raw: Mapping[str, Any], name: str, place: Message | None = None) -> list[tuple[str, Any]]:
    """A named part of a mapping: key → what is said."""
    section = raw.get(name) or {}
    if not isinstance(section, Mapping):
        raise wrong(place or m("the file"), m("“%(name)s” holds named things", name=name))
    for key in section:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise wrong(place or m("the file"), m("“%(key)s” is not a usable key", key=str(key)[:40]))
    return list(section.items())


def key_of(spec: Mapping[str, Any], place: Message) -> str:
    key = spec.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise wrong(place, m("“%(key)s” is not a usable key", key=str(key)[:40]))
    return key


def label_of(spec: Mapping[str, Any], place: Message) -> Label:
    """The name in both languages; one that is given in one stands for both."""
    label = spec.get("label")
    if isinstance(label, str) and label:
        return Label(label[:255], label[:255])
    if not isinstance(label, Mapping) or set(label) - {"uk", "en"} or not any(label.values()):
        raise wrong(place, m("a label has “uk” and “en”"))
    uk, en = (str(label.get(language) or "")[:255] for language in ("uk", "en"))
    return Label(uk or en, en or uk)


def only(raw: Any, names: Iterable[str], place: Message) -> None:
    """Raises BadRequest for anything but named values, and for a name that is not among `names`."""
    if not isinstance(raw, Mapping):
        raise wrong(place, m("named values are expected"))
    extra = [str(k) for k in raw if k not in names]
    if extra:
        raise wrong(place, m("“%(key)s” is not known here", key=", ".join(extra)[:80]))


def both(said: Mapping[str, Any], name: str, place: Message) -> Label:
    """A label that must stand in both languages. Raises BadRequest."""
    given = said.get(name)
    if isinstance(given, Mapping) and set(given) == {"uk", "en"} and all(isinstance(one, str) and one.strip() for one in given.values()):
        return Label(given["uk"].strip()[:255], given["en"].strip()[:255])
    raise wrong(place, m("“%(name)s” has “uk” and “en”, neither of them empty", name=name))


def word(given: Any, longest: int, place: Message, name: str) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > longest or not given.isprintable():
        raise wrong(place, m("“%(name)s” is a text of at most %(limit)s characters", name=name, limit=longest))
    return given.strip()


def once(keys: Iterable[str], place: Message) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise wrong(place, m("“%(key)s” stands twice", key=key))
        seen.add(key)


def order(known: Sequence[str], named: Sequence[str]) -> list[str]:
    """The keys after a file that names some of them: the named take their places among themselves, new ones come last."""
    old = iter([key for key in named if key in known])
    return [next(old) if key in named else key for key in known] + [key for key in named if key not in known]


def wrong(place: Message, what: Message) -> BadRequest:
    return BadRequest(m("Configuration, %(place)s: %(what)s.", place=place, what=what))
