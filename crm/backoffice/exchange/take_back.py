"""A whole import taken back, as `flask data undo` and the import's page ask for it."""

from crm.backoffice import undo
from crm.backoffice.exchange import batches
from crm.backoffice.guard import DataSession
from crm.backoffice.taking_back import Undone
from crm.errors import NotFound
from crm.messages import m


def take_back(session: DataSession, batch: str) -> Undone:
    """Undo an import with this session's rights: only one's own in a user's name. Raises NotFound; the caller commits."""
    row = batches.find(session, batch)
    if row is None or (session.access is not None and row["actor_id"] != session.actor_id):
        raise NotFound(m("There is no such import."))
    try:
        done = undo.undo(session, batch)
    except NotFound:
        done = Undone(0, ())  # it changed nothing
    batches.close(session, row, "undone")
    return done
