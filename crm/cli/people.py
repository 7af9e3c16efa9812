"""Commands that run in somebody's name: `--as EMAIL`."""

from crm.backoffice.guard import UserSession, system_session, user_session
from crm.cli.base import runtime
from crm.errors import NotFound
from crm.messages import m
from crm.organization.founding import person_by_email
from crm.permissions import access_for


def session_of(email: str, *, write: bool = False) -> UserSession:
    """A session with the rights that the person with this address has now. Raises NotFound."""
    here = runtime()
    catalog = here.refresh()
    with system_session(here.engine, "flask --as", catalog) as session:
        user_id = person_by_email(session, email)
    if user_id is None:
        raise NotFound(m("There is no person with the address %(email)s.", email=email[:80]))
    return user_session(here.engine, access_for(here.engine, user_id, catalog), catalog, write=write, source="cli")
