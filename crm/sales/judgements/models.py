"""A judgement of a forecast: what somebody expects of a month, for himself or for those below him, and why."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Declared, Record, Section
from crm.backoffice.fields import currency, date as date_field, integer, long_text, money, reference, text
from crm.messages import Label

JUDGEMENT = "forecast_judgement"
COMMIT, FORECAST = "commit", "forecast"
MEASURES = ((COMMIT, Label("зобовʼязання", "commit")), (FORECAST, Label("прогноз", "forecast")))
STATED = ("month", "measure", "seller", "unit", "amount", "currency", "reason")  # what is never rewritten


class ForecastJudgement(Record):
    """What a person expects of a month. It is stated once: who changes his mind states another, and this one stays as an earlier version."""

    __tablename__ = "forecast_judgement"
    __entity__ = Declared(
        key=JUDGEMENT, label=Label("Оцінка прогнозу", "Forecast judgement"), plural=Label("Оцінки прогнозу", "Forecast judgements"), area="sales",
        icon="report-analytics", prefix="FJ", order="-month", composed=("name",), rate_day=("month",),
        columns=("month", "measure", "seller", "unit", "amount", "currency", "reason", "owner", "stated_on", "replaced_on"),
        sections=(
            Section(Label("Оцінка", "Judgement"), ("month", "measure", "seller", "unit", "amount", "currency", "reason")),
            Section(Label("Версія", "Version"), ("version", "stated_on", "replaced_on", "name", "code")),
            Section(Label("Хто оцінив", "Who judged"), ("owner", "department", "territory")),
        ),
    )

    month: Mapped[date] = date_field(
        Label("Місяць", "Month"), required=True, indexed=True, help=Label("Будь-який його день: збережеться перше число", "Any day of it: the first is kept"),
    )
    measure: Mapped[str] = text(
        Label("Що оцінено", "What is judged"), required=True, default=FORECAST, max_length=16, words=MEASURES,
        help=Label("Зобовʼязання: на скільки закриємо щонайменше; прогноз: на скільки закриємо найімовірніше; обидва разом із уже закритим",
                   "Commit: what will be closed at least; forecast: what will most likely be closed; both with what is closed already"),
    )
    seller_id: Mapped[int | None] = reference(
        "user", Label("За кого", "Of whom"),
        help=Label("Чиї угоди; без людини й підрозділу: свої", "Whose deals; without a person and a department: one’s own"),
    )
    unit_id: Mapped[int | None] = reference(
        "department", Label("За який підрозділ", "Of which department"), help=Label("Разом із підпорядкованими", "With those below it"),
    )
    amount: Mapped[Decimal] = money(Label("Сума", "Amount"), required=True)
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    reason: Mapped[str] = long_text(Label("Чому", "Why"), required=True)
    version: Mapped[int] = integer(
        Label("Версія", "Version"), required=True, default=1, system=True, made_of=("month", "measure", "seller", "unit"),
        help=Label("Котра це оцінка тієї самої людини про те саме", "Which judgement of the same by the same person this is"),
    )
    stated_on: Mapped[date | None] = date_field(Label("Оцінено", "Stated on"), indexed=True, system=True)
    replaced_on: Mapped[date | None] = date_field(
        Label("Замінено", "Replaced on"), system=True, help=Label("Порожньо: чинна", "Empty: in force"),
    )
