"""Links of sets in the other database: those to records that the role does not see are others, where the field is hidden all of them."""

from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.many_to_many import ManyToManyField, in_order
from tests.leaks.oracle import Oracle, Shown

Numbers = tuple[int, ...] | None


def look(engine: Engine, catalog: Catalog) -> dict[str, dict[int, dict[str, Numbers]]]:
    """Entity → record → key of a set → all it holds."""
    found: dict[str, dict[int, dict[str, Numbers]]] = {}
    with engine.connect() as connection:
        for kind in catalog.entities.values():
            for key, _, table in kind.sets():
                sets: dict[int, list[int]] = {}
                for owner, target in connection.execute(select(table)):
                    sets.setdefault(owner, []).append(target)
                for owner in connection.execute(select(kind.table.c.id)).scalars():
                    found.setdefault(kind.key, {}).setdefault(owner, {})[key] = in_order(sets.get(owner, ()))
    return found


def other(spec: ManyToManyField, value: Any, how: Shown, oracle: Oracle, rng: Random) -> Numbers:
    """Another set that the role cannot tell from `value`: shown, with the same seen records; masked, with some where there were some."""
    target = spec.target or ""
    seen = {n for n in oracle.rows[target] if oracle.visible(target, n)}
    # A removed record is in nobody's set, but may come back: it stays where it is.
    removed = {n for n, row in oracle.rows[target].items() if row["deleted_at"] is not None}
    held, unseen = set(value or ()), sorted(set(oracle.rows[target]) - seen - removed)
    kept = held & removed | set(rng.sample(unseen, rng.randint(0, len(unseen))))
    shown = sorted(seen - removed)
    if how == "shown":
        return in_order(kept | (held & seen))
    if how == "masked":
        return in_order(kept | (set(rng.sample(shown, rng.randint(1, len(shown)))) if held & set(shown) else set()))
    return in_order(kept | set(rng.sample(shown, rng.randint(0, len(shown)))))


def store(connection: Connection, kind: Entity, spec: ManyToManyField, number: int, value: Numbers) -> None:
    table = kind.links(spec)
    connection.execute(delete(table).where(table.c.owner_id == number))
    if value:
        connection.execute(insert(table), [{"owner_id": number, "target_id": target} for target in value])
