"""What a stage asks for, in a configuration file: `enter` and `exit` requirements, a `checklist`, `duties` of roles and the roles of a `team`, `moves`
to other stages, `days` of service time.

A requirement is a condition over the records that the pipeline leads, with the sentence that a refused move tells. It is kept as the file says it.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.renaming import Renaming
from crm.backoffice.conditions.tree import parse
from crm.backoffice.configuration import StageRuleRow
from crm.backoffice.custom.fields import Said
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.field_rules import kept_condition, senseless
from crm.backoffice.lowcode.parsing import KEY, both, key_of, once, only, wrong
from crm.backoffice.lowcode.uses import stage_with
from crm.backoffice.sight import Sight
from crm.backoffice.stage_rules import SIDES, entity_of
from crm.errors import BramaError
from crm.messages import Message, m

TABLE = StageRuleRow.__table__
NAMES = (*SIDES, "checklist", "duties", "team", "moves", "days")
MOST = 20  # requirements of one side of a stage
MOST_ITEMS = 30  # of a checklist, and duties
LONGEST_STAY = 2500  # working days: ten years


def requirements_of(said: Mapping[str, Any], side: str, place: Message) -> tuple[Said, ...]:
    """The list `enter` or `exit` of a stage. Raises BadRequest."""
    given = said.get(side) or []
    if not isinstance(given, list) or len(given) > MOST:
        raise wrong(place, m("“%(name)s” is a list of at most %(count)s", name=side, count=MOST))
    return tuple(_requirement(one, side, place) for one in given)


def _requirement(said: Any, side: str, place: Message) -> Said:
    only(said, ("where", "message"), place)
    if said.get("where") is None:
        raise wrong(place, m("“%(name)s” is missing", name="where"))
    return {"where": kept_condition(said["where"], place, side), "message": both(said, "message", place).as_dict()}


def checklist_of(said: Mapping[str, Any], place: Message) -> tuple[Said, ...]:
    """The list `checklist`, no key twice. Raises BadRequest."""
    given = said.get("checklist") or []
    if not isinstance(given, list) or len(given) > MOST_ITEMS:
        raise wrong(place, m("“%(name)s” is a list of at most %(count)s", name="checklist", count=MOST_ITEMS))
    found = tuple(_item(one, place) for one in given)
    once((one["key"] for one in found), place)
    return found


def _item(said: Any, place: Message) -> Said:
    only(said, ("key", "label", "required"), place)
    if not isinstance(said.get("required", False), bool):
        raise wrong(place, m("“%(name)s” is true or false", name="required"))
    return {"key": key_of(said, place), "label": both(said, "label", place).as_dict()} | ({"required": True} if said.get("required") else {})


def duties_of(said: Mapping[str, Any], place: Message) -> tuple[Said, ...]:
    """The list `duties`, no key twice. Raises BadRequest."""
    given = said.get("duties") or []
    if not isinstance(given, list) or len(given) > MOST_ITEMS:
        raise wrong(place, m("“%(name)s” is a list of at most %(count)s", name="duties", count=MOST_ITEMS))
    found = tuple(_duty(one, place) for one in given)
    once((one["key"] for one in found), place)
    return found


def _duty(said: Any, place: Message) -> Said:
    only(said, ("key", "role", "label", "days", "required"), place)
    if not isinstance(said.get("required", False), bool):
        raise wrong(place, m("“%(name)s” is true or false", name="required"))
    days = days_of(said, place)
    return (
        {"key": key_of(said, place), "role": key_of({"key": said.get("role")}, place), "label": both(said, "label", place).as_dict()}
        | ({"days": days} if days is not None else {}) | ({"required": True} if said.get("required") else {})
    )


def team_of(said: Mapping[str, Any], place: Message) -> tuple[str, ...]:
    """The list `team`: keys of roles. Raises BadRequest."""
    given = said.get("team") or []
    if not isinstance(given, list) or not all(isinstance(one, str) and KEY.fullmatch(one) for one in given):
        raise wrong(place, m("“%(name)s” is a list of keys", name="team"))
    once(given, place)
    return tuple(given)


def known_roles(said: Mapping[str, Any], roles: Container[str], place: Message) -> None:
    """Raises BadRequest for a role that is none of the options there would be."""
    named = [*(one["role"] for one in said.get("duties", ())), *said.get("team", ())]
    unknown = next((key for key in named if key not in roles), None)
    if unknown is not None:
        raise wrong(place, m("there is no team role “%(key)s”", key=unknown[:64]))


def moves_of(said: Mapping[str, Any], place: Message) -> tuple[str, ...] | None:
    """The keys of the stages to which one may go; None: any. Raises BadRequest."""
    given = said.get("moves")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(one, str) and KEY.fullmatch(one) for one in given):
        raise wrong(place, m("“%(name)s” is a list of keys", name="moves"))
    once(given, place)
    if said.get("key") in given:
        raise wrong(place, m("a stage does not lead to itself"))
    return tuple(given)


def days_of(said: Mapping[str, Any], place: Message) -> int | None:
    """How many working days a record should stand there at most. Raises BadRequest."""
    given = said.get("days")
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= LONGEST_STAY):
        raise wrong(place, m("“days” is a number of working days, from 1 to %(most)s", most=LONGEST_STAY))
    return given


def known_moves(moves: Iterable[tuple[str, ...] | None], there: Iterable[str], place: Message) -> None:
    """Raises BadRequest for moves to a stage that the pipeline would not have."""
    stages = set(there)
    for keys in moves:
        unknown = next((key for key in keys or () if key not in stages), None)
        if unknown is not None:
            raise wrong(place, m("there is no stage “%(key)s”", key=unknown[:64]))


def rules_said(
    enter: Iterable[Said], exit_: Iterable[Said], checklist: Iterable[Said], duties: Iterable[Said], team: Iterable[str], moves: tuple[str, ...] | None,
) -> dict[str, Any]:
    """What a file says of them; nothing of what is not asked."""
    parts: dict[str, list[Any]] = {
        name: [dict(one) for one in given] for name, given in zip((*SIDES, "checklist", "duties"), (enter, exit_, checklist, duties), strict=True)
    }
    parts["team"] = list(team)
    return {name: given for name, given in parts.items() if given} | ({"moves": list(moves)} if moves is not None else {})


def asked(said: Mapping[str, Any]) -> Iterator[tuple[str, Said]]:
    """The requirements of a stage, each with its side and number (`enter.1`)."""
    for side in SIDES:
        yield from ((f"{side}.{number}", one) for number, one in enumerate(said.get(side, ()), 1))


def verify(catalog: Catalog, entity: str, said: Mapping[str, Any], place: Message) -> None:
    """Raises BadRequest for a requirement that asks for what the records of the entity do not have in `catalog`."""
    source = Sight(None, catalog, catalog.reader()).table(entity)
    for name, one in asked(said):
        try:
            compile_condition(parse(one["where"], catalog.saved), source)
        except BramaError as fault:
            raise senseless(place, name, fault) from None


def verify_standing(before: Catalog, after: Catalog, moves: Mapping[tuple[str, str], str], aside: Collection[tuple[str, str]] = ()) -> None:
    """The same of the stages that stand, over what entities and saved conditions would be; `moves` are fields that get other keys, `aside` are stages,
    by keys of pipeline and stage, of which a document says anew what they ask."""
    for stage in before.configured.get("stage", {}).values():
        entity, pipeline = entity_of(before, stage), before.configured["pipeline"].get(stage.parent_id or 0)
        place = (pipeline.code if pipeline is not None else "", stage.key)
        if stage.said and place not in aside and entity in after.entities:
            verify(after, entity, stage_with(stage.said, stage, before, Renaming(moves)), m("stage “%(key)s”", key=stage.code))


def write(session: SystemSession, stage: int, said: Mapping[str, Any]) -> None:
    """Put in force what a stage, by number, asks for."""
    here = TABLE.c.stage_id == stage
    if session.execute(select(TABLE.c.said).where(here)).scalar() == (said or None):
        return
    session.execute(delete(TABLE).where(here))
    if said:
        session.execute(insert(TABLE).values(stage_id=stage, said=dict(said)))
