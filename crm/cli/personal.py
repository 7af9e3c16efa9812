"""`flask personal export | erase`: what is kept about a person, given to him or erased."""

import io
import sys
from dataclasses import replace

import click
from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.personal import choosing, erasing
from crm.backoffice.personal.belonging import person_kind
from crm.backoffice.personal.choosing import RULE, Choice
from crm.backoffice.personal.gathering import as_archive, gather
from crm.backoffice.personal.mentions import GRADES, Grade
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
@click.option("--blank", multiple=True, metavar="PLACE", help="Take the name out of this place too, as “named” tells it; “all”: out of every one.")
@click.option("--keep", multiple=True, metavar="PLACE", help="Leave this place as it is; “all”: every one that is not named by --blank.")
@click.option("--yes", is_flag=True, help="Where the name may be a word that others use, do as “blanked” says.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def erase(entity: str, code: str, confirm: str | None, blank: tuple[str, ...], keep: tuple[str, ...], yes: bool, email: str | None) -> None:
    here, chosen = runtime(), _choice(blank, keep)
    instance, kept = here.settings.instance, here.settings.files
    with opener(email, source="cli")(here.catalog, False) as session:
        number = _numbered(session, entity, code)
        erasing.judge(session, entity, number)
        actor, limited = session.actor_id, session.access is not None and not session.access.unlimited
        outlook = erasing.outlook(session, entity, number) if limited else None
        listing = choosing.listing(here.engine, session, entity, number, instance=instance, kept=kept)
        choice = choosing.settled(here.engine, session, entity, number, chosen, instance=instance, kept=kept) if confirm == code else chosen
    if confirm is None:
        touch = outlook or erasing.rehearse(here.engine, here.catalog, entity, number, instance=instance, kept=kept, choice=choice)
        answer(replace(touch, listing=listing).as_dict())
        say(m("Nothing was erased. To erase it all for good, repeat the command with --confirm %(code)s.", code=code))
        return
    if confirm != code:
        stop(m("The code after --confirm is not that of the person; nothing was erased."))
    if listing.doubtful and not (blank or keep or yes):
        stop(m("Texts of others hold the name as a word, see “named” without --confirm. Say with --blank and --keep what is to be done with them, or --yes to "
               "leave them; nothing was erased."))
    done = erasing.erase(
        here.engine, here.catalog, entity, number, instance=instance, kept=kept, jobs=here.settings.jobs_database, actor_id=actor, source="cli", choice=choice)
    answer({**outlook.as_dict(), "swept": done.swept} if outlook else done.as_dict())
    if not done.swept:
        say(m("Others worked with the database all the time, so its file still holds remains: repeat the command."))


def _choice(blank: tuple[str, ...], keep: tuple[str, ...]) -> Choice:
    """What is said of single places stands above what is said of all. Stops where both are said of one."""
    if both := set(blank) & set(keep):
        stop(m("“%(place)s” is named by both --blank and --keep.", place=min(both)))
    grades = frozenset(GRADES) if "all" in blank else frozenset[Grade]() if "all" in keep else RULE
    return Choice(frozenset(blank) - {"all"}, frozenset(keep) - {"all"}, grades)


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
