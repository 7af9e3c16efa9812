"""`flask personal export | erase`: what is kept about a person, given to him or erased."""

import io
import sys

import click
from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.personal import erasing
from crm.backoffice.personal.belonging import person_kind
from crm.backoffice.personal.gathering import as_archive, gather
from crm.cli.base import answer, group, runtime, say, stop
from crm.cli.data import opener
from crm.errors import NotFound
from crm.messages import m


@group("personal", help="What is kept about a person: give it to him, or erase it.")
def personal() -> None:
    pass


@personal.command("export", help="Write everything kept about the person CODE of ENTITY to stdout.")
@click.argument("entity")
@click.argument("code")
@click.option("--format", "form", type=click.Choice(["json", "zip"]), default="json", show_default=True, help="json, or zip with the files beside it.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def export(entity: str, code: str, form: str, email: str | None) -> None:
    here = runtime()
    with opener(email, source="cli")(here.catalog, True) as session:
        gathered = gather(session, entity, _numbered(session, entity, code))
        session.commit()
    if form == "json":
        click.echo(gathered.as_json())
        return
    archive = io.BytesIO()
    as_archive(gathered, here.settings.files, archive)
    sys.stdout.buffer.write(archive.getvalue())
    sys.stdout.buffer.flush()


@personal.command("erase", help="Erase the personal data of CODE of ENTITY. Without --confirm only say what would be touched.")
@click.argument("entity")
@click.argument("code")
@click.option("--confirm", help="The code once more: erase. Nothing brings back what was erased.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def erase(entity: str, code: str, confirm: str | None, email: str | None) -> None:
    here = runtime()
    with opener(email, source="cli")(here.catalog, False) as session:
        number = _numbered(session, entity, code)
        erasing.judge(session, entity, number)
        actor, limited = session.actor_id, session.access is not None and not session.access.unlimited
        outlook = erasing.outlook(session, entity, number) if limited else None
    places = {"instance": here.settings.instance, "kept": here.settings.files}
    if confirm is None:
        answer((outlook or erasing.rehearse(here.engine, here.catalog, entity, number, **places)).as_dict())
        say(m("Nothing was erased. To erase it all for good, repeat the command with --confirm %(code)s.", code=code))
        return
    if confirm != code:
        stop(m("The code after --confirm is not that of the person; nothing was erased."))
    done = erasing.erase(here.engine, here.catalog, entity, number, **places, jobs=here.settings.jobs_database, actor_id=actor, source="cli")
    answer({**outlook.as_dict(), "swept": done.swept} if outlook else done.as_dict())
    if not done.swept:
        say(m("Others worked with the database all the time, so its file still holds remains: repeat the command."))


def _numbered(session: DataSession, entity: str, code: str) -> int:
    """The number of a person by code, removed ones too. Raises NotFound, alike for one whom this session does not see."""
    kind = person_kind(session.catalog, entity)
    for deleted in (False, True):
        source = session.table(kind.key, deleted=deleted)
        if "code" in session.sight.filterable(kind.key):
            found = session.execute(select(source.id).where(source.visible, source["code"] == code)).scalar()
            if found is not None:
                return int(found)
    raise NotFound()
