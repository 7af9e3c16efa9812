"""What the operator does: set up, serve, back up, restore, examine."""

from pathlib import Path

import click
from flask import current_app

from config import Settings
from crm.backoffice.guard import system_session
from crm.backoffice.seals.block import Keeper
from crm.cli.demo import is_empty, load_demo
from crm.cli.base import answer, command, language, runtime, say, stop
from crm.cli.users import read_password
from crm.messages import LANGUAGES, m, render
from crm.organization import founding, standing
from crm.runtime import Runtime
from crm.standard import install_standard
from crm.serving import backup as backups, doctor as doctors, processes, rehearsing, schema, worker as workers


@command("init")
@click.option("--email", required=True, help="Address that the owner signs in with.")
@click.option("--name", required=True, help="The owner's full name.")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the owner's password from standard input.")
@click.option("--currency", help="Base currency (UAH).")
@click.option("--time-zone", help="The company's time zone (Europe/Kyiv).")
@click.option("--language", "company_language", type=click.Choice(LANGUAGES), help="The company's language (uk).")
@click.option("--working-time", help="Days and hours of work, 1 is Monday (1-5 09:00-18:00).")
def init(
    email: str, name: str, password_stdin: bool, currency: str | None, time_zone: str | None, company_language: str | None, working_time: str | None,
) -> None:
    """Migrate the database and make the owner; repeating it changes nothing that is there."""
    here = runtime()
    terms = founding.Terms(currency, time_zone, company_language, working_time)
    founding.check_terms(terms)
    password = read_password() if password_stdin else ""
    _migrate(here)
    with system_session(here.engine, "flask init", here.refresh(), write=True) as session:
        founding.set_terms(session, terms)
        session.commit()
    with system_session(here.engine, "flask init", here.refresh(), write=True) as session:
        install_standard(session)
        session.commit()
    with system_session(here.engine, "flask init", here.refresh(), write=True) as session:
        owner = founding.person_by_email(session, email)
        made = owner is None
        if owner is None:
            owner = founding.add_person(session, email, name, password=password)
        founding.give_role(session, owner, standing.OWNER)
        session.commit()
    company = here.refresh().company
    answer({"owner": owner, "email": email, "created": made, "currency": company.currency, "time_zone": str(company.zone), "language": company.language})
    if not made:
        say(m("%(email)s was there already; the password was left as it is.", email=email))


def _migrate(here: Runtime) -> None:
    if schema.current(here.engine) is None:
        Keeper.of(here.settings.instance, here.settings.secret_key).set_aside()
    schema.upgrade(here.settings.database_url)


@command("serve")
def serve() -> None:
    """Migrate, then run the web server and the job worker until Ctrl-C."""
    here = runtime()
    settings = here.settings
    if not processes.is_free(settings.host, settings.port):
        stop(m("Port %(port)s is taken by another program; start with PORT=… to use another one.", port=settings.port))
    _migrate(here)
    here.refresh()
    if settings.demo and is_empty(here.engine):
        say(m("Making the demo company …"))
        load_demo(here.engine, settings)
    here.engine.dispose()
    say(m("Brama CRM answers at %(address)s", address=settings.address))
    tell_accounts(settings)
    raise click.exceptions.Exit(processes.tend([
        processes.Child("web", processes.python("-m", "crm.serving.web")),
        processes.Child("worker", processes.python("-m", "flask", "--app", "app", "worker")),
    ]))


def tell_accounts(settings: Settings) -> None:
    """Prints who may sign in to the demo company, when there is one."""
    listed = settings.instance / "demo.txt"
    if listed.is_file():
        say(m("Demo accounts (kept in %(file)s):", file=str(listed)))
        for line in listed.read_text().splitlines():
            say(f"  {line}")


@command("worker")
def worker() -> None:
    """Deliver mail and run jobs; `flask serve` starts one."""
    processes.end_with_parent()
    workers.work(current_app._get_current_object())  # type: ignore[attr-defined]  # threads need the application itself


@command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write database, files and keys into one FILE while people go on working."""
    here = runtime()
    answer(backups.backup(here.engine, here.settings, file.absolute()))


@command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rehearse", is_flag=True, help="Restore into a place of its own, compare, and throw it away.")
def restore(file: Path, rehearse: bool) -> None:
    """Fill an empty installation from a backup FILE; with --rehearse only try it."""
    here = runtime()
    if rehearse:
        found = rehearsing.rehearse(here.settings, file.absolute())
        answer({**found.as_dict(), "problems": [render(problem, language()) for problem in found.problems]})
        if found.problems:
            stop(m("The backup is not whole: do not rely on it."))
        return
    answer(backups.restore(here.engine, here.settings, file.absolute()))


@command("doctor")
def doctor() -> None:
    """Examine the installation; exits 1 when something is wrong."""
    here = runtime()
    checks = doctors.examine(here.engine, here.settings)
    answer({"ok": all(c.ok for c in checks), "checks": [{"id": c.id, "ok": c.ok, "message": render(c.message, language())} for c in checks]})
    if not all(c.ok for c in checks):
        stop(m("Not everything is in order."))
