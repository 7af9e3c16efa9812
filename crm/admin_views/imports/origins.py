"""Where a file comes from: a ready kit or a named source, recognised or chosen; and a mapping kept as a source."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm.admin_views.imports import receiving
from crm.admin_views.kit.answers import say
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import kits, sources, uploads
from crm.backoffice.exchange.kits import Kit
from crm.backoffice.exchange.sources import MAX_NAME, Source
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.errors import Invalid, NotFound
from crm.messages import m

KIT, OWN = "kit:", "source:"


@dataclass(frozen=True)
class Origin:
    """An entry of the choice: its value in the form, and what it is called."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Origins:
    """What may be chosen: one's own and shared sources, earlier versions of the chosen one, ready kits; and the source in force."""

    sources: list[Origin]
    earlier: list[Origin]
    kits: list[Origin]
    now: str
    name: str
    shared: bool
    mine: bool


def offered(session: UserSession, kind: Entity, upload: Upload) -> Origins:
    """What the page of an upload offers."""
    known = sources.offered(session, kind.key)
    now = next((one for one in known if upload.source == f"{OWN}{one.id}"), None)
    if now is None and upload.source is not None and upload.source.startswith(OWN):
        now = _found(session, kind, upload.source)
    kit = next((one for one in kits.of(kind.key) if upload.source == f"{KIT}{one.key}"), None)
    return Origins(
        [Origin(f"{OWN}{one.id}", one.name, one == now) for one in known], _earlier(session, now),
        [Origin(f"{KIT}{one.key}", called(one), one == kit) for one in kits.of(kind.key)],
        now.name if now is not None else called(kit) if kit is not None else "", now.name if now is not None and now.mine else "",
        now is not None and now.shared, now is not None and now.mine,
    )


def called(kit: Kit) -> str:
    """What a kit is called for the reader: its product, and of what its exports are where there are several."""
    return say(m("%(product)s: %(part)s", product=kit.product, part=kit.part)) if kit.part is not None else kit.product


def choose(session: UserSession, kind: Entity, upload: Upload, raw: str) -> Upload:
    """The upload mapped as a source says. Raises NotFound for no such source, and for one that is not this person's to use."""
    seen = upload.profile
    if seen is None:
        raise NotFound(m("The file of this import is kept no longer. Bring it again."))
    columns = [column.name for column in seen.columns]
    if raw.startswith(KIT):
        kit = kits.find(kind.key, raw.removeprefix(KIT))
        if kit is None:
            raise NotFound(m("There is no such source."))
        mapping = kits.fitted(kit.mapping, columns)
    else:
        source = _found(session, kind, raw)
        if source is None:
            raise NotFound(m("There is no such source."))
        mapping = kits.fitted(receiving.usable(session, kind, source.mapping), columns)
    adopted = receiving.first_mapping(session, kind, seen, replace(upload.mapping.file, empty=mapping.file.empty), before=mapping, as_given=True)
    return uploads.change(session, upload, mapping=adopted.mapping, why=adopted.why, source=raw)


def keep(session: UserSession, kind: Entity, upload: Upload, name: str, *, shared: bool) -> tuple[Upload, Source]:
    """Keep the mapping of the upload as a source. Raises Invalid without a name."""
    clean = " ".join(name.replace("\0", " ").split())
    if not clean or len(clean) > MAX_NAME:
        raise Invalid({"": m("Give the source a name of at most %(limit)s characters.", limit=MAX_NAME)})
    source = sources.save(session, kind.key, clean, upload.mapping, shared=shared)
    return uploads.change(session, upload, source=f"{OWN}{source.id}"), source


def forget(session: UserSession, kind: Entity, upload: Upload) -> Upload:
    """Forget the source in force, which is one's own. Raises NotFound."""
    source = _found(session, kind, upload.source or "")
    if source is None:
        raise NotFound(m("There is no such source."))
    sources.remove(session, source)
    return uploads.change(session, upload, source=None)


def recognised(session: UserSession, kind: Entity, columns: Sequence[str], form: str) -> str | None:
    """The source that a file of these columns comes from, as a form names it."""
    source = sources.likely(session, kind.key, columns)
    if source is not None:
        return f"{OWN}{source.id}"
    kit = kits.likely(kind.key, columns, form)
    return f"{KIT}{kit.key}" if kit is not None else None


def _found(session: UserSession, kind: Entity, raw: str) -> Source | None:
    number = raw.removeprefix(OWN)
    if not (raw.startswith(OWN) and number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    try:
        return sources.find(session, kind.key, int(number))
    except NotFound:
        return None


def _earlier(session: UserSession, now: Source | None) -> list[Origin]:
    if now is None or not now.mine:
        return []
    past = sources.versions(session, now)
    return [Origin(f"{OWN}{one.id}", say(m("%(name)s, version %(number)s", name=one.name, number=one.version)), False) for one in past]
