"""Fields that are being worked out for records that stood before them: until that is done, who reads them is told so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm.backoffice.computed_state import WAITING, Filling, fillings
from crm.backoffice.conditions.tree import All, Leaf, Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.resting import needs
from crm.messages import Message, m

HEADER = "X-Being-Worked-Out"  # of a file that has no place for a sentence: `account.tenders_total;done=0.42`
ENDED, KEPT = "filling ended", "filling"
NONE: Mapping[str, Filling] = MappingProxyType({})


def under_way(session: DataSession) -> Mapping[str, Filling]:
    """What is being worked out, by entity. Every such work begins with a version, so without any at the version's reading no query is asked, and
    otherwise one a session."""
    catalog = session.catalog
    if not catalog.filling or ENDED in catalog.memory:
        return NONE
    known: Mapping[str, Filling] | None = session.info.get(KEPT)
    if known is not None:
        return known
    found = session.info[KEPT] = {one.entity: one for one in fillings(session.kernel(WAITING)) if one.entity in catalog.entities}
    if not found:
        catalog.memory[ENDED] = True
    return found


@dataclass(frozen=True)
class Unfinished:
    """A field that does not hold its value for all records yet, and how many of them have it, as a fraction of 1."""

    entity: Entity
    spec: Field
    done: float


def touched(session: DataSession, entity: str, paths: Iterable[str] = (), where: Iterable[Node | None] = ()) -> list[Unfinished]:
    """Which fields on which an answer over records of `entity` rests are unfinished: it shows or adds up `paths` and chooses by `where`. What it says
    is true of a part of the records only."""
    work = under_way(session)
    if not work:
        return []
    asked = (*(Leaf(tuple(path.split(".")), "empty") for path in paths), *(node for node in where if node is not None))
    # A need names a field so that an underscore is no sign of LIKE.
    named = {name.lstrip("*") for name in needs(session.catalog, session.catalog.entity(entity), All(asked))}
    return [
        Unfinished(kind, spec, share(filling.seen, filling.total)) for key, filling in work.items() for kind in (session.catalog.entity(key),)
        for spec in kind.fields.values() if spec.attribute in filling.columns and f"{key}.{spec.key}".replace("_", "-") in named
    ]


def notes(found: Iterable[Unfinished]) -> tuple[Message, ...]:
    """A sentence for each of them, to stand beside what rests on it."""
    return tuple(m(
        "“%(field)s” is still being worked out: %(percent)s%% of the records are done. The others count here as having no value.",
        field=one.spec.label, percent=int(one.done * 100),
    ) for one in found)


def header(found: Iterable[Unfinished]) -> dict[str, str]:
    """The same for a script that takes a file."""
    told = ", ".join(f"{one.entity.key}.{one.spec.key};done={one.done:.2f}" for one in found)
    return {HEADER: told} if told else {}


def share(done: int, total: int) -> float:
    """A fraction of 1, never the whole of what goes on."""
    return min(done / total, 0.99) if total else 0.0
