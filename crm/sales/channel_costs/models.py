"""What a sales channel cost in a month."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Declared, Record, Section
from crm.backoffice.fields import currency, date as date_field, long_text, money, picklist
from crm.messages import Label

COST, CHANNEL = "channel_cost", "sales_channel"


class ChannelCost(Record):
    """Advertising, a fair, a dealer's bonus: money that went into a channel in a month. A channel has as many in a month as it had."""

    __tablename__ = "channel_cost"
    __entity__ = Declared(
        key=COST, label=Label("Витрата на канал", "Channel cost"), plural=Label("Витрати на канали", "Channel costs"), area="sales", icon="coins", prefix="CC",
        columns=("name", "sales_channel", "month", "amount", "currency", "owner"), order="-month", composed=("name",), rate_day=("month",),
        sections=(
            Section(Label("Витрата", "Cost"), ("sales_channel", "month", "amount", "currency", "name", "code", "description")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory")),
        ),
    )

    sales_channel_id: Mapped[int] = picklist(CHANNEL, Label("Канал продажу", "Sales channel"), required=True)
    month: Mapped[date] = date_field(
        Label("Місяць", "Month"), required=True, indexed=True, help=Label("Будь-який його день: збережеться перше число", "Any day of it: the first is kept"),
    )
    amount: Mapped[Decimal] = money(Label("Сума", "Amount"), required=True, sensitivity="sensitive")
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    description: Mapped[str | None] = long_text(Label("На що", "What for"))
