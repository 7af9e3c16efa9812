"""A configuration file as a package: what it is called, which version of it this is, and which version of the product reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.backoffice.lowcode.parsing import both, only, section_of, word, wrong
from crm.messages import Label, Message, m

NAMES = ("key", "version", "needs", "label", "about")
LATEST = 999_999  # the greatest number of a package's version


@dataclass(frozen=True)
class PackageSpec:
    """The head of a package."""

    key: str
    version: int
    label: Label
    about: Label


def package_of(raw: Mapping[str, Any], product: tuple[int, ...]) -> PackageSpec | None:
    """The head of a file; None of one that is no package. Raises BadRequest, also for one that a newer version of the product is needed for."""
    if raw.get("package") is None:
        return None
    said, place = raw["package"], m("the package")
    only(said, NAMES, place)
    if said.get("needs") is not None:
        needs = _numbers(said["needs"], place)
        if needs > product:
            raise wrong(place, m("it needs version %(needs)s of Brama, and this is %(here)s", needs=_dotted(needs), here=_dotted(product)))
    version = said.get("version", 1)
    if type(version) is not int or not 1 <= version <= LATEST:
        raise wrong(place, m("“%(name)s” is a whole number from %(least)s to %(most)s", name="version", least=1, most=LATEST))
    section_of({"keys": {said.get("key"): None}}, "keys", place)
    return PackageSpec(word(said.get("key"), 64, place, "key"), version, both(said, "label", place), both(said, "about", place))


def _numbers(given: Any, place: Message) -> tuple[int, ...]:
    parts = str(given).split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdecimal() and len(part) < 7 for part in parts):
        raise wrong(place, m("“%(name)s” is a version, as 0.1.0", name="needs"))
    return tuple(map(int, parts))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
