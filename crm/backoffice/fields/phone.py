"""A telephone number: E.164 when it is one, otherwise as it was written and marked — a number is never lost for its form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Unpack

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat
from sqlalchemy import ColumnElement, String, case, func, literal
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import MASK, Facets, Reader, Text, declare
from crm.backoffice.fields.text import TextField
from crm.backoffice.types import KeyText
from crm.messages import Label

REGION = "UA"  # where a number without a country code is taken to be
HOME_CODE = str(phonenumbers.country_code_for_region(REGION))
MARK = "⚠\u00a0"
_PIECE = re.compile(r"[0-9\s+().\-‐–/\u00a0]+")
_WRITTEN = re.compile(r"[+＋]?[0-9\s().\-‐–/\u00a0]+(?:(?:;ext=|[,;]?\s*(?:ext|x|дод|вн|#)\.?)\s*[0-9]{1,7})?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:;ext=|[,;]?\s*(?:ext|x|дод|вн|#)\.?)\s*([0-9]{1,7})$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class PhoneField(TextField):
    """Kept as `+380441234567` or `+380441234567;ext=12`; numbers of the home country are shown as they are dialled there."""

    type: ClassVar[str] = "phone"
    companions: ClassVar[tuple[str, ...]] = ("__find",)

    max_length: int = 64

    def sql_type(self) -> TypeEngine[Any]:
        return KeyText(self.max_length)

    def sort_companion(self) -> str:
        return ""

    def found(self, value: str) -> str:
        """Digits alone, so that any way of writing a number finds it."""
        return re.sub(r"[^0-9]", "", value)

    def clean(self, value: Any) -> str | None:
        line = TextField.clean(self, value)
        return None if line is None else e164(line) or line

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        """A piece of a number is sought by its digits; the home country's trunk prefix 0 is no part of the kept number. Words find nothing."""
        if op not in ("contains", "starts"):
            return TextField.operand(self, op, value, reader)
        digits = self.sought(value)
        if not _PIECE.fullmatch(value):
            return ""
        if digits.startswith("0"):
            return HOME_CODE + digits[1:] if op == "starts" else digits[1:]
        return digits

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return _shown

    def input_text(self, value: Any, reader: Reader) -> Text:
        if value is None:
            return ""
        return _shown(value) if number(value) else str(value)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        last_two = func.substr(column, func.length(column) - 1, type_=String)
        long_enough = func.length(column) >= 6
        return case((column.is_(None), None), (long_enough, literal(f"{MASK} ", String).concat(last_two)), else_=literal(MASK, String))


@lru_cache(maxsize=65_536)
def number(written: str) -> PhoneNumber | None:
    """The telephone number that `written` is, None when it is none: words, several numbers, too few digits, no such area."""
    if not _WRITTEN.fullmatch(written):
        return None
    extension = _EXTENSION.search(written)
    main = written[: extension.start()] if extension else written
    try:
        parsed = phonenumbers.parse(main, REGION)
    except phonenumbers.NumberParseException:
        return None
    digits = re.sub(r"[^0-9]", "", main)
    if not phonenumbers.is_valid_number(parsed) or not digits.endswith(phonenumbers.national_significant_number(parsed)):
        return None
    parsed.extension = extension[1] if extension else None
    return parsed


def e164(written: str) -> str | None:
    """The international form in which a number is kept, None when it is none."""
    found = number(written)
    if found is None:
        return None
    international = phonenumbers.format_number(PhoneNumber(found.country_code, found.national_number, italian_leading_zero=found.italian_leading_zero,
                                                           number_of_leading_zeros=found.number_of_leading_zeros), PhoneNumberFormat.E164)
    return f"{international};ext={found.extension}" if found.extension else international


@lru_cache(maxsize=65_536)
def _shown(value: Any) -> str:
    if value is None:
        return ""
    if MASK in value:
        return str(value)
    found = number(value)
    if found is None:
        return f"{MARK}{value}"
    home = phonenumbers.region_code_for_number(found) == REGION
    plain = PhoneNumber()
    plain.merge_from(found)
    plain.extension = None
    shown = phonenumbers.format_number(plain, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)
    return f"{shown} x{found.extension}" if found.extension else shown


def phone(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A telephone number."""
    return declare(PhoneField(label=label, **facets))
