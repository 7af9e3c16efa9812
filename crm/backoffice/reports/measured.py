"""What the report over any entity measures of one group: how many, sums, means and bounds of fields, money of all currencies in one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crm.backoffice.money import WIDE, exact_sum, round_half_up
from crm.backoffice.reports.table import Column
from crm.backoffice.worth import Conversion, Place

COUNT = "count"
PLACES: Mapping[str, int] = {"sum": 1, "min": 2, "max": 3}


@dataclass
class Figures:
    """What is counted for one group: its records, and of each measured field by place of the money (None of plain numbers) how many have it, their
    sum, least and most."""

    count: int = 0
    of: dict[str, dict[Place | None, list[Any]]] = field(default_factory=dict)

    def add(self, key: str, place: Place | None, number: int, total: Any, least: Any, most: Any) -> None:
        if not number:
            return
        here = self.of.setdefault(key, {})
        held = here.get(place)
        here[place] = [number, total, least, most] if held is None else [held[0] + number, held[1] + total, min(held[2], least), max(held[3], most)]

    def join(self, other: "Figures") -> None:
        self.count += other.count
        for key, by_place in other.of.items():
            for place, held in by_place.items():
                self.add(key, place, *held)

    def date(self, dated: "Figures", home: str) -> None:
        """Take the money in other currencies than `home` as `dated` has it, by the days of its rates."""
        for key, held in dated.of.items():
            self.of[key] = {place: parts for place, parts in self.of[key].items() if place is None or place.currency == home} | held


def figure(column: Column, found: Figures, done: Conversion) -> Any:
    """One figure of a group: exact, None where no record has a value or some money has no rate."""
    function, _, key = column.key.partition(":")
    parts = _in_one(found.of.get(key, {}), done)
    if parts is None:
        return None
    if function == "avg":
        mean = WIDE.divide(Decimal(parts[1]), parts[0])
        if column.unit == "money":  # rounded once, when it is shown
            return mean
        return float(mean) if column.unit == "minutes" else round_half_up(mean, 4)
    value = parts[PLACES[function]]
    return int(value) if column.unit in ("count", "minutes") else Decimal(value)


def _in_one(held: Mapping[Place | None, list[Any]], done: Conversion) -> list[Any] | None:
    """The number, sum, least and most of all places in the currency of the report: rates are above zero, so the least stays the least of its place."""
    worth: list[list[Any]] = []
    for place, (number, *amounts) in held.items():
        values = [amount if place is None else done.worth(Decimal(amount), place) for amount in amounts]
        if None in values:
            return None
        worth.append([number, *values])
    if not worth:
        return None
    numbers, sums, least, most = zip(*worth, strict=True)
    return [sum(numbers), exact_sum(map(Decimal, sums)), min(least), max(most)]
