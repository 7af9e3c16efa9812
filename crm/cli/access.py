"""`flask access explain`: why a person may or may not see or do something."""

import click
from sqlalchemy import select

from crm.backoffice.access import ACTIONS, Action
from crm.cli.base import answer, group, kind_of, language, runtime
from crm.errors import NotFound
from crm.messages import m, render
from crm.organization.models import User
from crm.organization.sign_in import fold
from crm.permissions import access_for, explain as explanation
from crm.runtime import Runtime


@group("access")
def access() -> None:
    """The rights of people."""


@access.command("explain")
@click.argument("email")
@click.argument("entity")
@click.argument("record_id", type=int, required=False)
@click.argument("field", required=False)
@click.option("--action", type=click.Choice(ACTIONS), default="read", show_default=True)
@click.option("--format", "form", type=click.Choice(["json", "text"]), default="json", show_default=True)
def explain(email: str, entity: str, record_id: int | None, field: str | None, action: Action, form: str) -> None:
    """Say whether EMAIL may do an action to ENTITY, one record of it, or a FIELD, and which rule decides."""
    here = runtime()
    catalog = here.refresh()
    kind_of(entity)
    found = explanation(here.engine, catalog, access_for(here.engine, person(here, email), catalog), entity, record_id, field, action)
    if form == "json":
        answer({**found.as_dict(), "why": render(found.why, language())})
    else:
        click.echo(render(found.why, language()))


def person(here: Runtime, email: str) -> int:
    """The number of whoever has this address. Raises NotFound."""
    with here.engine.connect() as connection:
        found = connection.execute(select(User.id).where(User.email == fold(email), User.deleted_at.is_(None))).scalar()
    if found is None:
        raise NotFound(m("There is no person with the address %(email)s.", email=email[:80]))
    return found
