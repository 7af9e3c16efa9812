"""The table of rates: one a currency and day."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Declared, Record, Section
from crm.backoffice.fields import currency, date as date_field, picklist, ratio
from crm.backoffice.rates import PLACES
from crm.messages import Label


class ExchangeRate(Record):
    """How many units of the base currency one unit of another cost on a day. Public: everybody reads it, whoever may add keeps it."""

    __tablename__ = "exchange_rate"
    __entity__ = Declared(
        key="exchange_rate", label=Label("Курс валюти", "Exchange rate"), plural=Label("Курси валют", "Exchange rates"), icon="coins", prefix="XR",
        columns=("name", "currency", "day", "rate", "origin"), order="-day", composed=("name",), public=True,
        sections=(
            Section(Label("Курс", "Rate"), ("currency", "day", "rate", "origin")),
            Section(Label("Запис", "Record"), ("name", "code", "owner", "department", "territory")),
        ),
    )

    currency: Mapped[str] = currency(Label("Валюта", "Currency"), required=True, indexed=True, sensitivity="open")
    day: Mapped[date] = date_field(
        Label("День", "Day"), required=True, indexed=True, sensitivity="open",
        help=Label("Курс діє від цього дня, доки немає новішого", "The rate holds from this day on, until there is a newer one"),
    )
    rate: Mapped[Decimal] = ratio(
        Label("Курс", "Rate"), scale=PLACES, required=True, sensitivity="open",
        help=Label("Скільки одиниць основної валюти коштує одна одиниця цієї", "How many units of the base currency one unit of this one costs"),
    )
    origin_id: Mapped[int | None] = picklist("rate_origin", Label("Звідки курс", "Where it comes from"), sensitivity="open")
