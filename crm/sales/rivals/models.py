"""A competitor met in a deal."""

from decimal import Decimal

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Child, Declared, Section
from crm.backoffice.fields import long_text, money, picklist, reference
from crm.messages import Label

THREAT, STATUS = "rival_threat", "rival_status"
HIGH = "high"
ACTIVE, WON, LOST, WITHDRAWN = "active", "won", "lost", "withdrawn"


class DealCompetitor(Child):
    """A competitor wants the same deal. What it offers is money in the deal's currency."""

    __tablename__ = "deal_competitor"
    __entity__ = Declared(
        key="deal_competitor", label=Label("Суперник в угоді", "Rival in a deal"), plural=Label("Суперники в угодах", "Rivals in deals"), parent="deal",
        title="competitor", columns=("deal", "competitor", "threat", "status", "offered_price", "note"), order="id",
        sections=(Section(Label("Суперник", "Rival"), ("deal", "competitor", "threat", "status", "offered_price", "note")),),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("rivals", Label("Суперники", "Rivals")))
    competitor_id: Mapped[int] = reference("competitor", Label("Конкурент", "Competitor"), required=True, reverse=("met", Label("В угодах", "In deals")))
    threat_id: Mapped[int | None] = picklist(THREAT, Label("Загроза", "Threat"))
    status_id: Mapped[int] = picklist(STATUS, Label("Стан", "Status"), required=True)
    offered_price: Mapped[Decimal | None] = money(
        Label("Пропонує за", "Offered price"), help=Label("У валюті угоди", "In the currency of the deal"),
    )
    note: Mapped[str | None] = long_text(Label("Примітка", "Note"))
