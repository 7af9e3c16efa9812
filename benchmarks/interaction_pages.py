"""What is asked about the past with customers: lists of interactions, the card and the timeline of a customer with a long past, figures."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import select

from benchmarks.bare_interactions import KYIV, Figures
from benchmarks.data import DEALS_OF_A_CUSTOMER, FIRST
from benchmarks.pages import BARE, FORMATTED, OFFSET, PAGE, PRODUCT, SIZES, Question, Stage, queries, same_cells
from benchmarks.timing import Work
from crm.backoffice import paging
from crm.backoffice.catalog import load_catalog
from crm.backoffice.guard import user_session
from crm.backoffice.reports import find, run
from crm.permissions import access_for

COLUMNS = "name,starts_at,medium,direction,state,account,contact,actual_minutes,owner"
MEDIUM, QUARTER = "meeting", "2024-Q4"
SINCE, UNTIL = datetime(2024, 10, 1, tzinfo=KYIV), datetime(2025, 1, 1, tzinfo=KYIV)
MONTHS = "2023-08..2025-07"  # all that there is
FROM, TO = datetime(2023, 8, 1, tzinfo=KYIV), datetime(2025, 8, 1, tzinfo=KYIV)
LONG = FIRST  # a customer with a long past
OLDER = 10  # pages back
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENTRY, LEADS = re.compile(r'<span class="b-ev">(.*?)</li>', re.DOTALL), re.compile(r'class="b-strong" href="([^"]+)"')
KEY = re.compile(r'\?before=([^"&]+)"')
ALIKE = (("the card of a short past", "the card of a long past"), ("the timeline of a short past", "the timeline of a long past"),
         ("the timeline of a short past", "an older page of it"))


@dataclass(frozen=True)
class Mark:
    """Where an older page of a timeline begins: the product's key, and the moment, place and number in it."""

    key: str
    at: datetime
    place: int
    number: int


def questions(stage: Stage) -> Iterator[Question]:
    """Everything that is timed; nothing where there are not two pages. Raises AssertionError when contenders do not show the same."""
    if stage.interactions < 2 * PAGE:
        return
    chosen = quote(json.dumps({"all": [{"field": "medium", "op": "eq", "value": MEDIUM}, {"field": "starts_at", "op": "within", "value": QUARTER}]}))
    account = quote(json.dumps({"field": "account", "op": "eq", "value": LONG}))
    number = min(20_000, stage.interactions // PAGE)
    at, last = _deep(stage, number)
    medium = urlencode({"medium": stage.past.options[MEDIUM], "since": stage.past.moment(SINCE), "until": stage.past.moment(UNTIL)})
    yield _list(stage, "interactions", "", "all")
    yield _list(stage, "interactions by medium", f"&where={chosen}", f"filtered?{medium}")
    yield _list(stage, "interactions of a customer", f"&where={account}", f"account?account={LONG}")
    yield _list(
        stage, f"interactions, page {number:,}", f"&after={paging.encode((at, last), False)}",
        f"deep?{urlencode({'at': stage.past.moment(at), 'after': last})}", offset=f"offset?offset={(number - 1) * PAGE}",
    )
    yield Question("card of a customer", {
        PRODUCT: lambda: stage.product.get(f"/account/{LONG}/"), BARE: lambda: stage.bare.get(f"/raw/account/{LONG}"),
    })
    _same_past(stage, None)
    yield Question("timeline", {
        PRODUCT: lambda: stage.product.get(f"/account/{LONG}/timeline"), BARE: lambda: stage.bare.get(f"/raw/account/{LONG}/timeline"),
    })
    mark = _older(stage, LONG)
    if mark is not None:
        _same_past(stage, mark)
        place = urlencode({"at": stage.past.moment(mark.at), "place": mark.place, "id": mark.number})
        yield Question("timeline, an older page", {
            PRODUCT: lambda: stage.product.get(f"/account/{LONG}/timeline?before={mark.key}"),
            BARE: lambda: stage.bare.get(f"/raw/account/{LONG}/timeline?{place}"),
        })
    for words, span, since, until in (("", QUARTER, SINCE, UNTIL), (", 24 months", MONTHS, FROM, TO)):
        for name, figures in (("interactions", stage.past.interactions(since, until)), ("time_spent", stage.past.time_spent(since, until))):
            yield _report(stage, name, figures, words, period=span, bare=urlencode({"since": since.isoformat(), "until": until.isoformat()}))
    yield _report(stage, "overdue", stage.past.overdue(), ", all")
    yield _report(stage, "stage_touches", stage.past.touches(), ", all", by="stage")


def _report(stage: Stage, name: str, figures: Figures, words: str, by: str = "owner", period: str = "", bare: str = "") -> Question:
    """A report beside bare SQL that gives the same figures. Raises AssertionError when they differ."""
    _same_figures(stage, name, figures, by, period)
    return Question(f"report {name}{words}", {
        PRODUCT: lambda: stage.product.get(f"/report/{name}?by={by}&period={period}"), BARE: lambda: stage.bare.get(f"/raw/report/{name}?{bare}"),
    })


def _list(stage: Stage, name: str, product: str, bare: str, *, offset: str = "") -> Question:
    address = f"/interaction/?columns={COLUMNS}{product}"
    same_cells(stage, name, address, f"/babel/interactions/{bare}", skip=0)
    contenders: dict[str, Work] = {
        PRODUCT: lambda: stage.product.get(address), BARE: lambda: stage.bare.get(f"/raw/interactions/{bare}"),
        FORMATTED: lambda: stage.bare.get(f"/babel/interactions/{bare}"),
    }
    if offset:
        contenders[OFFSET] = lambda: stage.bare.get(f"/raw/interactions/{offset}")
    return Question(name, contenders, listed=True)


def _deep(stage: Stage, page: int) -> tuple[datetime, int]:
    """Moment and number of the row before a page."""
    catalog = load_catalog(stage.engine)
    with user_session(stage.engine, access_for(stage.engine, stage.user, catalog), catalog) as session:
        rows = session.table("interaction")
        query = select(rows["starts_at"], rows.id).where(rows.visible).order_by(rows["starts_at"].desc(), rows.id.desc())
        row = session.execute(query.offset((page - 1) * PAGE - 1).limit(1)).one()
    return row[0], row[1]


def _older(stage: Stage, account: int) -> Mark | None:
    """Some pages back on a timeline, or the last page of a shorter one; None where one page holds it all."""
    key = ""
    for _ in range(OLDER):
        found = KEY.search(stage.product.get(f"/account/{account}/timeline{f'?before={key}' if key else ''}").text)
        if found is None:
            break
        key = unescape(found[1])
    if not key:
        return None
    micro, place, number = key.partition("~")[0].split(".")
    return Mark(key, EPOCH + timedelta(microseconds=int(micro)), int(place), int(number))


def _same_past(stage: Stage, mark: Mark | None) -> None:
    """The product and the bare page tell the same in the same order."""
    page = stage.product.get(f"/account/{LONG}/timeline{f'?before={mark.key}' if mark else ''}").text
    ours = [link[1] if (link := LEADS.search(entry)) else "" for entry in ENTRY.findall(page)]
    before = (stage.past.moment(mark.at), mark.place, mark.number) if mark else None
    theirs = [f"/{'interaction' if row.place == 1 else 'deal'}/{row.target}/" for row in stage.past.timeline(LONG, PAGE, before)]
    assert ours and ours == theirs, f"timeline: not the same: {ours[:5]} {theirs[:5]}"


def _same_figures(stage: Stage, name: str, expected: Figures, by: str, period: str) -> None:
    """The product's report gives the figures of the bare SQL."""
    catalog = load_catalog(stage.engine)
    with user_session(stage.engine, access_for(stage.engine, stage.user, catalog), catalog) as session:
        _, table = run(find(name), session, {"by": by, "period": period})
    rows = {row[f"{by}_id"]: row for row in table.rows}
    assert set(expected) <= set(rows), f"report {name}: not the same rows"
    assert all(number in expected or not row.get("touches", 1) for number, row in rows.items()), f"report {name}: more rows than there should be"
    for number, other in expected.items():
        row = rows[number]
        for column in table.measures:
            if column.key in other:
                assert _equal(row[column.key], other[column.key]), f"report {name}: {column.key} of {row[by]}: {row[column.key]}, not {other[column.key]}"


def _equal(one: Any, other: Any) -> bool:
    return one == other if one is None or other is None else math.isclose(one, other)


def counted(stage: Stage) -> dict[str, int]:
    """How many statements the product sends, by what it shows."""
    if stage.interactions < 2 * PAGE:
        return {}
    short = FIRST + max(stage.deals // DEALS_OF_A_CUSTOMER, 1) - 1
    found = {f"interactions of {size}": queries(stage, f"/interaction/?size={size}") for size in SIZES}
    for account, name in ((short, "short"), (LONG, "long")):
        found[f"the card of a {name} past"] = queries(stage, f"/account/{account}/")
        found[f"the timeline of a {name} past"] = queries(stage, f"/account/{account}/timeline")
    mark = _older(stage, LONG)
    if mark is not None:
        found["an older page of it"] = queries(stage, f"/account/{LONG}/timeline?before={mark.key}")
    for name, by in (("interactions", "owner"), ("time_spent", "owner"), ("overdue", "owner"), ("stage_touches", "stage")):
        found[f"report {name}"] = queries(stage, f"/report/{name}?by={by}&period={QUARTER}")
    return found
