"""A tax code: ЄДРПОУ of a firm, РНОКПП of a person, ІПН of a payer of VAT; a foreign one behind the letters of its country."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement
from sqlalchemy.orm import MappedColumn
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.ua import edrpou, rntrc

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, declare
from crm.backoffice.fields.code import CodeField
from crm.backoffice.fields.country import countries
from crm.backoffice.fields.text import TextField
from crm.messages import Label, m

HOME = "UA"
BESIDES = frozenset({"EL", "XI", "EU"})  # letters that stand before numbers of VAT and are no country's code
_FOREIGN = re.compile(r"([A-Z]{2})([A-Z0-9]{2,18})")
_PASSPORT = re.compile(r"[А-ЯІЇЄҐ]{2}[0-9]{6}|[0-9]{9}")  # of people who have refused a number; a card's has nine digits
_SHORT = re.compile(r"[0-9]{5,7}")


@dataclass(frozen=True, kw_only=True)
class TaxCodeField(CodeField):
    """Kept without spaces. The digits of 8 and of 10 are proved by the last one; the number of a payer of VAT has no published proof."""

    type: ClassVar[str] = "tax_code"
    signs: ClassVar[re.Pattern[str]] = re.compile(r"[\s.\-‐–/\u00a0]+")

    max_length: int = 20

    def clean(self, value: Any) -> str | None:
        line = TextField.clean(self, value if not isinstance(value, str) else value[:1000])
        if line is None:
            return None
        code = self.found(line).removeprefix(HOME)
        if code.isascii() and code.isdecimal():
            return _of_home(code, line)
        if _PASSPORT.fullmatch(code):
            return code
        foreign = _FOREIGN.fullmatch(code)
        if foreign is None or foreign[1] not in countries("en").keys() | BESIDES:
            raise _unknown(line)
        return _of_abroad(code, line)

    def read(self, value: Any, reader: Reader) -> Any:
        """Spreadsheets take a code for a number and drop the zeros it begins with: they are put back."""
        digits = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(digits, str) and _SHORT.fullmatch(digits.strip()):
            digits = digits.strip().zfill(8)
        return self.clean(digits)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return Field.mask(self, column)


def _of_home(digits: str, written: str) -> str:
    proved = {8: edrpou.is_valid, 10: rntrc.is_valid}.get(len(digits))
    if proved is None:
        if len(digits) not in (9, 12):
            raise _unknown(written)
    elif not proved(digits):
        raise _unproved(written)
    return digits


def _of_abroad(code: str, written: str) -> str:
    """Of countries of the European Union as they check it, of others as it is written."""
    if code[:2].lower() not in vat.MEMBER_STATES - {"gr"} | {"el"}:
        return code
    try:
        return vat.validate(code)
    except ValidationError:
        raise _unproved(written) from None


def _unknown(written: str) -> FieldError:
    return FieldError(m(
        "“%(text)s” is no tax code: that of a firm has 8 digits, of a person 10, of a payer of VAT 12; before a foreign one stand the letters of its country "
        "(PL5260001246).", text=written[:60],
    ))


def _unproved(written: str) -> FieldError:
    return FieldError(m("“%(text)s” is not a right tax code: a digit in it is wrong, the check digit does not fit.", text=written[:60]))


def tax_code(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A tax code."""
    return declare(TaxCodeField(label=label, **facets))
