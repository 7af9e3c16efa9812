"""Rules by conditions that somebody makes or brings back: he may ask only for what he sees himself."""

import json
from collections.abc import Iterator
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import CONDITIONS, Said
from crm.backoffice.custom.reading import Made
from crm.backoffice.sight import Sight
from crm.errors import BramaError
from crm.rights.known import rests_on_the_seen


def rules_seen(sight: Sight, after: Catalog) -> bool:
    """Whether the conditions that are new or changed look only at fields that this person sees on every record."""
    before = {(entity, place): raw for entity, place, raw in _rules(sight.catalog.made)}
    eyes = Sight(sight.access, after, sight.reader)
    return all(
        rests_on_the_seen(eyes, after.entities[entity], parse(raw, after.saved)) for entity, place, raw in _rules(after.made)
        if before.get((entity, place)) != raw and entity in after.entities
    )


def checks_kept(sight: Sight, after: Catalog) -> bool:
    """Whether the checks that change or go look only at fields that this person sees on every record: of another one he would learn from its plan
    how many records break it. A check goes with its entity."""
    later = dict(_checks(after.made))
    changed = ((place[0], said) for place, said in _checks(sight.catalog.made) if later.get(place) != said and place[0] in after.entities)
    return all(check_seen(sight, entity, said) for entity, said in changed)


def check_seen(sight: Sight, entity: str, said: Said) -> bool:
    """Whether a check that stands looks only at such fields. What makes no sense any more is seen by who is limited by nothing."""
    if sight.access is None or sight.access.unlimited:
        return True
    try:
        return rests_on_the_seen(sight, sight.catalog.entities[entity], parse(said["where"], sight.catalog.saved))
    except BramaError:
        return False


def _checks(made: Made) -> Iterator[tuple[tuple[str, str], Said]]:
    """Checks by entity and what each is known by: a number, or for one of a list all that it says."""
    for kind in made.entities.values():
        yield from (((kind.key, json.dumps(one, sort_keys=True)), one) for one in kind.said.get("checks", ()))
    yield from (((check.entity, str(check.number)), check.said) for check in made.checks)


def _rules(made: Made) -> Iterator[tuple[str, str, Any]]:
    for field in made.fields:
        yield from ((field.entity, f"{field.number}.{name}", field.said[name]) for name in CONDITIONS if field.said.get(name) is not None)
    for kind in made.entities.values():
        yield from ((kind.key, f"checks.{number}", one["where"]) for number, one in enumerate(kind.said.get("checks", ())))
    yield from ((check.entity, f"check.{check.number}", check.said["where"]) for check in made.checks)
