"""Generated conditions: every field by every operator, over references and relations, aggregates, relative periods, trees."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from tests.leaks import saved
from tests.leaks.kept import WHERE, meaning
from tests.leaks.questions import View

PERIODS = ("today", "this_week", "this_month", "this_quarter", "this_year", "last_90_days", "next_30_days", "2026", "2026-Q3", "2026-05", "1960..1990")
AGGREGATES = ("count", "sum", "min", "max", "avg")
COMPARED = ("eq", "ne", "lt", "le", "gt", "ge", "between")


class Asked(NamedTuple):
    """A condition, the fields it names (`entity.field`), and whether the role may not use one of them at all."""

    where: dict[str, Any]
    names: tuple[str, ...]
    hidden: bool


def operand(view: View, entity: str, spec: Field, op: str) -> Any:
    """The right side of a comparison, chosen where the two sides are likely to part."""
    value = view.value(entity, spec.key)
    if op == "within":
        return view.rng.choice(PERIODS)
    if op in ("in", "not_in"):
        return [v for v in (_plain(view, spec, value), _plain(view, spec, view.value(entity, spec.key))) if v is not None]
    if op == "between":
        return [_plain(view, spec, value), _plain(view, spec, _more(spec, value))]
    if op == "contains" and isinstance(value, str):
        at = view.rng.randrange(len(value)) if value else 0
        return value[at : at + view.rng.randint(1, 3)] or "о"
    if op == "starts" and isinstance(value, str):
        return value[: view.rng.randint(1, 2)] or "К"
    return _plain(view, spec, value)


def _more(spec: Field, value: Any) -> Any:
    if value is None or isinstance(value, bool | str | tuple):
        return value
    return value + timedelta(days=40) if spec.type in ("date", "moment") else value + abs(value) // 3 + 1


def _plain(view: View, spec: Field, value: Any) -> Any:
    """The value as a condition writes it; for an empty column something of its kind all the same."""
    if value is None:
        return {"boolean": True, "date": "2026-05-05", "moment": "2026-05-05T10:00:00+00:00"}.get(spec.type, "a" if spec.type == "text" else 1)
    if spec.multiple:
        return value[0]
    if spec.type == "many_to_many":
        return next(iter(value), 1)
    return value if spec.target or spec.picklist else spec.export(value, view.reader)


def of_fields(view: View, kind: Entity) -> Iterator[Asked]:
    """Every field: those that keep something by every operator, the others by two."""
    hidden, secret = set(view.shut(kind.key)), set(view.secret(kind.key))
    for key, spec in kind.fields.items():
        ops = sorted(spec.operators)
        for op in ops if key in secret else view.rng.sample(ops, min(2, len(ops))):
            for _ in range(2 if key in secret and op not in ("empty", "not_empty") else 1):
                yield Asked(leaf(view, kind.key, spec, op), (f"{kind.key}.{key}",), key in hidden)


def leaf(view: View, entity: str, spec: Field, op: str, path: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"field": path + spec.key, "op": op}
    return made if op in ("empty", "not_empty") else made | {"value": operand(view, entity, spec, op)}


def over_relations(view: View, kind: Entity) -> Iterator[Asked]:
    """Fields of what a record refers to, and of what refers to it, one step and two."""
    for step, target, blocked in steps(view, kind):
        yield from _beyond(view, kind, step, target, blocked, 2)
        further = list(steps(view, view.catalog.entities[target]))
        for name, beyond, shut in view.rng.sample(further, min(2, len(further))):
            yield from _beyond(view, kind, f"{step}.{name}", beyond, blocked or shut, 1)


def steps(view: View, kind: Entity) -> Iterator[tuple[str, str, bool]]:
    """Step, where it leads, and whether the role may not take it."""
    hidden = set(view.shut(kind.key))
    for key, spec in kind.fields.items():
        if spec.target:
            yield key, spec.target, key in hidden
    for relation in kind.relations.values():
        yield relation.key, relation.entity, relation.field in view.shut(relation.entity)


def _beyond(view: View, kind: Entity, path: str, target: str, blocked: bool, most: int) -> Iterator[Asked]:
    there = view.catalog.entities[target]
    hidden, secret = set(view.shut(target)), view.secret(target)
    chosen = view.rng.sample(secret, min(most, len(secret))) + view.rng.sample(list(there.fields), 1)
    for key in dict.fromkeys(chosen):
        spec = there.fields[key]
        op = view.rng.choice(sorted(spec.operators))
        yield Asked(leaf(view, target, spec, op, f"{path}."), (f"{kind.key}.{path.partition('.')[0]}", f"{target}.{key}"), blocked or key in hidden)


def aggregates(view: View, kind: Entity) -> Iterator[Asked]:
    """Counts and sums over the rows that refer here, with and without a condition on them."""
    for relation in kind.relations.values():
        rows = view.catalog.entities[relation.entity]
        hidden = set(view.shut(rows.key))
        blocked = relation.field in hidden
        yield Asked({"count": relation.key, "op": "ge", "value": view.rng.randint(1, 3)}, (f"{rows.key}.{relation.field}",), blocked)
        measured = [k for k, f in rows.fields.items() if f.type in ("money", "decimal", "percent", "integer") and not f.system]
        for key in measured:
            for function in view.rng.sample(AGGREGATES, 2):
                op = view.rng.choice(COMPARED)
                value = _plain(view, rows.fields[key], view.value(rows.key, key))
                given: Any = 2 if function == "count" else value
                made: dict[str, Any] = {function: f"{relation.key}.{key}", "op": op, "value": [given, given] if op == "between" else given}
                if view.rng.random() < 0.4:
                    made = {function: key, "of": f"{rows.key}.{relation.field}", "op": op, "value": made["value"]}
                yield Asked(made, (f"{rows.key}.{key}",), blocked or key in hidden)
        inside = [k for k in view.secret(rows.key) if rows.fields[k].operators]
        for key in view.rng.sample(inside, min(3, len(inside))):
            spec = rows.fields[key]
            where = leaf(view, rows.key, spec, view.rng.choice(sorted(spec.operators)))
            yield Asked({"count": relation.key, "where": where, "op": "gt", "value": 0}, (f"{rows.key}.{key}",), blocked or key in hidden)


def pasts(view: View, kind: Entity) -> Iterator[Asked]:
    """What stood in rows of the past when a moment of the record came: of its own rows, and of those of what it refers to."""
    hidden = set(view.shut(kind.key))
    whens = [key for key, spec in kind.fields.items() if spec.type in ("date", "moment")]
    ways: list[tuple[str, Entity, bool]] = [("", kind, False)]
    ways += [(f"{key}.", view.catalog.entities[spec.target], key in hidden) for key, spec in kind.fields.items() if spec.target and not spec.several]
    for way, there, blocked in ways:
        for relation in there.relations.values():
            rows = view.catalog.entities[relation.entity]
            shut = set(view.shut(rows.key))
            pairs = [(by, at) for by, spec in rows.fields.items() for at in whens if spec.type == kind.fields[at].type]
            chosen = [key for key in view.secret(rows.key) if rows.fields[key].operators and not rows.fields[key].several]
            if not pairs or not chosen or rows.fields[relation.field].several:
                continue
            (by, at), key = view.rng.choice(pairs), view.rng.choice(chosen)
            spec = rows.fields[key]
            compared = leaf(view, rows.key, spec, view.rng.choice(sorted(spec.operators)), f"{way}{relation.key}.")
            made = {"latest": compared.pop("field"), "by": by, "at": at, **compared}
            names = tuple(f"{rows.key}.{name}" for name in (key, by, relation.field)) + (f"{kind.key}.{at}",)
            yield Asked(made, names, blocked or at in hidden or bool({key, by, relation.field} & shut))


def by_name(view: View, kind: Entity) -> Iterator[Asked]:
    """Saved conditions, plain, negated, and over the rows that refer here."""
    for key in saved.over(kind):
        names = tuple(f"{entity}.{field}" for entity, field in saved.names(view, kind, meaning(WHERE[key][1])))
        shut = saved.is_shut(view, kind, key)
        yield Asked({"saved": key}, names, shut)
        yield Asked({"not": {"saved": key}}, names, shut)
    for relation in kind.relations.values():
        rows = view.catalog.entities[relation.entity]
        known = saved.over(rows)
        for key in view.rng.sample(known, min(2, len(known))):
            made = {"count": relation.key, "where": {"saved": key}, "op": "gt", "value": 0}
            yield Asked(made, (f"{rows.key}.{relation.field}",), relation.field in view.shut(rows.key) or saved.is_shut(view, rows, key))


def trees(view: View, kind: Entity, count: int) -> Iterator[Asked]:
    """All, any and not, of several conditions."""
    known = [*of_fields(view, kind), *over_relations(view, kind), *aggregates(view, kind), *by_name(view, kind)]
    for _ in range(count if len(known) >= 3 else 0):
        parts = view.rng.sample(known, view.rng.randint(2, 3))
        raw = [{"not": p.where} if view.rng.random() < 0.4 else p.where for p in parts]
        made = {view.rng.choice(("all", "any")): raw}
        yield Asked({"not": made} if view.rng.random() < 0.2 else made, tuple(n for p in parts for n in p.names), any(p.hidden for p in parts))


def every(view: View, kind: Entity) -> list[Asked]:
    return [*of_fields(view, kind), *over_relations(view, kind), *aggregates(view, kind), *pasts(view, kind), *by_name(view, kind), *trees(view, kind, 12)]
