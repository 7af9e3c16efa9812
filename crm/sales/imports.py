"""What files say of deals beside their fields: the days on which they entered their stages."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange import kits
from crm.backoffice.exchange.naming import also_called
from crm.backoffice.exchange.related import Entry, extra
from crm.backoffice.fields.base import FieldError
from crm.backoffice.periods import day_start
from crm.messages import Label, m

CLOSED = "closed"

kits.keep_in(Path(__file__).parent / "kits")

also_called("deal", {
    "": ("можливість", "продаж", "opportunity", "lead"),
    "code": ("opportunity id", "номер угоди"),
    "account": ("клієнт", "контрагент", "замовник", "customer", "client", "company"),
    "contact": ("контакт", "contact"),
    "amount": ("вартість", "бюджет", "value", "close value", "deal value", "price", "total"),
    "stage": ("статус", "стан", "status", "deal stage", "phase"),
    "pipeline": ("процес", "process", "funnel"),
    "opened_on": ("дата створення", "дата початку", "engage date", "start date", "opened", "created"),
    "expected_on": ("закриття", "планова дата", "дата закриття", "expected close", "expected close date", "due date"),
    "closed_on": ("дата закриття", "close date", "closed", "end date"),
    "probability": ("шанс", "chance", "win probability"),
    "loss_reason": ("чому програли", "lost reason"),
    "next_step": ("що далі", "дія", "next action"),
    "source": ("звідки", "lead source"),
    "sales_channel": ("канал", "channel"),
    "business_line": ("напрямок", "напрям діяльності", "line of business"),
})
also_called("product", {
    "": ("товар", "послуга", "позиція", "item", "good", "sku"),
    "code": ("артикул", "sku", "product id"),
    "category": ("група", "серія", "series", "product group", "category id"),
    "price": ("вартість", "sales price", "unit price", "list price"),
    "unit": ("од", "од вим", "одиниця виміру", "uom"),
    "cost": ("закупівельна ціна", "purchase price"),
})
also_called("deal_line", {
    "product": ("товар", "item"),
    "quantity": ("к-сть", "qty", "units", "обсяг"),
    "price": ("unit price",),
    "amount": ("вартість", "total", "line total"),
})


def _arguments(catalog: Catalog) -> Iterable[str]:
    return [CLOSED, *dict.fromkeys(stage.key for stage in catalog.configured["stage"].values())]


def _label(catalog: Catalog, name: str) -> Label:
    if name == CLOSED:
        return Label("День закриття (виграно чи програно)", "Day of closing (won or lost)")
    stage = next((s.label for s in catalog.configured["stage"].values() if s.key == name), Label(name, name))
    return Label(f"День переходу на етап «{stage.uk}»", f"Day of entering the stage “{stage.en}”")


@extra("deal", "stage_entered", child="stage_history", needs=("pipeline", "stage"), arguments=_arguments, label=_label)
def stage_entered(catalog: Catalog, deal: Mapping[str, Any], days: Mapping[str, date]) -> list[Entry]:
    """Stage history of a deal: `stage_entered.<stage>`, and `stage_entered.closed` for the won or lost stage in which it stands.

    A day enters as its start in the company's zone. Raises FieldError: a closing day of an open deal, a stage of another pipeline.
    """
    stages = catalog.configured["stage"]
    standing = stages.get(deal.get("stage") or 0)
    pipeline = deal.get("pipeline") or (standing.parent_id if standing else None) or _first(catalog)
    moves: list[tuple[date, int, int]] = []
    for name, day in days.items():
        if name == CLOSED:
            if standing is None or standing.values.get("kind") == "open":
                raise FieldError(m("A deal in an open stage has no day on which it was closed."))
            stage = standing
        else:
            found = next((s for s in stages.values() if s.key == name and s.parent_id == pipeline), None)
            if found is None:
                raise FieldError(m("The deal's pipeline has no stage “%(stage)s”.", stage=name))
            stage = found
        moves.append((day, stage.position, stage.id))
    entries: list[Entry] = []
    before: int | None = None
    for day, _, stage_id in sorted(moves):
        entries.append(Entry({"stage": stage_id}, {"entered_at": day_start(day, catalog.company.zone)}, {"from_stage": before}))
        before = stage_id
    return entries


def _first(catalog: Catalog) -> int | None:
    return next((p.id for p in catalog.configured["pipeline"].values() if p.values.get("entity") == "deal"), None)
