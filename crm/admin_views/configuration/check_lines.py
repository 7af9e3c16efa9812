"""The checks of a kind of records, listed in words: those under names and those that a file has put into the list of the kind."""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from crm.admin_views.configuration.condition_words import in_words
from crm.admin_views.kit import context
from crm.admin_views.kit.filters import as_json
from crm.admin_views.rights.asked import asked
from crm.admin_views.rights.door import reading
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import Said
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.errors import BramaError
from crm.rights.made_rules import check_seen

LISTED = re.compile(r"\d{1,3}\.[0-9a-f]{16}")  # a check of a list in an address


@dataclass(frozen=True)
class Known:
    """A check that stands: by its key, or by its place (from 1) in the list of its kind."""

    key: str
    place: int
    said: Said

    @property
    def named(self) -> dict[str, str]:
        """What its address says of it. Those of a list have no names, so what it says stands for it beside its place."""
        if self.key:
            return {"key": self.key}
        return {"listed": f"{self.place}.{sha256(json.dumps(self.said, sort_keys=True).encode()).hexdigest()[:16]}"}


@dataclass(frozen=True)
class Line:
    """A check as its reader is told it; `page` is empty where it looks at what he does not see, so that it stays as it is. `saved` are the saved
    conditions in it that he may open, by key and name."""

    key: str
    message: str
    where: str
    field: str
    page: str
    saved: list[tuple[str, str]]


def of(kind: Entity) -> list[Known]:
    """All of a kind in force, in the order in which a save asks them."""
    made = context.catalog().made
    listed = made.entities[kind.key].said.get("checks", ()) if kind.key in made.entities else ()
    return [*(Known("", place, said) for place, said in enumerate(listed, 1)), *(Known(one.key, 0, one.said) for one in made.checks if one.entity == kind.key)]


def found(kind: Entity, name: str) -> Known | None:
    """One by its key, or by its number in the list, as plans and uses name it."""
    known = of(kind)
    return next((one for one in known if one.key == name), None) or next((one for one in known if one.place and str(one.place) == name), None)


def page_of(kind: Entity, one: Known) -> str:
    return f"/configuration/{kind.key}/check/?{urlencode(one.named)}"


def lines(kind: Entity) -> list[Line]:
    """All of a kind; none of one that is only kept."""
    if kind.key not in context.catalog().entities:
        return []
    with reading() as session:
        return [_line(session, kind, one) for one in of(kind)]


def line(kind: Entity, one: Known) -> Line:
    """One of them."""
    with reading() as session:
        return _line(session, kind, one)


def _line(session: UserSession, kind: Entity, one: Known) -> Line:
    language = session.reader.language
    spec = kind.fields.get(str(one.said.get("field", "")))
    field, message = spec.label.text(language) if spec else "", str(one.said["message"][language])
    if not check_seen(session.sight, kind.key, one.said):
        return Line(one.key, message, _only_named(session, kind, one.said), field, "", [])
    where, saved = in_words(session, kind, as_json(one.said["where"]))
    return Line(one.key, message, where.words, field, page_of(kind, one), saved)


def _only_named(session: UserSession, kind: Entity, said: Said) -> str:
    try:
        return asked(session, kind, parse(said["where"], session.catalog.saved)).words
    except BramaError:
        return ""
