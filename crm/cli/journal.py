"""`flask journal seal | verify`: blocks of the journal are sealed, and whether what happened still reads as it was written."""

import click

from crm.backoffice.guard import system_session
from crm.backoffice.seals import sealing, verifying
from crm.backoffice.seals.block import Keeper
from crm.cli.base import answer, group, runtime


@group("journal")
def journal() -> None:
    """The journal of changes."""


@journal.command("seal")
def seal() -> None:
    """Seal at once what the worker would seal within ten minutes, and write its heads to INSTANCE/journal.heads."""
    here = runtime()
    answer({"sealed": sealing.seal(here.engine, Keeper.of(here.settings.instance, here.settings.secret_key), at_once=True, most=1_000_000)})


@journal.command("verify")
def verify() -> None:
    """Recompute the digest of every row and every seal; exit 1 and the number of the first row when one does not hold or is missing."""
    here = runtime()
    with system_session(here.engine, "flask journal verify", here.catalog) as session:
        found = verifying.verify(session, Keeper.of(here.settings.instance, here.settings.secret_key))
    answer({"rows": found.rows, "sealed": found.sealed, "unsealed": found.unsealed, "ok": found.ok, "first_broken": found.first_broken})
    if not found.ok:
        raise click.exceptions.Exit(1)
