"""What the demo's channels cost by month: advertising online, fairs of the dealers, bank guarantees of tenders."""

from datetime import date
from decimal import Decimal
from random import Random

from crm.backoffice.demo import Demo
from crm.sales.channel_costs.models import COST

MONTHS = 24
# channel: hryvnias a month from, to; every how many months; what for
SPENT: dict[str, tuple[int, int, int, str]] = {
    "direct": (700_000, 1_300_000, 1, "Відрядження, подарунки, зразки"), "dealer": (250_000, 420_000, 1, "Бонуси дилерам"),
    "retail": (90_000, 160_000, 1, "Оренда торгового місця"), "online": (300_000, 720_000, 1, "Реклама в пошуку й соцмережах"),
    "tender": (90_000, 260_000, 2, "Гарантії банку, участь у торгах"),
}


def fill(demo: Demo, owner: int) -> None:
    """Costs of the last two years; of the month that is running yet none."""
    chance = Random("costs of channels")  # noqa: S311 - a demo
    first = demo.today.year * 12 + demo.today.month - 1 - MONTHS
    rows = []
    for place in range(MONTHS):
        year, month = divmod(first + place, 12)
        rows += [
            {
                "sales_channel": demo.option("sales_channel", channel), "month": date(year, month + 1, 1), "description": what, "owner": owner,
                "amount": Decimal(round(chance.randint(least, most) / 5_000) * 5_000),
            }
            for channel, (least, most, every, what) in SPENT.items() if place % every == 0
        ]
    demo.create(COST, rows)
