"""What everything made would be with what a configuration file says: numbers kept, things put back, and the catalog that follows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from crm.backoffice.catalog import Catalog, Option, Picklist, link, product
from crm.backoffice.conditions.renaming import Renaming, field_called, renamed
from crm.backoffice.conditions.saved import SavedCondition
from crm.backoffice.conditions.tree import as_stored, dump, parse
from crm.backoffice.custom.fields import CONDITIONS, Kept, Said
from crm.backoffice.custom.reading import KeptEntity, Made, described
from crm.backoffice.entities import Entity
from crm.backoffice.fields import expressions
from crm.backoffice.fields.numbering import read_mask
from crm.backoffice.lowcode.field_rules import CheckSpec, check_place, verify
from crm.backoffice.lowcode.made import ORDER, EntitySpec, FieldSpec
from crm.backoffice.lowcode.options import PicklistSpec
from crm.backoffice.lowcode.parsing import wrong
from crm.backoffice.lowcode.saved_conditions import conditions_with, verify as verify_conditions
from crm.errors import BramaError
from crm.messages import Label, m

MOST_FIELDS = 500  # of one entity
Moves = dict[tuple[str, str], str]  # entity and key → the new key of a field or a relation
MADE = ("entity", "field", "check")  # kinds of what is made
CURRENCY: Said = {"type": "currency", "label": {"uk": "Валюта", "en": "Currency"}, "class": "open"}  # what money is in, where the entity has none yet


@dataclass(frozen=True)
class Standing:
    """How a made entity or field stood before a version: by its number, under which it is still kept. `said` None: it was not there."""

    kind: str  # entity, field, check
    number: int
    entity: str
    key: str
    said: Said | None


def made_with(
    catalog: Catalog, entities: Iterable[EntitySpec], fields: Iterable[FieldSpec], removed: Iterable[tuple[str, str, str]], standing: Iterable[Standing] = (),
    checks: Iterable[CheckSpec] = (), prepared: Mapping[tuple[str, str], int] = MappingProxyType({}),
) -> Made:
    """What would be made: new entities and fields under numbers below zero, since they have no tables yet, but for fields `prepared` under a number.
    Raises BadRequest."""
    own, kinds, kept = catalog.entities, dict(catalog.made.entities), {(one.entity, one.key): one for one in catalog.made.fields}
    demanded = {(one.entity, one.key): one for one in catalog.made.checks}
    fresh, moves = -1, Moves()
    coming, fields = list(entities), list(fields)
    for spec in coming:
        known = kinds.get(spec.key)
        if known is None and spec.key in catalog.made.gone:
            raise wrong(m("entity “%(key)s”", key=spec.key), m("one that was removed has this key; undo its removal, or choose another key"))
        kinds[spec.key] = KeptEntity(known.number, spec.key, spec.said) if known else KeptEntity(fresh, spec.key, spec.said)
        fresh -= 1
    for kind, entity, key in removed:
        if kind in ("entity", "field") and _is_products(own.get(entity), None if kind == "entity" else key):
            raise wrong(m("the file"), m("“%(key)s” is the product's own and cannot be removed", key=entity if kind == "entity" else f"{entity}.{key}"))
        if kind == "entity":
            kinds.pop(key, None)
            kept = {place: one for place, one in kept.items() if place[0] != key}
            demanded = {place: one for place, one in demanded.items() if place[0] != key}
        elif kind == "field":
            kept.pop((entity, key), None)
        elif kind == "check":
            demanded.pop((entity, key), None)
    for field in fields:
        place = m("field “%(key)s”", key=f"{field.entity}.{field.key}")
        if field.entity not in kinds and (field.entity not in own or own[field.entity].custom):
            raise wrong(place, m("there is no entity “%(key)s”", key=field.entity[:64]))
        if _is_products(own.get(field.entity), field.key):
            raise wrong(place, m("the entity has a field of this key that is not for you to change"))
        old = kept.get((field.entity, field.key))
        if old is None and field.renamed_from:
            old = kept.pop((field.entity, field.renamed_from), None)
            moves |= field_called(own, field.entity, field.renamed_from, field.key).moves if old is not None else {}
        usual = "internal" if field.entity not in own else "sensitive"
        said = {**field.said, "class": field.said.get("class") or (old.said["class"] if old else usual)}
        same = old is not None and stored_alike(old.said, said)
        number = old.number if old is not None and same else prepared.get((field.entity, field.key), fresh)
        kept[field.entity, field.key] = Kept(number, field.entity, field.key, {name: said[name] for name in ORDER if name in said})
        fresh -= 1
    if moves:  # what the file does not say anew goes on naming fields by their new keys
        said_anew = {(one.entity, one.key) for one in fields}
        kept = {place: one if place in said_anew else following(one, own, moves) for place, one in kept.items()}
        demanded = {place: following(one, own, moves) for place, one in demanded.items()}
        new_kinds = {one.key for one in coming}
        kinds = {key: one if key in new_kinds else replace(one, said=_checks_following(one.said, own.get(key), own, moves)) for key, one in kinds.items()}
    for check in checks:
        if check.entity not in kinds and (check.entity not in own or own[check.entity].custom):
            raise wrong(check_place(check.entity, check.key), m("there is no entity “%(key)s”", key=check.entity[:64]))
        known_check = demanded.get((check.entity, check.key))
        demanded[check.entity, check.key] = Kept(known_check.number if known_check else fresh, check.entity, check.key, check.said)
        fresh -= 1
    _put_back(kinds, {"field": kept, "check": demanded}, standing)
    for entity in sorted({one.entity for one in kept.values() if one.said["type"] == "money"}):
        if (entity, "currency") not in kept and not (entity in own and "currency" in own[entity].fields):
            kept[entity, "currency"] = Kept(fresh, entity, "currency", CURRENCY)
            fresh -= 1
    counts: dict[str, int] = {}
    for entity, _ in kept:
        counts[entity] = counts.get(entity, 0) + 1
        if counts[entity] > MOST_FIELDS:
            raise wrong(m("entity “%(key)s”", key=entity), m("an entity holds at most %(count)s made fields", count=MOST_FIELDS))
    return Made(MappingProxyType(kinds), tuple(kept.values()), catalog.made.gone, tuple(demanded.values()))


def _is_products(kind: Entity | None, field: str | None) -> bool:
    """Whether an entity, or a field of it, is the product's own."""
    if kind is None or field is None:
        return kind is not None and not kind.custom
    return field in kind.fields and not kind.fields[field].number


def following(kept: Kept, entities: Mapping[str, Entity], moves: Mapping[tuple[str, str], str]) -> Kept:
    """A formula, roll-up, rule or check that goes on naming fields by their new keys."""
    said, kind, change = dict(kept.said), entities.get(kept.entity), Renaming(moves)
    if said.get("formula"):
        for old, new in ((key, new) for (entity, key), new in moves.items() if entity == kept.entity):
            said["formula"] = expressions.renamed(str(said["formula"]), old, new)
    if said.get("of"):
        rows, _, reference = str(said["of"]).partition(".")
        said |= {name: change.of(rows, said[name]) for name in ("field", "by") if said.get(name)}
        said["of"] = f"{rows}.{change.of(rows, reference)}"
    elif said.get("where") and said.get("field"):  # of a check
        said["field"] = change.of(kept.entity, said["field"])
    if kind is not None:
        said |= {name: dump(renamed(parse(said[name], as_stored), kind, entities, change)) for name in (*CONDITIONS, "where") if said.get(name)}
    return replace(kept, said=said) if said != kept.said else kept


def _checks_following(said: Said, kind: Entity | None, entities: Mapping[str, Entity], moves: Moves) -> Said:
    """An entity whose checks go on naming fields by their new keys."""
    if kind is None or not said.get("checks"):
        return said
    return {**said, "checks": [following(Kept(0, kind.key, "", one), entities, moves).said for one in said["checks"]]}


def _put_back(kinds: dict[str, KeptEntity], kept: Mapping[str, dict[tuple[str, str], Kept]], standing: Iterable[Standing]) -> None:
    """Made things as they stood, found by their numbers whatever they are called now; `kept` are fields and checks by entity and key."""
    for was in standing:
        if was.kind == "entity":
            for key in [key for key, one in kinds.items() if one.number == was.number]:
                del kinds[key]
            if was.said is not None:
                if was.key in kinds:
                    raise wrong(m("entity “%(key)s”", key=was.key), m("another one has taken this key"))
                kinds[was.key] = KeptEntity(was.number, was.key, was.said)
        else:
            for place in [place for place, one in kept[was.kind].items() if one.number == was.number]:
                del kept[was.kind][place]
    for was in standing:
        if was.kind != "entity" and was.said is not None:
            if (was.entity, was.key) in kept[was.kind]:
                place_of = check_place(was.entity, was.key) if was.kind == "check" else m("field “%(key)s”", key=f"{was.entity}.{was.key}")
                raise wrong(place_of, m("another one has taken this key"))
            kept[was.kind][was.entity, was.key] = Kept(was.number, was.entity, was.key, was.said)


def stored_alike(old: Said, new: Said) -> bool:
    """Whether the values of a field stay in their column when it changes so."""
    return all(old.get(name) == new.get(name) for name in ("type", "scale", "to", "picklist", "gives", "of", "function", "field")) and (
        (new.get("max_length") or 255) >= (old.get("max_length") or 255)
    )


def catalog_with(
    catalog: Catalog, made: Made, options: Iterable[PicklistSpec] = (), conditions: Iterable[SavedCondition] = (), gone: Collection[str] = (),
) -> Catalog:
    """The catalog as it would be, with the options and saved conditions that come with it; `gone` are keys of those that go. Raises BadRequest
    for a field, a condition or a rule that would make no sense, one that stands already too."""
    catalog = replace(_with_options(catalog, options), saved=conditions_with(catalog, conditions, gone, moves_of(catalog, made)))

    def refuse(kept: Kept, why: Exception) -> None:
        message = why.message if isinstance(why, BramaError) else m("it makes no sense")
        raise wrong(m("field “%(key)s”", key=f"{kept.entity}.{kept.key}"), m("it cannot be worked out: %(why)s", why=message))

    def option(picklist: str, key: str) -> int | None:
        known = catalog.picklists.get(picklist)
        found = known.by_key(key) if known else None
        return found.id if found else None

    entities = described(product(), made, option, refuse, catalog.saved)
    for kept in made.fields:
        place, to = m("field “%(key)s”", key=f"{kept.entity}.{kept.key}"), kept.said.get("to")
        if to is not None and to not in entities:
            raise wrong(place, m("there is no entity “%(key)s”", key=str(to)[:64]))
        if kept.said.get("mask") and read_mask(kept.said["mask"]).by_department and "department" not in entities[kept.entity].fields:
            raise wrong(place, m("the records of “%(key)s” have no department that the mask could name", key=kept.entity))
    found = replace(catalog, entities=MappingProxyType(link(entities)), made=made)
    verify_conditions(found)
    verify(found)
    return found


def moves_of(catalog: Catalog, made: Made) -> Moves:
    """Fields that get other keys."""
    numbers, moves = {one.number: one for one in catalog.made.fields}, Moves()
    for field in made.fields:
        old = numbers.get(field.number)
        if old is not None and old.key != field.key:
            moves |= field_called(catalog.entities, field.entity, old.key, field.key).moves
    return moves


def _with_options(catalog: Catalog, options: Iterable[PicklistSpec]) -> Catalog:
    """With options that are only planned, under numbers below zero: rules and defaults may name them."""
    picklists = dict(catalog.picklists)
    for spec in options:
        known = picklists.get(spec.key) or Picklist(spec.key, spec.label or Label(spec.key, spec.key))
        new = (one for one in spec.options if known.by_key(one.key) is None)
        picklists[spec.key] = replace(known, options=(*known.options, *(Option(-n, one.key, one.label) for n, one in enumerate(new, 1))))
    return replace(catalog, picklists=MappingProxyType(picklists))
