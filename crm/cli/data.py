"""`flask data import | export | undo | duplicates`: files in and out of the house, a whole import taken back, what is there twice."""

import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from crm.backoffice import lists
from crm.backoffice.catalog import Catalog
from crm.backoffice.collecting import rarely_collected
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.export import FORMATS, export, unfinished
from crm.backoffice.exchange import kits
from crm.backoffice.exchange.mapping import MAX_MAPPING, Mapping, MappingFault, load_mapping, unknown
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.report import Report
from crm.backoffice.exchange.sniff import file_format
from crm.backoffice.exchange.order import Opener, Order
from crm.backoffice.exchange.run import run_import
from crm.backoffice.exchange.take_back import take_back
from crm.backoffice.exchange.written import WRITTEN
from crm.backoffice.filling import notes
from crm.backoffice.guard import DataSession, system_session, user_session
from crm.backoffice.likeness.duplicates import Group, groups
from crm.backoffice.likeness.search import last_finished, search
from crm.cli.base import answer, group, kind_of, language, runtime, say
from crm.errors import NotFound
from crm.messages import m, mn, render
from crm.permissions import access_for


@group("data", help="Import and export records; take an import back; find duplicates.")
def data() -> None:
    pass


@data.command("import", help="Import FILE as records of ENTITY.")
@click.argument("entity")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", "mapping_file", type=click.Path(path_type=Path), help="YAML: which column fills which field.")
@click.option("--kit", help="Instead of a mapping: a ready one for the export of another product, such as hubspot.contact.")
@click.option("--match", help="Fields that match a row to a record, by commas.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing.")
@click.option("--partial", is_flag=True, help="Write the good rows even if others fail.")
@click.option("--review", is_flag=True, help="Leave rows that only resemble a record to a person, in a file.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def import_(
    entity: str, file: Path, mapping_file: Path | None, kit: str | None, match: str | None, dry_run: bool, partial: bool, review: bool,
    email: str | None,
) -> None:
    here = runtime()
    kind_of(entity)
    mapping = _ready(entity, file, kit) if mapping_file is None else _mapping(mapping_file)
    order = Order(
        entity, file, mapping, here.settings.instance / "imports", match=tuple(part.strip() for part in match.split(",")) if match else None,
        dry_run=dry_run, partial=partial, language=language(), review=review, decided_by="review" if review else "",
    )
    report = run_import(here.engine, opener(email), here.catalog, order, _progress)
    answer(report.as_dict())
    _tell(report)
    if report.exit_code:
        raise click.exceptions.Exit(report.exit_code)


@data.command("export", help="Write the records of ENTITY to stdout.")
@click.argument("entity")
@click.option("--format", "form", type=click.Choice((*FORMATS, *dict.fromkeys(form for _, form in WRITTEN))), default="csv", show_default=True)
@click.option("--fields", help="Keys of fields, by commas; default: all that may be read.")
@click.option("--where", default="", help="A condition as JSON.")
@click.option("--sort", default="", help="Keys by commas, - before those that descend.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def export_(entity: str, form: str, fields: str | None, where: str, sort: str, email: str | None) -> None:
    kind_of(entity)
    with opener(email, source="cli")(runtime().catalog, True) as session:
        query = lists.parse_query(session, entity, {"where": where, "sort": sort})
        chosen = [part.strip() for part in fields.split(",") if part.strip()] if fields else None
        pieces = export(session, query, chosen, form)
        for note in notes(unfinished(session, query, chosen)):
            say(note)
        session.commit()  # the journal's row: an export that has begun has happened
        with rarely_collected():
            for piece in pieces:
                sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


@data.command("undo", help="Take the import BATCH back.")
@click.argument("batch")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def undo_(batch: str, email: str | None) -> None:
    here = runtime()
    done = take_back(here.engine, opener(email, source="cli"), here.catalog, batch, progress=_progress)
    answer({"undone": done.undone, "kept": [{"entity": k.entity, "code": k.code, "why": render(k.why, language())} for k in done.kept]})


@data.command("duplicates", help="Records of ENTITY that may be the same.")
@click.argument("entity")
@click.option("--known", is_flag=True, help="Tell what is known already and do not search.")
@click.option("--parted", is_flag=True, help="Those of which somebody has said that they are different.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Groups at most.")
@click.option("--as", "email", help="What this person may know of; does not search.")
def duplicates_(entity: str, known: bool, parted: bool, limit: int, email: str | None) -> None:
    here = runtime()
    kind = kind_of(entity)
    if not kind.declared.alike:
        raise NotFound(m("Duplicates of %(entity)s are not looked for.", entity=kind.plural))
    searched = None if email or known or parted else search(here.engine, here.catalog, entity, _progress)
    with opener(email, source="cli")(here.catalog, False) as session:
        found = groups(session, kind, decided=parted)
        shown = [_group(session, kind, group) for group in found.groups[:limit]]
        finished = last_finished(session, entity)
    answer({
        "entity": entity, "searched_at": finished.isoformat() if finished else None, "mended": searched.mended if searched else None,
        "groups": shown, "more": len(found.groups) > limit or not found.all,
    })


def _group(session: DataSession, kind: Entity, group: Group) -> dict[str, Any]:
    usable = session.sight.filterable(kind.key)
    columns = tuple(key for key in ("code", kind.declared.title, *group.fields) if key in usable)
    asked = lists.ListQuery(kind.key, tuple(dict.fromkeys(columns)), Leaf(("id",), "in", list(group.ids)), (("id", False),), size=len(group.ids))
    rows = lists.page(session, asked).rows
    records = [{"id": row.id, "code": row.values.get("code"), "name": row.values.get(kind.declared.title)} for row in rows]
    return {"score": group.score, "alike": list(group.fields), "state": "open" if group.at is None else "not_duplicates", "records": records}


def opener(email: str | None, *, source: str = "import") -> Opener:
    """Sessions in the name of `email`, or of the operator. Raises NotFound for somebody unknown."""
    here = runtime()
    if email is None:
        return lambda catalog, write: system_session(here.engine, "flask data", catalog, write=write, source=source)
    with system_session(here.engine, "flask data --as", here.catalog) as asking:
        user = asking.table("user")
        found = asking.execute(select(user.id).where(user.visible, user["email"] == email.strip().lower())).scalar()
    if found is None:
        raise NotFound(m("There is no person with the e-mail address %(email)s.", email=email[:80]))
    person: int = found

    def open_session(catalog: Catalog, write: bool) -> DataSession:
        return user_session(here.engine, access_for(here.engine, person, catalog), catalog, write=write, source=source)

    return open_session


def _ready(entity: str, file: Path, name: str | None) -> Mapping:
    """The mapping of the kit that is named, or of address books for one. Raises MappingFault for no such kit."""
    if name is None and (not file.is_file() or file_format(file, file.name) != "vcard"):
        return Mapping()
    kit = kits.find(entity, name or f"vcard.{entity}")
    if kit is None:
        raise unknown(m("“kit”"), name or f"vcard.{entity}", [one.key for one in kits.of(entity)])
    return kits.fitted(kit.mapping, open_file(file, kit.mapping.file, name=file.name).columns, rest=True)


def _mapping(path: Path) -> Mapping:
    if not path.is_file():
        raise MappingFault(m("There is no file “%(path)s”.", path=path.name))
    if path.stat().st_size > MAX_MAPPING:
        raise MappingFault(m("The mapping is longer than a megabyte."))
    try:
        return load_mapping(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingFault(m("The mapping is not in UTF-8.")) from None


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} / {total:,} ", nl=done >= total, err=True)


def _tell(report: Report) -> None:
    for problem in report.problems[:5]:
        place = m("Row %(row)s, “%(column)s”", row=problem.row, column=problem.column) if problem.column else m("Row %(row)s", row=problem.row)
        say(m("%(place)s: %(problem)s", place=place, problem=problem.message))
    if report.refused:
        say(mn("One row failed: nothing was written.", "%(num)s rows failed: nothing was written.", report.failed))
    elif report.failed:
        say(mn("One row failed, the others are done.", "%(num)s rows failed, the others are done.", report.failed))
    if report.rest_file:
        say(m("Rows that resemble records wait in %(file)s.", file=report.rest_file))
    if report.error_file:
        say(m("What is wrong stands in %(file)s.", file=report.error_file))
