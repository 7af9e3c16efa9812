"""Files of the National Bank of Ukraine (bank.gov.ua, „API для розробників“) as quotes in hryvnias. Nothing is fetched: the file is brought.

    statdirectory/exchange?json   [{"r030": 840, "txt": "Долар США", "rate": 41.2345, "cc": "USD", "exchangedate": "25.11.2026"}, …]
    exchange_site?…&json          the same with "enname", "units", "rate_per_unit", "group", "calcdate"; `rate` is for `units` of the currency
    either without json           <exchange><currency><r030>840</r030>…</currency>…</exchange>
    CSV                           these names as heads of columns, or those of the tables on the bank's site in Ukrainian or English

Only `cc`, `exchangedate`, `rate` and `units` are read.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, Literal, NoReturn
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from crm.backoffice.exchange.table import MEGABYTE, Unreadable
from crm.backoffice.fields.numbers import parse_decimal, read_decimal
from crm.backoffice.money import WIDE
from crm.backoffice.outside import read_json, sound
from crm.errors import BadRequest, FieldError
from crm.messages import Message, m

Form = Literal["json", "xml", "csv"]
FORMS: tuple[Form, ...] = ("json", "xml", "csv")
LARGEST = 32 * MEGABYTE  # some five years of all currencies
MOST_DIGITS = 30  # of a rate or a number of units, on either side of the point
DATES = ("%d.%m.%Y", "%Y-%m-%d")
# What columns of a table are called on the bank's site, in small letters.
HEADS: Mapping[str, str] = {
    "cc": "cc", "код літерний": "cc", "letter code": "cc",
    "exchangedate": "exchangedate", "дата": "exchangedate", "date": "exchangedate",
    "rate": "rate", "офіційний курс": "rate", "офіційний курс гривні": "rate", "офіційний курс гривні, грн": "rate", "official hrywnia exchange rate": "rate",
    "official hrywnia exchange rates, uah": "rate",
    "units": "units", "кількість одиниць": "units", "кількість одиниць валюти": "units",
}
NEEDED = ("cc", "exchangedate", "rate")
CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Quote:
    """Hryvnias for one unit of a currency on a day; `units` may have made it a quotient of sixty digits."""

    currency: str
    day: date
    hryvnias: Decimal


def read(content: bytes, form: Form | None = None) -> list[Quote]:
    """The quotes of a file, in its order; without `form` its first sign says which it is. Raises Unreadable with the number of the entry that is wrong."""
    if len(content) > LARGEST:
        raise Unreadable(m("The file is too large: at most %(limit)s MB are accepted.", limit=LARGEST // MEGABYTE))
    head = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not head:
        raise Unreadable(m("The file is empty."))
    entries = READERS[form or {b"[": "json", b"{": "json", b"<": "xml"}.get(head, "csv")](content)
    found = [_quote(number, entry) for number, entry in enumerate(entries, 1)]
    if not found:
        raise Unreadable(m("There is no rate in the file."))
    return found


# --- entries, each as names and values ------------------------------------------------------------------------------


def _of_json(content: bytes) -> Iterable[Any]:
    try:
        entries = read_json(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Unreadable(m("The file is not in UTF-8, as JSON must be.")) from None
    except (ValueError, RecursionError, ArithmeticError):
        raise Unreadable(m("The file is not valid JSON.")) from None
    except BadRequest as unsound:
        raise Unreadable(unsound.message) from None
    if not isinstance(entries, list):
        raise Unreadable(m("A list of rates is expected, as the National Bank gives it."))
    return entries


def _no_number(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _of_xml(content: bytes) -> Iterator[Mapping[str, str]]:
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable(m("The file is not valid XML.")) from None
    if root.tag != "exchange":
        raise Unreadable(m("A list of rates is expected, as the National Bank gives it."))
    return ({part.tag: part.text or "" for part in entry} for entry in root)


def _of_csv(content: bytes) -> Iterator[Mapping[str, str]]:
    text = _decoded(content)
    lines = csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    try:
        heads = [HEADS.get(head.strip().lower(), "") for head in next(lines)]
        missing = [name for name in NEEDED if name not in heads]
        if missing:
            raise Unreadable(m("The file has no column “%(name)s”.", name=missing[0]))
        rows = [{name: cell for name, cell in zip(heads, line, strict=False) if name} for line in lines if any(line)]
    except csv.Error:
        raise Unreadable(m("The file is not valid CSV.")) from None
    return iter(rows)


def _decoded(content: bytes) -> str:
    """UTF-8, else Windows-1251."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text: str = sound(content.decode(encoding))
        except UnicodeDecodeError:
            continue
        except BadRequest as unsound:
            raise Unreadable(unsound.message) from None
        return text
    raise Unreadable(m("The encoding of the file is not known: it is neither UTF-8 nor Windows-1251."))


READERS: Mapping[str, Callable[[bytes], Iterable[Any]]] = {"json": _of_json, "xml": _of_xml, "csv": _of_csv}


# --- one entry -------------------------------------------------------------------------------------------------------


def _quote(number: int, entry: Any) -> Quote:
    if not isinstance(entry, Mapping) or any(name not in entry for name in NEEDED):
        raise _wrong(number, m("a currency (cc), a day (exchangedate) and a rate are expected"))
    currency = str(entry["cc"]).strip()
    if not CODE.fullmatch(currency):
        raise _wrong(number, m("“%(text)s” is not the code of a currency", text=currency[:20]))
    rate, units = _number(number, entry["rate"]), Decimal(1) if entry.get("units") in (None, "") else _number(number, entry["units"])
    return Quote(currency, _day(number, entry["exchangedate"]), WIDE.divide(rate, units))


def _day(number: int, value: Any) -> date:
    text = str(value).strip()
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _wrong(number, m("“%(text)s” is not a day", text=text[:20]))


def _number(number: int, value: Any) -> Decimal:
    """Above zero and of no more digits than a rate can have: 1e40 is none."""
    try:
        found = parse_decimal(value.strip(), "uk") if isinstance(value, str) else read_decimal(value)
    except FieldError:
        raise _wrong(number, m("“%(text)s” is not a number", text=str(value)[:20])) from None
    if found <= 0:
        raise _wrong(number, m("a rate is a number above zero, and so are units"))
    if abs(found.adjusted()) > MOST_DIGITS:
        raise _wrong(number, m("the number is too large or too small"))
    return found


def _wrong(number: int, why: Message) -> Unreadable:
    return Unreadable(m("Entry %(number)s of the file: %(why)s.", number=number, why=why))
