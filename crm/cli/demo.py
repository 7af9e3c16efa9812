"""`flask demo`: a company to try the product on, and its removal."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import click
from sqlalchemy import Engine, func, select

from config import Settings
from crm.backoffice import journal
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.database import look_over
from crm.backoffice.demo import SOURCE, Demo, Taken, marked, take_away
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.adding import missing
from crm.backoffice.lowcode.document import from_raw, read
from crm.cli.base import answer, command, runtime, say
from crm.contacts import demo as contacts
from crm.contacts.interactions import demo as interactions
from crm.contacts.segments import demo as segments
from crm.contacts.demo_words import REGIONS
from crm.errors import BadRequest
from crm.messages import m
from crm.organization import demo as organization
from crm.organization.founding import Terms, give_role, set_terms
from crm.organization.passwords import check_password
from crm.organization.sign_in import set_password
from crm.packages import KEYS, text_of
from crm.sales import demo as sales, demo_settings
from crm.sales.quotes import demo as quotes
from crm.standard import standard

SEED = 1991
REASON = "demo company"


@dataclass(frozen=True)
class Loaded:
    """How many records of each entity were made, and who may sign in with which password."""

    made: dict[str, int]
    accounts: dict[str, str]


def is_empty(engine: Engine) -> bool:
    """Whether nobody has begun to work here: there is no person and no account yet."""
    tables = [load_catalog(engine).entity(key).table for key in ("user", "account")]
    with engine.connect() as connection:
        return not any(connection.scalar(select(func.count()).select_from(table)) for table in tables)


def load_demo(engine: Engine, settings: Settings, seed: int = SEED, packages: Sequence[str] = ()) -> Loaded:
    """Make the demo company, all or nothing, and write who may sign in into `demo.txt` of the instance folder.

    The same seed gives the same company, its two years always ending today. Raises BadRequest when it is there already, Invalid
    when the password given for it is too weak.
    """
    password = settings.demo_password or secrets.token_urlsafe(9)
    check_password(password)
    _refuse_second(engine)
    set_up = _configure(engine, packages)
    catalog = load_catalog(engine)
    with _session(engine, catalog) as session:
        chance = Random(seed)  # noqa: S311 - the same company every time, nothing secret
        demo = Demo(session, chance, datetime.now(UTC).astimezone(catalog.company.zone).date())
        company = organization.fill(demo, REGIONS)
        customers = contacts.fill(demo, company, {oblast: region for region, oblasts in REGIONS.items() for oblast in oblasts})
        sales.fill(demo, company, customers)
        interactions.fill(demo)
        segments.fill(demo)
        emails = _accounts(session, company, password)
        quotes.fill(demo, company)
        made = {key: len(ids) for key, ids in sorted(marked(session).items())}
        journal.event(session, "demo", changes={"made": [None, made], "settings": [None, set_up]})
        session.commit()
    look_over(engine)
    accounts = dict.fromkeys(emails, password)
    _write(settings, accounts)
    return Loaded(made, accounts)


def remove_demo(engine: Engine, settings: Settings) -> Taken:
    """Put the demo company into the recycle bin; what records of somebody's own refer to stays. Nothing to remove is no error."""
    with _session(engine, load_catalog(engine)) as session:
        apply(session, demo_settings.taken_back(session.catalog, _set_by_the_demo(session)))
        session.commit()
    with _session(engine, load_catalog(engine)) as session:
        taken = take_away(session)
        journal.event(session, "demo", changes={"removed": [None, dict(taken.removed)]})
        session.commit()
    (settings.instance / "demo.txt").unlink(missing_ok=True)
    return taken


@command("demo")
@click.option("--remove", is_flag=True, help="Take the demo company away again.")
@click.option("--package", "named", multiple=True, type=click.Choice(KEYS), help="With the registers, roles and pipeline of a ready package; may be repeated.")
def demo(remove: bool, named: tuple[str, ...]) -> None:
    """Fill the database with a demo company, or take it away."""
    here = runtime()
    here.refresh()  # says so when the database is not set up
    if remove:
        taken = remove_demo(here.engine, here.settings)
        answer({"removed": dict(taken.removed), "kept": [{"entity": entity, "code": code} for entity, code in taken.kept]})
        if taken.kept:
            say(m("What your own records refer to has stayed; demo people who stayed can no longer sign in."))
        return
    loaded = load_demo(here.engine, here.settings, packages=named)
    answer({"made": loaded.made, "accounts": list(loaded.accounts)})
    say(m("The demo accounts stand in %(file)s.", file=str(here.settings.instance / "demo.txt")))


def _session(engine: Engine, catalog: Catalog, source: str = SOURCE) -> SystemSession:
    return system_session(engine, REASON, catalog, write=True, source=source)


def _refuse_second(engine: Engine) -> None:
    with system_session(engine, REASON, load_catalog(engine)) as session:
        if "user" in marked(session):
            raise BadRequest(m("The demo company is there already."))


def _configure(engine: Engine, packages: Sequence[str]) -> list[str]:
    """What the demo needs of roles, pipelines and picklists, added where the company does not have it; nothing of its own is changed.

    The standard configuration and the packages stay when the demo goes. The pipeline of service contracts is the demo's own, and so are service times
    and dashboards, whose names are given back.
    """
    with _session(engine, load_catalog(engine), "cli") as session:
        set_terms(session, Terms())
        apply(session, missing(session, standard(session.catalog)))
        session.commit()
    with _session(engine, load_catalog(engine)) as session:
        apply(session, missing(session, from_raw(sales.SERVICE, session.catalog)))
        session.commit()
    for key in packages:
        with _session(engine, load_catalog(engine), "cli") as session:
            apply(session, missing(session, read(text_of(key), session.catalog)))
            session.commit()
    with _session(engine, load_catalog(engine)) as session:
        document = demo_settings.wanted(session.catalog)
        apply(session, document)
        session.commit()
    return demo_settings.names(document)


def _set_by_the_demo(session: SystemSession) -> list[str]:
    """The names of what `_configure` has set, as the journal tells it; nothing of a demo that has gone."""
    rows = JournalRow.__table__
    query = select(rows.c.changes).where(rows.c.action == "demo", rows.c.source == SOURCE).order_by(rows.c.id.desc()).limit(1)
    told = session.kernel(query).scalar() or {}
    return list(told.get("settings", [None, []])[1])


def _accounts(session: SystemSession, company: organization.Company, password: str) -> list[str]:
    """Gives the demo accounts their roles and the password; their addresses."""
    signing_in = [p for p in organization.PEOPLE if p.role]
    for person in signing_in:
        give_role(session, company.people[person.key], person.role)
        set_password(session, company.people[person.key], password)
    return [organization.email_of(p) or "" for p in sorted(signing_in, key=lambda p: organization.ROLES.index(p.role))]


def _write(settings: Settings, accounts: dict[str, str]) -> None:
    settings.instance.mkdir(parents=True, exist_ok=True)
    listed = settings.instance / "demo.txt"
    listed.touch(mode=0o600)
    listed.write_text("".join(f"{email} {password}\n" for email, password in accounts.items()), encoding="utf-8")
