"""A person's own kept changes as the ground of further ones: kinds of records that are still a draft, with all that he has kept for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.apply import foreseen
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.drafts import Draft, what
from crm.backoffice.lowcode.layouts import over
from crm.backoffice.lowcode.reconciling import combined
from crm.errors import BramaError

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Drafted:
    """The catalog with the kinds of records that are only kept, by key, and the kept changes that make them."""

    catalog: Catalog
    kinds: frozenset[str] = frozenset()
    drafts: tuple[Draft, ...] = ()

    def of(self, kind: str) -> list[Draft]:
        """The kept changes of one of them."""
        return [one for one in self.drafts if kind in named(one.said)]


def drafted(catalog: Catalog, kept: Sequence[Draft]) -> Drafted:
    """What is in force where the kept changes make no new kind, or make no sense any more over it."""
    kinds = frozenset(key for one in kept for key in one.said.get("entities", {}) if key not in catalog.entities)
    chosen = tuple(one for one in kept if kinds & named(one.said) and named(one.said) <= kinds)
    if not chosen:
        return Drafted(catalog)
    try:
        document = from_raw(combined(one.said for one in chosen), catalog)
        return Drafted(over(foreseen(catalog, document), document.layouts), kinds, chosen)
    except BramaError:
        return Drafted(catalog)


def grounds(said: Raw, kept: Sequence[Draft], catalog: Catalog) -> list[Draft]:
    """The kept changes without which a change makes no sense: they make the kinds of records that it is of, or leads to, and those that these lead
    to. One of the same thing is what it replaces."""
    found: list[Draft] = []
    lacking = {key for key in (*named(said), *_led_to(said)) if key not in catalog.entities and key not in said.get("entities", {})}
    seen: set[str] = set()
    while lacking:
        key = lacking.pop()
        seen.add(key)
        for one in kept:
            if key in named(one.said) and one not in found and one.what != what(said):
                found.append(one)
                lacking |= {other for other in (*named(one.said), *_led_to(one.said)) if other not in catalog.entities and other not in seen}
    return sorted(found, key=lambda one: one.id)


def standing_on(kind_drafts: Sequence[Draft], kept: Sequence[Draft], catalog: Catalog) -> list[Draft]:
    """The kept changes that make no sense without these: of the kinds of records that these make, or leading to them."""
    gone = {key for one in kind_drafts for key in one.said.get("entities", {}) if key not in catalog.entities}
    return [one for one in kept if one not in kind_drafts and gone & {*named(one.said), *_led_to(one.said)}]


def named(said: Raw) -> set[str]:
    """The kinds of records that a change is of."""
    return {key for section in ("entities", "fields", "checks", "layouts") for key in said.get(section, {})}


def _led_to(said: Raw) -> Iterator[str]:
    fields = [one for named_fields in said.get("fields", {}).values() for one in named_fields.values()]
    fields += [one for kind in said.get("entities", {}).values() for one in (kind.get("fields") or {}).values()]
    for one in fields:
        if one.get("to"):
            yield str(one["to"])
        if one.get("of"):
            yield str(one["of"]).partition(".")[0]
