"""What views, reports and dashboards that are shared have in common in a configuration file: a key, an order, roles; compared and put in force."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import CursorResult, Table, insert, update

from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.parsing import order


class Shared(Protocol):
    """Something shared under a key."""

    @property
    def key(self) -> str: ...


S = TypeVar("S", bound=Shared)


def effects(there: Mapping[str, S], specs: Sequence[S], known: Callable[[S], S | None]) -> Iterator[tuple[S, str]]:
    """Those that a file changes, each with what becomes of it; `known` is what is in force under the key of one, as a file would say it."""
    places = list(there)
    new = order(places, [spec.key for spec in specs])
    for spec in specs:
        old = known(spec)
        if old is None:
            yield spec, "create"
        elif old != spec or places.index(spec.key) != new.index(spec.key):
            yield spec, "change"


def put(session: SystemSession, table: Table, there: Mapping[str, S], specs: Sequence[S], values: Callable[[S], Mapping[str, Any]]) -> None:
    """Put them in force under their keys, in the order of a file."""
    if not specs:
        return
    for spec in specs:
        done = cast(CursorResult[Any], session.execute(update(table).where(table.c.key == spec.key).values(**values(spec))))
        if done.rowcount == 0:
            session.execute(insert(table).values(key=spec.key, position=0, **values(spec)))
    for place, key in enumerate(order(list(there), [spec.key for spec in specs])):
        session.execute(update(table).where(table.c.key == key).values(position=place))


def touched(kind: str, there: Mapping[str, S], before: Iterable[S], changes: Iterable[Mapping[str, Any]]) -> Iterator[S]:
    """Of those before a version the ones that it changed or removed, unless they are gone since."""
    did = {change["field"]: change["effect"] for change in changes if change["kind"] == kind}
    return (one for one in before if one.key in did and (one.key in there or did[one.key] == "remove"))
