"""Rules by conditions that somebody makes or brings back: he may ask only for what he sees himself."""

from collections.abc import Iterator
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import CONDITIONS
from crm.backoffice.custom.reading import Made
from crm.backoffice.sight import Sight
from crm.rights.known import rests_on_the_seen


def rules_seen(sight: Sight, after: Catalog) -> bool:
    """Whether the conditions that are new or changed look only at fields that this person sees on every record."""
    before = {(entity, place): raw for entity, place, raw in _rules(sight.catalog.made)}
    eyes = Sight(sight.access, after, sight.reader)
    return all(
        rests_on_the_seen(eyes, after.entities[entity], parse(raw, after.saved)) for entity, place, raw in _rules(after.made)
        if before.get((entity, place)) != raw and entity in after.entities
    )


def _rules(made: Made) -> Iterator[tuple[str, str, Any]]:
    for field in made.fields:
        yield from ((field.entity, f"{field.number}.{name}", field.said[name]) for name in CONDITIONS if field.said.get(name) is not None)
    for kind in made.entities.values():
        yield from ((kind.key, f"checks.{number}", one["where"]) for number, one in enumerate(kind.said.get("checks", ())))
    yield from ((check.entity, f"check.{check.number}", check.said["where"]) for check in made.checks)
