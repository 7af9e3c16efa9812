"""How quotes come about: of the lines of a deal, and the next version of the one before. Everything goes through the one door in a person's name."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.errors import Forbidden, NotFound
from crm.messages import m
from crm.sales.quotes.rules import CONTENTS

OF_DEAL = ("product", "quantity", "price", "discount", "amount")  # of a line, the same in a deal and in a quote
OF_QUOTE = (*OF_DEAL, "tax_rate", "description", "optional", "chosen")
COPIED = (*CONTENTS, "description", "owner")
Row = dict[str, Any]


def of_deal(session: DataSession, deal: int) -> int:
    """A first version with the lines of a deal, in its currency; its number. Raises NotFound, Forbidden, Invalid."""
    (about,) = wholly(session, "deal", ("currency",), "id", deal) or (None,)
    if about is None:
        raise NotFound()
    lines = wholly(session, "deal_line", OF_DEAL, "deal", deal)
    writes(session, "quote_line", OF_DEAL)
    made = records.create(session, "quote", {"deal": deal, "currency": about["currency"]})
    records.create_many(session, "quote_line", [_filled(line) | {"quote": made} for line in lines])
    return made


def next_version(session: DataSession, quote: int) -> int:
    """The same offered once more, to be changed; the former is superseded. Its number. Raises NotFound, Forbidden, Invalid."""
    (before,) = wholly(session, "quote", (*COPIED, "name", "number", "code"), "id", quote) or (None,)
    if before is None:
        raise NotFound()
    lines = wholly(session, "quote_line", OF_QUOTE, "quote", quote)
    writes(session, "quote", ("previous", *CONTENTS))
    writes(session, "quote_line", OF_QUOTE)
    values = {key: before[key] for key in COPIED}
    if values["valid_until"] is not None and values["valid_until"] < session.reader.today:
        del values["valid_until"]
    if not str(before["name"]).startswith(str(before["number"] or before["code"])):
        values["name"] = before["name"]  # one that somebody has given it
    made = records.create(session, "quote", {**_filled(values), "previous": quote})
    records.create_many(session, "quote_line", [_filled(line) | {"quote": made} for line in lines])
    return made


def wholly(session: DataSession, entity: str, keys: Sequence[str], of: str, number: int) -> list[Row]:
    """The rows in which `of` is `number` that this person sees, in their order. Raises Forbidden where he does not see all of these fields:
    what he copied would be another thing."""
    if not {*keys, *({of} - {"id"})} <= set(session.sight.filterable(entity)):
        raise Forbidden(m("You do not see all that would be copied."))
    source = session.table(entity)
    columns = [source[key].label(key) for key in keys] + [source.shows(key).label(f"shows_{key}") for key in keys]
    query = select(source.id.label("id"), *columns).where(source.visible, naming(source, of) == number).order_by(source.id)
    rows = session.execute(query).mappings().all()
    if not all(row[f"shows_{key}"] for row in rows for key in keys):
        raise Forbidden(m("You do not see all that would be copied."))
    return [{"id": row["id"], **{key: row[key] for key in keys}} for row in rows]


def writes(session: DataSession, entity: str, keys: Sequence[str]) -> None:
    """Raises Forbidden where this person may not give all of these fields to new rows: the rest would be another thing."""
    if not set(keys) <= set(session.sight.creatable(entity)):
        raise Forbidden(m("You may not write all that would be copied."))


def naming(source: Any, key: str) -> Any:
    return source.id if key == "id" else source[key]


def _filled(row: Mapping[str, Any]) -> Row:
    """What is given; an empty price is that of the product."""
    return {key: value for key, value in row.items() if value is not None and key != "id"}
