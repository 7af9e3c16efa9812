"""The dashboard of a person: his own, else that of his roles, else the one that the product begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
import json
from typing import Any

from sqlalchemy import delete, insert, select, update

from crm.backoffice import journal
from crm.backoffice.dashboards.models import DashboardRow
from crm.backoffice.dashboards.panels import MOST, Panel
from crm.backoffice.guard import DataSession
from crm.errors import Invalid
from crm.messages import m

TABLE = DashboardRow.__table__


@dataclass(frozen=True)
class Dashboard:
    """Panels in order; `own`: the person has arranged them; `key`: of the shared one they are, "" for none."""

    panels: tuple[Panel, ...]
    own: bool = False
    key: str = ""

    @property
    def digest(self) -> str:
        """Tells one arrangement from another, so that a place in it means the panel that stood there."""
        return sha256(json.dumps(self.panels, sort_keys=True, default=str).encode()).hexdigest()[:16]


def dashboard(session: DataSession, standard: Sequence[Panel]) -> Dashboard:
    """The dashboard of the session's person, by one query; `standard` is what the product begins with."""
    panels = session.kernel(select(TABLE.c.panels).where(TABLE.c.owner_id == session.actor_id)).scalar()
    if panels is not None:
        return Dashboard(tuple(panels), own=True)
    shared = next((one for one in session.catalog.dashboards.values() if one.is_for(session.access)), None)
    return Dashboard(shared.panels, key=shared.key) if shared is not None else Dashboard(tuple(standard))


def arrange(session: DataSession, before: Dashboard, panels: Sequence[Mapping[str, Any]]) -> None:
    """The person's own arrangement from now on. Raises Invalid for too many panels."""
    if len(panels) > MOST:
        raise Invalid({"panels": m("A dashboard has at most %(count)s panels. Remove some first.", count=MOST)})
    values: dict[str, Any] = {"panels": [dict(one) for one in panels]}
    if before.own:
        session.kernel(update(TABLE).where(TABLE.c.owner_id == session.actor_id).values(**values))
    else:
        session.kernel(insert(TABLE).values(owner_id=session.actor_id, label_uk="", label_en="", roles=[], position=0, **values))
    _journal(session)


def reset(session: DataSession) -> None:
    """Begin again with what the person's roles begin with."""
    session.kernel(delete(TABLE).where(TABLE.c.owner_id == session.actor_id))
    _journal(session)


def same(before: Dashboard, digest: str) -> None:
    """Raises Invalid when the panels have been arranged otherwise since they were shown."""
    if digest != before.digest:
        raise Invalid({"panels": m("The dashboard has been arranged otherwise meanwhile. Look at it and try again.")})


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The own dashboards of people, to be given to them."""
    return [dict(row) for row in session.kernel(select(TABLE.c.panels).where(TABLE.c.owner_id.in_(ids)).order_by(TABLE.c.id)).mappings()]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    session.kernel(delete(TABLE).where(TABLE.c.owner_id.in_(ids)))


def _journal(session: DataSession) -> None:
    """That he arranges something, not what."""
    journal.event(session, "preferences", "user", session.actor_id, {"dashboard": [None, "arranged"]})
