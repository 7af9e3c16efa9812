"""Which view a list is opened with, and its address spelled out: `?view=12` alone shows the view; beside anything else it only says whence one came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from crm.admin_views.kit.addresses import KEPT, STANDARD, says_nothing
from crm.admin_views.kit.columns import chosen
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.views import shows
from crm.backoffice.views.shelf import KeptView, Shelf, shelf

NO_VIEWS = Shelf((), (), None)


@dataclass(frozen=True)
class Opened:
    """A list about to be shown: its address spelled out, the view it came from, whether it shows something else by now, and how many
    parts of the view name what is gone or hidden from this reader."""

    args: dict[str, str]
    shelf: Shelf
    view: KeptView | None = None
    changed: bool = False
    left_out: int = 0


def opened(session: UserSession, entity: Entity, args: Mapping[str, str]) -> Opened:
    """Raises NotFound for a view that is none of this reader's. A list on a card is opened with none."""
    if args.get("of"):
        return Opened({key: value for key, value in args.items() if key != "view"}, NO_VIEWS)
    found = shelf(session, entity.key)
    name = args.get("view", "")
    view = found.first if not name and says_nothing(args) else found.named(name) if name and name != STANDARD else None
    if view is None:
        return Opened({**args} | ({"view": STANDARD} if found.first is not None else {}), found)
    left, out = shows.cleaned(session.sight, entity.key, view.shows)
    whole = shows.as_address(left)
    here = {key: args[key] for key in KEPT if args.get(key)} or whole
    return Opened({**args, **here, "view": view.name}, found, view, not _same(here, whole), out)


def spelled_out(session: UserSession, entity: Entity, args: Mapping[str, str]) -> dict[str, str]:
    """The words of an address; of one that says nothing but a view, what the view shows. Raises NotFound."""
    if args.get("view") and says_nothing(args):
        return opened(session, entity, args).args
    return dict(args)


def arguments(session: UserSession, entity: Entity) -> dict[str, str]:
    """The address's own words, completed by the columns this person chose last."""
    return with_chosen(session, entity, spelled_out(session, entity, request.args))


def with_chosen(session: UserSession, entity: Entity, args: dict[str, str]) -> dict[str, str]:
    """`args`, with the columns this person chose last where they name none."""
    if not args.get("columns"):
        kept = chosen(entity, session.sight.readable(entity.key), session.actor_id)
        if kept:
            return {**args, "columns": kept}
    return args


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return {**one, "where": _condition(one)} == {**other, "where": _condition(other)}


def _condition(args: Mapping[str, str]) -> str:
    """The condition written in one way, whoever wrote it."""
    try:
        return json.dumps(json.loads(args.get("where") or "null"), sort_keys=True)
    except (ValueError, RecursionError):
        return args.get("where", "")
