"""The address of a web page, http or https only: a link is something people click."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, declare
from crm.backoffice.fields.text import TextField
from crm.backoffice.types import KeyText
from crm.messages import Label, m

MAX_LENGTH = 2_000
_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?|\[[0-9a-fA-F:.]{2,45}\]")


@dataclass(frozen=True, kw_only=True)
class UrlField(TextField):
    """Without a scheme https is meant; the host is kept in small letters, the rest as it was written."""

    type: ClassVar[str] = "url"
    companions: ClassVar[tuple[str, ...]] = ("__find",)

    max_length: int = MAX_LENGTH

    def sql_type(self) -> TypeEngine[Any]:
        return KeyText(self.max_length)

    def sort_companion(self) -> str:
        return ""

    def found(self, value: str) -> str:
        return value.strip().lower()

    def clean(self, value: Any) -> str | None:
        line = TextField.clean(self, value)
        if line is None:
            return None
        address = line if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)", line) else f"https://{line.removeprefix('//')}"
        try:
            parts = urlsplit(address)
            host, port, scheme = parts.netloc.rpartition("@")[2], parts.port, parts.scheme.lower()
        except ValueError:
            raise self._refused(line) from None
        named = host.removesuffix(f":{port}") if port is not None else host.removesuffix(":")
        if scheme not in ("http", "https") or re.search(r"[\s<>\"\\^`{|}]", address) or not _HOST.fullmatch(named) or "@" in parts.netloc:
            raise self._refused(line)
        clean = parts._replace(scheme=scheme, netloc=parts.netloc.lower()).geturl()
        if len(clean) > self.max_length:
            raise self._refused(line)
        return clean

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return Field.mask(self, column)

    def _refused(self, line: str) -> FieldError:
        return FieldError(m("“%(text)s” is not the address of a web page (https://…).", text=line[:60]))


def url(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """The address of a web page."""
    return declare(UrlField(label=label, **facets))
