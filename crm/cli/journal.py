"""`flask journal verify`: whether what happened still reads as it was written."""

import click

from crm.backoffice import journal as journaling
from crm.backoffice.guard import system_session
from crm.cli.base import answer, group, runtime


@group("journal")
def journal() -> None:
    """The journal of changes."""


@journal.command("verify")
def verify() -> None:
    """Recompute the digest of every row; exit 1 when one does not hold."""
    here = runtime()
    with system_session(here.engine, "flask journal verify", here.catalog) as session:
        found = journaling.verify(session)
    answer({"rows": found.rows, "sealed": found.sealed, "unsealed": found.unsealed, "ok": found.ok, "first_broken": found.first_broken})
    if not found.ok:
        raise click.exceptions.Exit(1)
