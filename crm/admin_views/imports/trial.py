"""The right half of the screen: what a trial found, or what an import refused, as the template draws it."""

from collections.abc import Mapping as Map, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal

from crm.admin_views.imports.decided import Tally
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.cells import text_formatter
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.profile import Profile
from crm.backoffice.exchange.related import related_of
from crm.backoffice.fields.base import Reader
from crm.messages import m, mn, render, thaw

WIDTH = 400  # of the bar, in its own units
THIN = 4  # what is there at all is seen


@dataclass(frozen=True)
class Slice:
    """A part of the bar: its class, where it begins and how wide it is."""

    css: str
    x: float
    width: float


@dataclass(frozen=True)
class PartShown:
    label: str
    old: str
    new: str
    made: bool


@dataclass(frozen=True)
class RowShown:
    """A row of the file: what it is called, where it stands, its fields old and new; `more` fields are left out."""

    title: str
    place: str
    url: str
    parts: list[PartShown]
    more: int


@dataclass(frozen=True)
class ReasonShown:
    """Why rows cannot be taken, once for all rows with the same reason; `column` is the number of the column it is about, to be mended there."""

    text: str
    where: str
    value: str
    rows: str
    column: int | None


@dataclass(frozen=True)
class TrialShown:
    """A trial. `good` is how many rows would be written; `related` tells what they make besides."""

    rows: int
    created: int
    updated: int
    unchanged: int
    failed: int
    skipped: int
    seconds: str
    bar: list[Slice]
    changed: list[RowShown]
    fresh: list[RowShown]
    reasons: list[ReasonShown]
    untold: int
    related: list[tuple[str, int]]
    error_file: bool
    spoken: str
    review: int = 0

    @property
    def writes(self) -> int:
        return self.created + self.updated


def shown(result: Map[str, Any], kind: Entity, catalog: Catalog, reader: Reader, profile: Profile | None, now: Tally | None) -> TrialShown:
    """The result of a trial or of an import that was refused, in the reader's language. `now` counts rows as they are decided since."""
    counts = result["counts"]
    numbers = {key: int(counts[key]) for key in ("created", "updated", "unchanged", "failed", "skipped")}
    if now is not None:
        numbers |= {"created": now.created, "updated": now.updated, "unchanged": now.unchanged, "failed": now.failed}
        numbers["skipped"] = int(counts["rows"]) - now.created - now.updated - now.unchanged - now.failed - now.review
    at = {column.name: number for number, column in enumerate(profile.columns)} if profile is not None else {}
    return TrialShown(
        int(counts["rows"]), **numbers, seconds=_seconds(result["seconds"], reader.language),
        bar=bar(numbers["created"], numbers["updated"], numbers["unchanged"] + numbers["skipped"], numbers["failed"]),
        changed=[_row(one, kind, catalog, reader) for one in result["changed"]], fresh=[_row(one, kind, catalog, reader) for one in result["fresh"]],
        reasons=[_reason(one, at, reader) for one in result["reasons"]], untold=result["untold"],
        related=related(counts["related"], catalog, reader), error_file=bool(result["error_file"]),
        spoken=spoken(numbers["created"], numbers["updated"], numbers["unchanged"], numbers["failed"]),
        review=now.review if now is not None else 0,
    )


def _seconds(took: float, language: str) -> str:
    """With one digit; what is too short for it is told as "< 0.1"."""
    return format_decimal(round(took, 1), locale=language) if took >= 0.05 else f"< {format_decimal(0.1, locale=language)}"


def related(counts: Map[str, int], catalog: Catalog, reader: Reader) -> list[tuple[str, int]]:
    """What rows made beside their own records: plural of the entity and number."""
    return [(catalog.entities[key].plural.text(reader.language), number) for key, number in counts.items() if key in catalog.entities]


def bar(created: int, updated: int, unchanged: int, failed: int) -> list[Slice]:
    """The parts of the bar, in order; what is there is at least as wide as can be seen."""
    parts = [(css, n) for css, n in (("w", created), ("a", updated), ("c", unchanged), ("l", failed)) if n]
    total = sum(n for _, n in parts)
    widths = [max(THIN, WIDTH * n / total) for _, n in parts]
    scale = (WIDTH - 2 * max(len(parts) - 1, 0)) / sum(widths) if widths else 1
    found, x = [], 0.0
    for (css, _), width in zip(parts, widths, strict=True):
        found.append(Slice(css, round(x, 2), round(width * scale, 2)))
        x += width * scale + 2
    return found


def spoken(created: int, updated: int, unchanged: int, failed: int) -> str:
    """The bar for those who hear it."""
    parts = (
        mn("%(num)s new", "%(num)s new", created), mn("%(num)s changed", "%(num)s changed", updated), mn("%(num)s unchanged", "%(num)s unchanged", unchanged),
        mn("%(num)s failed", "%(num)s failed", failed),
    )
    return ", ".join(say(part) for part in parts)


def _row(raw: Map[str, Any], kind: Entity, catalog: Catalog, reader: Reader) -> RowShown:
    place = render(m("row %(number)s", number=raw["row"]), reader.language)
    title = raw["title"] or raw["code"] or place
    code = raw["code"] if raw["code"] and raw["code"] != title else None
    return RowShown(
        str(title), f"{place}, {code}" if code else place, f"/{kind.key}/{raw['record']}/" if raw["record"] else "",
        [_part(part, kind, catalog, reader) for part in raw["parts"]], raw["more"],
    )


def _part(raw: Map[str, Any], kind: Entity, catalog: Catalog, reader: Reader) -> PartShown:
    spec = catalog.entity(raw["entity"]).fields[raw["key"]]
    label = spec.label.text(reader.language)
    group, dot, _ = raw["name"].partition(".")
    if dot:
        beside = related_of(catalog, kind).get(group)
        head = beside.target.plural if beside is not None and beside.target is not None else catalog.entity(raw["entity"]).plural
        label = f"{head.text(reader.language)}: {label}"
    show = text_formatter(spec, reader)

    def text(value: Map[str, Any] | None) -> str:
        if value is None:
            return ""
        if "several" in value:
            return ", ".join(text(part) for part in value["several"])
        return str(value["text"] or "•") if "text" in value else show(spec.unjournal(value["value"]))

    return PartShown(label, text(raw["old"]), text(raw["new"]), _made(raw["new"]))


def _made(value: Map[str, Any] | None) -> bool:
    """Whether the value, or a part of it, is yet to be made."""
    return value is not None and (bool(value.get("made")) or any(_made(part) for part in value.get("several", ())))


def _reason(raw: Map[str, Any], at: Map[str, int], reader: Reader) -> ReasonShown:
    numbers: Sequence[int] = raw["rows"]
    listed = ", ".join(map(str, numbers))
    left = raw["count"] - len(numbers)
    rows = mn("row %(rows)s", "rows %(rows)s", len(numbers), rows=listed)
    if left:
        rows = m("%(rows)s and %(num)s more", rows=rows, num=left)
    return ReasonShown(render(thaw(raw["message"]), reader.language), raw["column"], raw["value"], render(rows, reader.language), at.get(raw["column"]))

