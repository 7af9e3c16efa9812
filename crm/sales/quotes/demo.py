"""The demo company's quotes: offers of late deals in their versions, some of which wait for approval, and how much its sellers may give away."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from crm.backoffice.demo import Demo
from crm.contacts.models import Contact
from crm.organization.demo import Company
from crm.organization.models import LegalEntity, Role
from crm.sales.models import Deal, DealLine
from crm.sales.quotes.course import ACCEPTED, APPROVED, DECLINED, DRAFT, PICKLIST, SENT, SUPERSEDED, WAITING, YES

CONTACT = Contact.__table__
DEAL, LINE, OURS = Deal.__table__, DealLine.__table__, LegalEntity.__table__
LATE = 120  # days since a deal was opened of which a quote is kept
MOST = 60  # deals with quotes
LIMITS: tuple[tuple[str | None, str], ...] = ((None, "0.1"), ("head", "0.2"))
# Stage of the deal → how the last version of its quote stands, by weight.
ENDS: Mapping[str, Mapping[str, int]] = {
    "proposal": {DRAFT: 4, WAITING: 3, APPROVED: 1, SENT: 6}, "negotiation": {WAITING: 2, APPROVED: 2, SENT: 7, DECLINED: 1}, "contract": {ACCEPTED: 1},
    "won": {ACCEPTED: 1},
}
LARGE = (Decimal("0.12"), Decimal("0.15"), Decimal("0.18"))  # discounts over the limit of a seller; a head's is over his own
HEADS = Decimal("0.25")
WHOLE, GIVEN_BESIDE = Decimal("0.02"), Decimal("0.08")  # on everything in some last versions, where no line gives more
PAYMENT = ("Половина наперед, решта протягом 5 днів після поставки", "Повна передоплата", "Протягом 14 днів після поставки")
DELIVERY = ("Доставка і монтаж нашими силами, 20 робочих днів від передоплати", "Самовивіз зі складу в Києві", "Доставка до обʼєкта, 10 робочих днів")
DOLLARS, VAT = Decimal(480), Decimal("0.2")
FOREIGN = {"name": "Контролер температури ECD-4", "name_en": "Temperature controller ECD-4", "price": DOLLARS, "currency": "USD", "vat_rate": VAT}
RATE = Decimal("41.5")  # of the demo: hryvnias for a dollar
REASONS = ("Великий клієнт, за ним ще два обʼєкти", "Інакше віддамо конкуренту", "Обсяг на весь рік")


def fill(demo: Demo, company: Company) -> None:
    """Quotes of at most MOST deals, the newest first; the limits; nothing where there are no such deals."""
    roles = Role.__table__
    codes = {code: number for number, code in demo.session.kernel(select(roles.c.id, roles.c.code).where(roles.c.deleted_at.is_(None)))}
    demo.create("discount_limit", [
        {"most": Decimal(most), "role": codes[role] if role else None} for role, most in LIMITS if role is None or role in codes
    ])
    stages = {s.id: s.key for s in demo.session.catalog.configured["stage"].values() if s.code.startswith("sales.") and s.key in ENDS}
    late = select(DEAL).where(DEAL.c.stage_id.in_(stages), DEAL.c.opened_on >= demo.today - timedelta(days=LATE), DEAL.c.deleted_at.is_(None))
    deals = demo.session.kernel(late.order_by(DEAL.c.opened_on.desc(), DEAL.c.id).limit(MOST)).mappings().all()
    demo.create("exchange_rate", [{"currency": FOREIGN["currency"], "day": demo.today - timedelta(days=LATE), "rate": RATE}])
    (controller,) = demo.create("product", [FOREIGN])
    firms = select(OURS.c.id).where(OURS.c.deleted_at.is_(None)).order_by(OURS.c.id)
    ours = demo.session.kernel(firms.limit(1)).scalar()
    for deal in deals:
        _offered(demo, company, dict(deal), stages[deal["stage_id"]], ours, controller)


def _offered(demo: Demo, company: Company, deal: Mapping[str, Any], stage: str, ours: int | None, controller: int) -> None:
    """The versions of one quote; a discount grows from one to the next. In a draft there is a product that is priced in another currency."""
    end = demo.weighted(ENDS[stage])
    count = demo.weighted({1: 5, 2: 4, 3: 1}) if end not in (DRAFT, WAITING) else demo.weighted({1: 3, 2: 2})
    terms = {"payment_terms": demo.chance.choice(PAYMENT), "delivery_terms": demo.chance.choice(DELIVERY)}
    of_deal = select(LINE).where(LINE.c.deal_id == deal["id"], LINE.c.deleted_at.is_(None)).order_by(LINE.c.id)
    lines = [dict(row) for row in demo.session.kernel(of_deal).mappings()]
    large = HEADS if deal["owner_id"] == company.people["head"] else demo.chance.choice(LARGE)
    deepest = max((row["discount"] or Decimal(0) for row in lines), default=Decimal(0))
    previous: int | None = None
    for version in range(1, count + 1):
        last = version == count
        key = end if last else SUPERSEDED
        day = min(demo.today, deal["opened_on"] + timedelta(days=9 * version))
        values = {
            **terms, "deal": deal["id"], "previous": previous, "owner": deal["owner_id"], "department": deal["department_id"],
            "territory": deal["territory_id"], "currency": deal["currency"], "legal_entity": ours, "state": demo.option(PICKLIST, key),
            "valid_until": max(day, demo.today) + timedelta(days=14), **(_decided(demo, company, deal, key) if key in (WAITING, APPROVED) else {}),
            **({"whole_discount": WHOLE} if last and count > 1 and key in (DRAFT, SENT) and deepest <= GIVEN_BESIDE else {}),
            **(_answered(demo, deal, day) if key == ACCEPTED else {}),
            **({"sent_on": day} if key in (SENT, ACCEPTED, DECLINED, SUPERSEDED) else {}),
        }
        (previous,) = demo.create("quote", [{k: v for k, v in values.items() if v is not None}])
        share = large if key in (WAITING, APPROVED) else min(Decimal(3 * version) / 100, GIVEN_BESIDE)
        demo.create("quote_line", [
            {
                "quote": previous, "product": row["product_id"], "quantity": row["quantity"], "price": row["price"], "tax_rate": VAT,
                "optional": last and place == len(lines) - 1 >= 2 and key in (DRAFT, SENT),
                "discount": max(share if place == 0 else Decimal(0), row["discount"] or Decimal(0)) or None,
            } for place, row in enumerate(lines)
        ])
        if last and key == DRAFT and deal["currency"] == demo.session.catalog.company.currency:
            bought = {"quote": previous, "product": controller, "quantity": Decimal(2), "price": DOLLARS * RATE, "tax_rate": VAT}
            demo.create("quote_line", [bought])



def _answered(demo: Demo, deal: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The contact of the deal has accepted by the link."""
    name = demo.session.kernel(select(CONTACT.c.name).where(CONTACT.c.id == deal["contact_id"])).scalar()
    return {"answered_by": name, "answered_at": datetime.combine(day, time(9), UTC)} if name else {}


def _decided(demo: Demo, company: Company, deal: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Who asked and when; of an approved one who said yes, and why."""
    asked = datetime.now(UTC) - timedelta(hours=demo.chance.randint(2, 40))
    found: dict[str, Any] = {"asked_by": deal["owner_id"], "asked_at": asked}
    if key == APPROVED:
        by = company.people["approver" if deal["owner_id"] == company.people["head"] else "head"]
        found |= {"decision": YES, "decision_reason": demo.chance.choice(REASONS), "decided_by": by, "decided_at": asked + timedelta(hours=1)}
    return found
