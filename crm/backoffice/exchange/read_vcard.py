"""Address books (vCard 2.1, 3.0 and 4.0) as a table: one card a row, its columns named as the fields of a person that they fill.

Read line by line: pictures, sounds and keys are passed over without being kept. A card that is broken is a row with a problem; the cards
around it are read all the same.
"""

import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crm.backoffice.exchange.sniff import ENCODINGS, file_encoding
from crm.backoffice.exchange.table import MAX_CELL, Cell, Row, Table, Unreadable, counted
from crm.messages import Message, m

POINTS = 20  # further phones, addresses and messengers of one card
MOST_LINES = 1_000  # of one card, apart from what is passed over
LARGEST = 8 * MAX_CELL  # characters of one card
HEAD = 200  # characters in which a line says how it is written
# Old cards name the alphabet of each text; others of Python's codecs are none, or cost more than they say.
CHARSETS = frozenset(codecs.lookup(name).name for name in (*ENCODINGS, "ascii", "koi8-r", "cp1250", "iso-8859-2", "iso-8859-15"))
PASSED_OVER = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
PLAIN = (
    "code", "last_name", "first_name", "middle_name", "name", "email", "phone", "birth_date", "language", "positions.account", "positions.title", "description",
)
MESSENGERS = frozenset({"telegram", "viber", "whatsapp"})
# A content line: perhaps a group, a name, perhaps parameters (their values perhaps in quotes), a colon, the value.
LINE = re.compile(r'(?:[\w.-]+\.)?([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":])*)?):(.*)', re.S)
PARAM = re.compile(r';((?:"[^"]*"|[^;"])*)')
DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:$|T)")
ESCAPED = re.compile(r"\\(.)", re.S)


class _Broken(ValueError):
    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


@dataclass(frozen=True)
class _Property:
    name: str
    kinds: frozenset[str]  # TYPE, and the bare words of 2.1, in capitals
    preferred: bool
    value: str  # still with its escapes

    @property
    def text(self) -> str:
        return _plain(self.value).strip()

    @property
    def parts(self) -> list[str]:
        """The components between semicolons."""
        return [_plain(part).strip() for part in re.split(r"(?<!\\);", self.value)]


@dataclass
class _Card:
    properties: list[_Property] = field(default_factory=list)
    problem: Message | None = None
    size: int = 0

    def add(self, one: _Property) -> None:
        self.properties.append(one)
        self.size += len(one.value)
        if len(self.properties) > MOST_LINES or self.size > LARGEST:
            self.properties.clear()
            raise _Broken(m("The card is longer than %(lines)s lines or %(limit)s characters.", lines=MOST_LINES, limit=LARGEST))


def open_vcard(path: Path, *, encoding: str) -> Table:
    """The table of an address book; its columns are those that some card fills. Raises Unreadable."""
    codec = file_encoding(path, encoding)
    filled: dict[str, None] = {}
    cards = 0
    for card in _cards(path, codec):
        cards += 1
        if card.problem is None:
            filled.update(dict.fromkeys(_values(card)))
    if not cards:
        raise Unreadable(m("The file holds no card: none begins with BEGIN:VCARD."))
    columns = tuple(name for name in _columns() if name in filled) or ("name",)

    def rows() -> Iterator[Row]:
        for number, card in enumerate(_cards(path, codec), 2):
            problem, values = card.problem, {} if card.problem is not None else _values(card)
            cells: list[Cell] = [values.get(name) for name in columns]
            if problem is None and any(isinstance(cell, str) and (len(cell) > MAX_CELL or "\0" in cell) for cell in cells):
                problem = m("A cell is longer than %(limit)s characters.", limit=MAX_CELL)
            yield Row(number, tuple(cells), problem)

    return Table("vcard", columns, lambda: counted(rows()), codec)


def group(number: int) -> str:
    """How a mapping calls the further ways to reach a person: `contact_points`, `contact_points:2` …"""
    return "contact_points" if number == 1 else f"contact_points:{number}"


def _columns() -> Iterator[str]:
    yield from PLAIN
    for number in range(1, POINTS + 1):
        yield from (f"{group(number)}.kind", f"{group(number)}.value")


# --- lines to cards --------------------------------------------------------------------------------------------------


def _cards(path: Path, codec: str) -> Iterator[_Card]:
    card: _Card | None = None
    for line in _unfolded(path, codec):
        upper = line[:20].strip().upper()
        if upper == "BEGIN:VCARD":
            if card is not None:
                card.problem = m("The card does not end: another begins before END:VCARD.")
                yield card
            card = _Card()
        elif upper == "END:VCARD":
            if card is not None:
                yield card
            card = None
        elif card is None:
            yield _Card(problem=m("“%(text)s” stands outside of any card.", text=line[:40]))
        elif card.problem is None:
            try:
                card.add(_property(line))
            except _Broken as broken:
                card.problem = broken.message
    if card is not None:
        card.problem = m("The card does not end: the file is cut off.")
        yield card


def _unfolded(path: Path, codec: str) -> Iterator[str]:
    """Whole lines: those that begin with a space go on, and so does quoted-printable text that ends with `=`. What is passed over is not kept."""
    whole: list[str] = []
    head, passing, soft, length = "", False, False, 0
    with path.open(encoding=codec, errors="replace", newline=None) as file:
        while raw := file.readline(MAX_CELL):
            line = raw.rstrip("\r\n")
            if soft or (line[:1] in (" ", "\t") and whole):
                if passing:
                    continue
                piece = line if soft else line[1:]
                head = (head + piece)[:HEAD] if len(head) < HEAD else head
                length += len(piece) or 1
                if length <= 4 * MAX_CELL:
                    if soft:
                        whole[-1] = whole[-1][:-1]
                    whole.append(piece)
                soft = _is_soft(head, piece)
                continue
            if whole and not passing:
                yield "".join(whole)
            if not line.strip():
                whole, passing = [], False
                continue
            whole, head, length, name = [line], line[:HEAD], len(line), re.split(r"[;:]", line, maxsplit=1)[0].rpartition(".")[2].upper()
            passing = name in PASSED_OVER or (passing and ":" not in line)
            soft = not passing and _is_soft(head, line)
    if whole and not passing:
        yield "".join(whole)


def _is_soft(head: str, piece: str) -> bool:
    return piece.endswith("=") and "QUOTED-PRINTABLE" in head.upper()


def _property(line: str) -> _Property:
    found = LINE.fullmatch(line)
    if found is None:
        raise _Broken(m("The line “%(text)s” of the card has no name and value.", text=line[:40]))
    name, params, value = found[1].upper(), found[2], found[3]
    if len(value) > 3 * MAX_CELL:
        raise _Broken(m("A cell is longer than %(limit)s characters.", limit=MAX_CELL))
    kinds: set[str] = set()
    coded, charset, preferred = "", "utf-8", False
    for raw in PARAM.findall(params):
        key, sign, told = raw.partition("=")
        key, told = key.strip().upper(), told.strip().strip('"')
        if not sign:
            kinds.add(key)
        elif key == "TYPE":
            kinds |= {kind.strip().upper() for kind in told.split(",")}
        elif key == "ENCODING":
            coded = told.upper()
        elif key == "CHARSET":
            charset = told
        elif key == "PREF":
            preferred = True
    if coded == "QUOTED-PRINTABLE" or "QUOTED-PRINTABLE" in kinds:
        value = _decoded(value, charset)
    return _Property(name, frozenset(kinds), preferred or "PREF" in kinds, value)


def _decoded(value: str, charset: str) -> str:
    try:
        known = codecs.lookup(charset).name
        if known not in CHARSETS:
            raise LookupError(charset)
        return quopri.decodestring(value.encode("utf-8", "surrogateescape")).decode(known)
    except (LookupError, ValueError) as error:
        raise _Broken(m("The text “%(text)s” of the card cannot be read as %(charset)s.", text=value[:40], charset=charset[:20])) from error


def _plain(value: str) -> str:
    return ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).replace("\r\n", "\n")


# --- a card to cells -------------------------------------------------------------------------------------------------


def _values(card: _Card) -> dict[str, str]:
    """The cells of a card by column, those alone that say something."""
    first: dict[str, _Property] = {}
    for one in card.properties:
        first.setdefault(one.name, one)
    found: dict[str, str] = {}
    if "N" in first:
        found |= dict(zip(("last_name", "first_name", "middle_name"), (*first["N"].parts, "", "", ""), strict=False))
    for name, column in (("FN", "name"), ("X-BRAMA-CODE", "code")):
        found[column] = first[name].text if name in first else ""
    if not found["name"]:
        found["name"] = " ".join(part for key in ("last_name", "first_name", "middle_name") if (part := found.get(key)))
    day = DAY.match(first["BDAY"].text) if "BDAY" in first else None
    found["birth_date"] = "-".join(day.groups()) if day is not None else ""
    found["language"] = first["LANG"].text[:2].lower() if "LANG" in first else ""
    told = [one.text for one in card.properties if one.name == "NOTE"]
    title = next((first[name].text for name in ("TITLE", "ROLE") if name in first and first[name].text), "")
    company = next((part for part in first["ORG"].parts if part), "") if "ORG" in first else ""
    found["positions.account"], found["positions.title"] = company, title if company else ""
    found["description"] = "\n".join(filter(None, (*told, title if not company else "")))
    if not any(found.values()):
        found["name"] = next((one.text for one in card.properties if one.name in ("EMAIL", "TEL", "NICKNAME") and one.text), "")
    _reach(card, found)
    return {key: value for key, value in found.items() if value}


def _reach(card: _Card, found: dict[str, str]) -> None:
    """The main phone and e-mail, and every other way to reach the person."""
    points: list[tuple[str, str]] = []
    for name, column in (("TEL", "phone"), ("EMAIL", "email")):
        several = [one for one in card.properties if one.name == name and one.text]
        main = next((one for one in several if one.preferred), several[0] if several else None)
        if main is not None:
            found[column] = _address(main)
        points += [(_kind(one), _address(one)) for one in several if one is not main]
    for one in card.properties:
        scheme, sign, address = one.text.partition(":")
        if one.name == "IMPP" and sign and scheme.lower() in MESSENGERS:
            points.append((scheme.lower(), address))
        elif one.name == "ADR" and any(one.parts):
            points.append(("post", ", ".join(part.replace("\n", ", ") for part in one.parts if part)))
    for number, (kind, value) in enumerate(dict.fromkeys(points), 1):
        if number <= POINTS:
            found[f"{group(number)}.kind"], found[f"{group(number)}.value"] = kind, value


def _address(one: _Property) -> str:
    text = one.text
    return text.partition(":")[2].partition(";")[0] if text.lower().startswith(("tel:", "mailto:")) else text


def _kind(one: _Property) -> str:
    return "email" if one.name == "EMAIL" else "work_phone" if "WORK" in one.kinds and "CELL" not in one.kinds else "mobile"
