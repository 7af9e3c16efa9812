"""Drafts of the configuration in the name of a person, and what he is told of others who change the same."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import drafts
from crm.backoffice.lowcode.drafts import Draft, Elsewhere
from crm.backoffice.lowcode.reconciling import since
from crm.rights.configuring import working
from crm.rights.drafted import standing_on

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Later:
    """A version that changed the same entity or picklist: its number, author and moment."""

    version: int
    user_id: int | None
    at: datetime


@dataclass(frozen=True)
class Others:
    """Who else changes, or has changed since a version, what one is about to change."""

    drafts: list[Elsewhere]
    versions: list[Later]


def kept(engine: Engine, catalog: Catalog, user_id: int) -> list[Draft]:
    """What a person has kept."""
    with working(engine, catalog, user_id, write=False) as session:
        return drafts.of(session, user_id)


def keep(
    engine: Engine, catalog: Catalog, user_id: int, title: str, page: str, typed: list[tuple[str, str]], said: Raw, base: int, instead: int = 0,
) -> None:
    """Keep a change for later, `instead` of one's own of that number. Raises BadRequest."""
    with working(engine, catalog, user_id, write=True) as session:
        drafts.throw_away(session, user_id, [instead])
        drafts.keep(session, user_id, title, page, typed, said, base)
        journal.event(session, "configure", changes={"draft": [None, title]})
        session.commit()


def throw_away(engine: Engine, catalog: Catalog, user_id: int, ids: Iterable[int]) -> int:
    """Forget kept changes of a person's own, and those that make no sense without them; how many they were."""
    with working(engine, catalog, user_id, write=True) as session:
        mine, chosen = drafts.of(session, user_id), set(ids)
        going = [one for one in mine if one.id in chosen]
        titles = drafts.throw_away(session, user_id, [one.id for one in (*going, *standing_on(going, mine, catalog))])
        for title in titles:
            journal.event(session, "configure", changes={"draft": [title, None]})
        session.commit()
    return len(titles)


def go_on(engine: Engine, catalog: Catalog, user_id: int, version: int) -> None:
    """The person has seen what stands at `version` and keeps his own."""
    with working(engine, catalog, user_id, write=True) as session:
        drafts.rebase(session, user_id, version)
        session.commit()


def forgetting(user_id: int, saids: Iterable[Raw]) -> Callable[[SystemSession], None]:
    """What closes a publishing: the same is no draft any more."""

    def close(session: SystemSession) -> None:
        for said in saids:
            drafts.published(session, user_id, said)

    return close


def others(engine: Engine, catalog: Catalog, user_id: int, concerned: Collection[str], base: int) -> Others:
    """Others' open drafts of these entities and picklists (`entity:<key>`, `picklist:<key>`), and what they published of them after `base`."""
    with working(engine, catalog, user_id, write=False) as session:
        versions = [
            Later(one.version, one.actor_id, one.at) for one in since(session, base)
            if one.actor_id != user_id and any(_subject(kind, entity) in concerned for kind, entity, _ in one.touched)
        ]
        return Others(drafts.elsewhere(session, user_id, concerned), versions)


def _subject(kind: str, entity: str) -> str:
    return f"{'picklist' if kind in ('picklist', 'option') else 'entity'}:{entity}"
