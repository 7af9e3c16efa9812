"""People as an address book (vCard 3.0): what the reader may export of them, of where they work and of the ways to reach them."""

from collections.abc import Iterable, Mapping as Map, Sequence
from typing import Any

from sqlalchemy import select

from crm.backoffice.exchange.export import EXPORT
from crm.backoffice.exchange.written import written_as
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import Masked, RowView

FIELDS = ("code", "last_name", "first_name", "middle_name", "name", "email", "phone", "birth_date", "language", "description")
WIDTH = 75  # octets of a line, as the standard asks
PHONES = {"mobile": "CELL", "work_phone": "WORK"}
MESSENGERS = frozenset({"telegram", "viber", "whatsapp"})
Rows = dict[int, list[Map[str, Any]]]


@written_as("contact", "vcard", content_type="text/vcard; charset=utf-8", ending="vcf", fields=FIELDS)
def cards(session: DataSession, rows: Sequence[RowView]) -> str:
    """The cards of some people."""
    ids = [row.id for row in rows]
    positions = _beside(session, "position", ids, ("account", "title", "primary"))
    points = _beside(session, "contact_point", ids, ("kind", "value"))
    companies = _titles(session, {position["account"] for several in positions.values() for position in several})
    return "".join(_card(session, row, positions.get(row.id, ()), points.get(row.id, ()), companies) for row in rows)


def _beside(session: DataSession, entity: str, people: Sequence[int], fields: tuple[str, ...]) -> Rows:
    """Rows of a list beside the people, with those fields that may be exported."""
    if not session.sight.may(entity, "export"):
        return {}
    readable = session.sight.filterable(entity, EXPORT)
    shown = [key for key in fields if key in readable]
    if "contact" not in readable:
        return {}
    source = session.table(entity, actions=EXPORT)
    query = select(source["contact"], *(source[key] for key in shown)).where(source.visible, source["contact"].in_(people)).order_by(source.id)
    found: Rows = {}
    for person, *values in session.execute(query):
        found.setdefault(person, []).append(dict.fromkeys(fields) | dict(zip(shown, values, strict=True)))
    return found


def _titles(session: DataSession, ids: set[Any]) -> dict[int, str]:
    if not session.sight.may("account", "export") or "name" not in session.sight.filterable("account", EXPORT):
        return {}
    source = session.table("account", actions=EXPORT)
    return {i: name for i, name in session.execute(select(source.id, source["name"]).where(source.visible, source.id.in_(ids - {None}))) if name}


def _card(session: DataSession, row: RowView, positions: Iterable[Map[str, Any]], points: Iterable[Map[str, Any]], companies: Map[int, str]) -> str:
    values = {key: "" if value is None or isinstance(value, Masked) else value for key, value in row.values.items()}
    names = [str(values.get(key, "")) for key in ("last_name", "first_name", "middle_name")]
    whole = values.get("name") or " ".join(filter(None, names))
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:{';'.join(map(_escaped, (*names, '', '')))}", f"FN:{_escaped(whole)}"]

    def add(head: str, value: Any) -> None:
        if value not in (None, ""):
            lines.append(f"{head}:{_escaped(str(value))}")

    work = min((p for p in positions if p["account"] in companies), key=lambda p: not p["primary"], default=None)
    if work is not None:
        add("ORG", companies[work["account"]])
        add("TITLE", work["title"])
    add("EMAIL;TYPE=INTERNET,PREF", values.get("email"))
    add("TEL;TYPE=VOICE,PREF", values.get("phone"))
    kinds = session.catalog.entity("contact_point").fields["kind"]
    for point in points:
        kind = kinds.export(point["kind"], session.reader) if point["kind"] is not None else ""
        if kind == "email":
            add("EMAIL;TYPE=INTERNET", point["value"])
        elif kind in MESSENGERS:
            add("IMPP", f"{kind}:{point['value']}" if point["value"] else "")
        elif kind == "post":
            lines.append(f"ADR;TYPE=WORK:;;{_escaped(point['value'] or '')};;;;")
        else:
            add(f"TEL;TYPE={PHONES.get(str(kind), 'VOICE')}", point["value"])
    add("BDAY", values.get("birth_date"))
    if values.get("language"):
        add("LANG", session.catalog.entity("contact").fields["language"].export(values["language"], session.reader))
    add("NOTE", values.get("description"))
    add("X-BRAMA-CODE", values.get("code"))
    return "".join(_folded(line) for line in (*lines, "END:VCARD"))


def _escaped(value: Any) -> str:
    text = str(value).replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n")
    return text.replace(",", "\\,").replace(";", "\\;").replace("\r", "").replace("\0", "")


def _folded(line: str) -> str:
    """The line in pieces of 75 octets at most, cut between letters."""
    made: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > WIDTH:
            made.append(piece)
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    return "\r\n".join((*made, piece)) + "\r\n"
