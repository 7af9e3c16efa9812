"""Ready mappings of exports of other products: found by their columns, offered by the name of the product.

A kit is a mapping file as any other, kept by an area: `<product>.<entity>.yaml`, with a suffix where there are several
(`espocrm.interaction.calls.yaml`). Columns that a file lacks are passed over: people export what they need.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from crm.backoffice.exchange.mapping import Mapping, Target, load_mapping
from crm.messages import Message, m

PRODUCTS = {"vcard": "vCard", "espocrm": "EspoCRM", "hubspot": "HubSpot", "creatio": "Creatio", "bitrix24": "Bitrix24", "suitecrm": "SuiteCRM"}
PARTS = {"calls": m("calls"), "meetings": m("meetings")}  # suffixes: several exports of a product become one entity
ENOUGH = 0.6  # of the columns of a file that a kit knows
LEAST = 3  # columns that a kit must know

_folders: dict[Path, None] = {}


@dataclass(frozen=True)
class Kit:
    """A mapping of the exports of a product; `key` names it in addresses, `part` says of what they are where there are several."""

    key: str
    product: str
    entity: str
    mapping: Mapping
    part: Message | None = None

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.mapping.columns or {}) | self.mapping.ignore

    def share(self, columns: Iterable[str]) -> float:
        """How much of a file's columns it knows, from 0 to 1."""
        given = set(columns)
        return len(given & self.columns) / max(len(given), 1)


def keep_in(folder: Path) -> None:
    """Kits of an area lie in this folder."""
    _folders[folder] = None
    every.cache_clear()


@cache
def every() -> tuple[Kit, ...]:
    """All kits, by product and entity."""
    found = []
    for path in sorted(path for folder in _folders for path in folder.glob("*.yaml")):
        product, entity, *part = path.stem.split(".")
        found.append(Kit(path.stem, PRODUCTS[product], entity, load_mapping(path.read_text("utf-8")), PARTS[part[0]] if part else None))
    return tuple(found)


def of(entity: str) -> list[Kit]:
    """The kits for files of an entity."""
    return [kit for kit in every() if kit.entity == entity]


def find(entity: str, key: str) -> Kit | None:
    """The kit with this key."""
    return next((kit for kit in of(entity) if kit.key == key), None)


def fitted(mapping: Mapping, columns: Iterable[str], *, rest: bool = False) -> Mapping:
    """A mapping for a file with these columns: what the file lacks is passed over, and of two columns for one field the first that the mapping
    names is taken. With `rest` columns that it does not know are left out too; otherwise nothing is said of them."""
    given = tuple(columns)
    filled: dict[str, tuple[Target, ...]] = {}
    taken: set[str] = set()
    for name, targets in (mapping.columns or {}).items():
        if name in given and not taken & {target.name for target in targets}:
            filled[name] = targets
            taken |= {target.name for target in targets}
    left = mapping.ignore if not rest else frozenset(given)
    doubles = frozenset(mapping.columns or ())
    match = mapping.match if set(mapping.match or ()) <= taken else None
    return replace(mapping, columns=filled, match=match, ignore=frozenset(name for name in given if name not in filled and name in left | doubles))


def likely(entity: str, columns: Iterable[str], form: str) -> Kit | None:
    """The kit that knows most of these columns of a file of the format `form`, if it knows enough of them; fewer columns of its own decide
    between equals. Of an address book the columns are always known."""
    given = tuple(columns)
    cards = form == "vcard"
    fitting = [kit for kit in of(entity) if (kit.mapping.file.format == "vcard") == cards]
    known = [(kit.share(given), -len(kit.columns), kit) for kit in fitting if cards or len(kit.columns & set(given)) >= LEAST]
    best = max(known, key=lambda one: one[:2], default=None)
    return best[2] if best is not None and best[0] >= ENOUGH else None
