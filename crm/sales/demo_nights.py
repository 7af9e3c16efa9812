"""What was expected of the demo's deals while they went their way: promised early, put off, grown and shrunk."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from crm.backoffice.catalog import Configured
from crm.backoffice.demo import Demo
from crm.sales.forecast.outlook import OUTLOOK, keep_night
from crm.sales.forecast.usual import category


class Course(Protocol):
    """The stages that a deal entered, and when."""

    pipeline: str
    entered: list[tuple[str, date]]


def promised(opened: date, closed: date) -> date:
    """The day on which a deal that closed was expected to close in the end: rather before than after it did."""
    return max(opened, closed - timedelta(days=round(Random(f"{opened}..{closed}").triangular(-9, 24, 2))))  # noqa: S311 - a demo


def fill(
    demo: Demo, stages: Mapping[str, Mapping[str, Configured]], ids: Sequence[int], deals: Sequence[Mapping[str, Any]], courses: Sequence[Course],
) -> None:
    """The outlooks of the deals until today; those of today are as the nightly job would have them."""
    demo.create(OUTLOOK, [
        row for deal, values, course in zip(ids, deals, courses, strict=True) for row in _outlooks(demo, stages[course.pipeline], deal, values, course)
    ])
    keep_night(demo.session, demo.today)


def _outlooks(demo: Demo, stages: Mapping[str, Configured], deal: int, values: Mapping[str, Any], course: Course) -> Iterator[dict[str, Any]]:
    """A row for every stage; the further from the end, the more is expected, and the sooner."""
    chance, ends = Random(f"nights of {deal}"), [day for _, day in course.entered[1:]]  # noqa: S311 - a demo
    for left, ((key, since), until) in zip(range(len(ends), -1, -1), zip(course.entered, [*ends, None], strict=True), strict=True):
        stage = stages[key]
        sooner, share = (timedelta(days=round(left * chance.triangular(-2, 14, 3))), Decimal(round(100 + left * chance.triangular(-8, 12, 3))) / 100)
        if until is None or since < until:
            yield {
                "deal": deal, "since": since, "until": until, "stage": stage.id, "probability": stage.values["probability"], "amount": values["amount"] * share,
                "expected_on": max(since, values["expected_on"] - sooner) if left else values["expected_on"],
                "forecast_category": demo.option("forecast_category", category(stage)),
            }
