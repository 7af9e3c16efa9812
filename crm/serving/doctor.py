"""What `flask doctor` looks at: whether an installation is sound, each check under a stable id."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from crm.additions import unseen
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.checks import check_entities
from crm.backoffice.guard import system_session
from crm.backoffice.paper.printing import lacking
from crm.backoffice.recomputing import lagging
from crm.messages import Label, Message, m
from crm.serving import schema
from crm.serving.rehearsing import LAST

LITTLE_SPACE = 512 * 1024 * 1024


@dataclass(frozen=True)
class Check:
    """One look at one thing."""

    id: str
    ok: bool
    message: Message


def examine(engine: Engine, settings: Settings) -> list[Check]:
    """Every check, in order. When the database does not open or is not migrated, what needs it is left out."""
    checks = [*_folders(settings)]
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        checks.append(Check("database.D001", True, m("The database opens.")))
    except SQLAlchemyError:
        return [*checks, Check("database.D001", False, m("The database does not open: check DATABASE_URL and that its server runs."))]
    stands, expected = schema.current(engine), schema.newest()
    if stands != expected:
        what = m(
            "The database stands at revision %(stands)s and the code expects %(expected)s: run “flask db upgrade”.",
            stands=stands or "–",
            expected=expected or "–",
        )
        return [*checks, Check("database.D002", False, what)]
    checks.append(Check("database.D002", True, m("The schema is the newest.")))
    checks.extend(_integrity(engine))
    checks.append(_rehearsed(settings))
    checks.append(_printing())
    catalog = load_catalog(engine)
    checks.append(_named(engine, catalog))
    findings = check_entities(catalog)
    if not findings:
        checks.append(_computed(engine, catalog))
    checks.extend(Check(finding.check, False, finding.message) for finding in findings)
    if not findings:
        checks.append(Check("entity.E000", True, m("The descriptions of all entities are sound.")))
    return checks


def _folders(settings: Settings) -> Iterator[Check]:
    free = shutil.disk_usage(settings.instance).free
    yield Check("disk.F001", free >= LITTLE_SPACE, m("Free space under INSTANCE: %(megabytes)s MB.", megabytes=free // (1024 * 1024)))
    for name in ("secret_key", "demo.txt", "brama.db"):
        path = settings.instance / name
        if path.exists():
            closed = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) or not settings.instance.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            good, bad = (
                m("%(file)s can be read by its owner only.", file=name),
                m("%(file)s can be read by other accounts of the machine: chmod 600.", file=name),
            )
            yield Check("keys.K001", closed, good if closed else bad)


def _rehearsed(settings: Settings) -> Check:
    """The last rehearsal of a backup: wrong only when it failed."""
    try:
        note = json.loads((settings.instance / LAST).read_text())
        at, file = datetime.fromisoformat(note["at"]), str(note["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return Check("backup.B001", True, m("No backup has been rehearsed here yet: “flask restore --rehearse FILE”."))
    days = (datetime.now(UTC) - at).days
    good = m("Backup last rehearsed: %(file)s, %(days)s days ago.", file=file, days=days)
    bad = m("The backup rehearsed last, %(file)s, is not whole: make another one.", file=file)
    return Check("backup.B001", bool(note.get("ok")), good if note.get("ok") else bad)


def _printing() -> Check:
    """What PDFs lack: no fault, as everything else works without."""
    return Check("paper.P001", True, lacking() or m("PDFs can be made."))


def _computed(engine: Engine, catalog: Catalog) -> Check:
    """Whether what is stored of computed fields is what their formulas give."""
    with system_session(engine, "doctor: formulas that have changed", catalog) as session:
        behind = lagging(session)
    if not behind:
        return Check("formula.C001", True, m("Computed fields hold what their formulas give."))
    names = ", ".join(f"{kind.key}.{spec.key}" for kind in behind for spec in kind.computed)
    return Check("formula.C001", False, m("Formulas have changed and stored values lag behind: %(fields)s. The worker computes them anew.", fields=names))


def _named(engine: Engine, catalog: Catalog) -> Check:
    """Which kinds of records no role names, as those that an upgrade brought: no fault, but something that the company decides."""
    with system_session(engine, "doctor: what no role names", catalog) as session:
        kinds = unseen(session)
    if not kinds:
        return Check("rights.R001", True, m("Whatever the standard roles name some role here names too."))
    names = Label(*(", ".join(kind.plural.text(language) for kind in kinds) for language in ("uk", "en")))
    return Check("rights.R001", True, m("Only the owner sees: %(kinds)s. “flask config additions” prints rules for other roles.", kinds=names))


def _integrity(engine: Engine) -> Iterator[Check]:
    look: dict[str, Callable[[Engine], Iterator[Check]]] = {"sqlite": _sqlite, "postgresql": _postgresql}
    yield from look[engine.dialect.name](engine)


def _sqlite(engine: Engine) -> Iterator[Check]:
    with engine.connect() as connection:
        verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    yield Check("database.D003", verdict == "ok", m("The file is intact.") if verdict == "ok" else m("The file is damaged: restore a backup."))
    bad = m("%(count)s references point to nothing; the first stands in table %(table)s.", count=len(broken), table=broken[0][0] if broken else "")
    yield Check("database.D004", not broken, bad if broken else m("Every reference points to something."))


def _postgresql(engine: Engine) -> Iterator[Check]:
    with engine.connect() as connection:
        loose = connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated")).scalars().all()
        invalid = connection.execute(text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")).scalars().all()
    yield Check("database.D003", not invalid, m("Indexes that are not valid: %(names)s.", names=", ".join(invalid)) if invalid else m("Every index is valid."))
    bad = m("References that are not enforced: %(names)s.", names=", ".join(loose))
    yield Check("database.D004", not loose, bad if loose else m("Every reference points to something."))
