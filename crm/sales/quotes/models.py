"""Quotes with their lines, and the limits of discounts."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Child, Declared, Record, Section
from crm.backoffice.fields import boolean, currency, date as date_field, decimal, integer, long_text, moment, money, percent, picklist, ratio, reference, text
from crm.backoffice.rates import PLACES
from crm.messages import Label
from crm.sales.quotes.course import NO, PICKLIST, YES

DECISIONS = ((YES, Label("так", "yes")), (NO, Label("ні", "no")))
QUOTES = Label("Комерційні пропозиції", "Quotes")
# What totals are counted from: whoever does not see the prices of lines sees no total of them either.
COUNTED = ("whole_discount", *(f"lines.{key}" for key in ("quantity", "price", "list_price", "tax_rate", "amount", "optional", "chosen")))


class Quote(Record):
    """What is offered to the customer of a deal, in one version: what stands in it is never changed once he has it, only offered anew."""

    __tablename__ = "quote"
    __table_args__ = (Index("uq_quote_version", "deal_id", "number", "version", unique=True),)
    __entity__ = Declared(
        key="quote", label=Label("Комерційна пропозиція", "Quote"), plural=QUOTES, area="sales", icon="file-text", prefix="Q",
        columns=("name", "deal", "version", "state", "total", "currency", "deepest", "valid_until", "owner"),
        sections=(
            Section(Label("Пропозиція", "Quote"), ("name", "code", "deal", "number", "version", "previous", "state", "legal_entity", "sent_on", "valid_until")),
            Section(Label("Гроші", "Money"), (
                "currency", "whole_discount", "list_amount", "whole_amount", "amount", "tax", "total", "discount", "deepest", "over_limit",
            )),
            Section(Label("Умови", "Terms"), ("payment_terms", "delivery_terms", "description")),
            Section(Label("Погодження знижки", "Approval of the discount"), (
                "decision", "decision_reason", "decided_by", "decided_at", "asked_by", "asked_at",
            )),
            Section(Label("Відповідь клієнта", "Answer of the customer"), ("answered_by", "answered_at", "answer_reason")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "author", "department", "territory")),
        ),
        related=("lines",), order="-id", composed=("name",),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("quotes", QUOTES))
    number: Mapped[str | None] = text(
        Label("Номер", "Number"), max_length=64, system=True, searchable=True, help=Label("Один для всіх версій", "The same for all versions"),
    )
    version: Mapped[int] = integer(Label("Версія", "Version"), required=True, default=1, system=True)
    previous_id: Mapped[int | None] = reference("quote", Label("Попередня версія", "Previous version"))
    state_id: Mapped[int] = picklist(PICKLIST, Label("Стан", "State"), required=True, sensitivity="open")
    legal_entity_id: Mapped[int | None] = reference(
        "legal_entity", Label("Від імені", "In the name of"), reverse=("quotes", QUOTES), help=Label("Яка з наших юросіб", "Which of our own legal entities"),
    )
    sent_on: Mapped[date | None] = date_field(Label("Надіслано", "Sent on"), system=True, made_of=("state",), indexed=True)
    valid_until: Mapped[date | None] = date_field(
        Label("Чинна до", "Valid until"), indexed=True, help=Label("Останній день включно; порожньо: два тижні", "The last day, inclusive; empty: two weeks"),
    )
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    whole_discount: Mapped[Decimal | None] = percent(
        Label("Знижка на все", "Discount on the whole"), help=Label("Понад знижки рядків", "On top of those of the lines"),
    )
    whole_amount: Mapped[Decimal | None] = money(
        Label("Сума знижки на все", "Amount of the discount on the whole"), system=True, made_of=COUNTED,
        help=Label("До копійки; уже відрахована від суми", "To the coin; taken off the amount already"),
    )
    list_amount: Mapped[Decimal | None] = money(
        Label("Без знижок", "Before discounts"), system=True, made_of=COUNTED,
        help=Label("За цінами рядків, а де ціна продукту вища, за нею", "By the prices of the lines, or of the product where that one is higher"),
    )
    amount: Mapped[Decimal | None] = money(
        Label("Сума без податку", "Amount before tax"), system=True, indexed=True, made_of=COUNTED,
    )
    tax: Mapped[Decimal | None] = money(Label("Податок", "Tax"), system=True, made_of=COUNTED)
    total: Mapped[Decimal | None] = money(Label("Разом", "Total"), system=True, indexed=True, made_of=COUNTED)
    discount: Mapped[Decimal | None] = percent(
        Label("Знижка загалом", "Discount in all"), system=True, indexed=True, made_of=COUNTED,
    )
    deepest: Mapped[Decimal | None] = percent(
        Label("Найбільша знижка", "Largest discount"), system=True, indexed=True, made_of=COUNTED,
        help=Label("Якогось із рядків, разом зі знижкою на все", "Of one of the lines, with that on the whole"),
    )
    over_limit: Mapped[bool] = boolean(
        Label("Понад межу знижки", "Over the limit of discounts"), required=True, default=False, system=True, made_of=("deepest",),
        help=Label("Надіслати можна, коли хтось погодить", "It is sent when somebody has said yes"),
    )
    payment_terms: Mapped[str | None] = long_text(Label("Умови оплати", "Terms of payment"))
    delivery_terms: Mapped[str | None] = long_text(Label("Умови постачання", "Terms of delivery"))
    description: Mapped[str | None] = long_text(Label("Примітки", "Notes"), help=Label("Для своїх: не друкуються", "For ourselves: they are not printed"))
    decision: Mapped[str | None] = text(Label("Рішення", "Decision"), max_length=8, sensitivity="sensitive", words=DECISIONS)
    decision_reason: Mapped[str | None] = text(Label("Чому", "Why"), sensitivity="sensitive")
    decided_by_id: Mapped[int | None] = reference("user", Label("Хто вирішив", "Decided by"), system=True, sensitivity="sensitive", made_of=("decision",))
    decided_at: Mapped[datetime | None] = moment(Label("Коли вирішено", "Decided at"), system=True, sensitivity="sensitive", made_of=("decision",))
    asked_by_id: Mapped[int | None] = reference("user", Label("Хто просить", "Asked by"), system=True, made_of=("state",))
    asked_at: Mapped[datetime | None] = moment(Label("Коли попросили", "Asked at"), system=True, made_of=("state",), indexed=True)
    answered_by: Mapped[str | None] = text(
        Label("Хто відповів", "Answered by"), max_length=120, system=True, made_of=("state",), help=Label("Як назвався за посиланням", "As he called himself"),
    )
    answered_at: Mapped[datetime | None] = moment(Label("Коли відповіли", "Answered at"), system=True, made_of=("state",))
    answer_reason: Mapped[str | None] = long_text(Label("Чому так відповіли", "Why so answered"), system=True, made_of=("state",))
    author_id: Mapped[int | None] = reference(
        "user", Label("Хто склав", "Author"), system=True,
        help=Label("Хто останнім змінював рядки: його межі знижок тут діють", "Who last changed the lines: his limits of discounts hold here"),
    )


class QuoteLine(Child):
    """What is offered: a product, how many, at which price, with which tax."""

    __tablename__ = "quote_line"
    __entity__ = Declared(
        key="quote_line", label=Label("Рядок пропозиції", "Quote line"), plural=Label("Рядки пропозиції", "Quote lines"), parent="quote", title="product",
        columns=("quote", "product", "quantity", "price", "discount", "tax_rate", "amount", "optional", "chosen", "description"), order="id",
        sections=(Section(Label("Рядок", "Line"), (
            "quote", "product", "description", "quantity", "price", "list_price", "priced_in", "rate", "rate_day", "discount", "tax_rate", "amount",
            "optional", "chosen",
        )),),
    )

    quote_id: Mapped[int] = reference("quote", Label("Пропозиція", "Quote"), required=True, reverse=("lines", Label("Рядки", "Lines")))
    product_id: Mapped[int] = reference("product", Label("Продукт", "Product"), required=True, reverse=("quote_lines", Label("У пропозиціях", "In quotes")))
    description: Mapped[str | None] = long_text(Label("Опис", "Description"), help=Label("Друкується під назвою", "Printed below the name"))
    quantity: Mapped[Decimal] = decimal(Label("Кількість", "Quantity"), scale=4, required=True, default=Decimal(1))
    price: Mapped[Decimal | None] = money(
        Label("Ціна", "Price"), help=Label("Без податку; порожньо: ціна продукту", "Before tax; empty: that of the product"),
    )
    list_price: Mapped[Decimal | None] = money(
        Label("Ціна продукту", "Price of the product"), system=True,
        help=Label("Якою була, коли рядок записали: від неї рахується знижка", "What it was when the line was put down: discounts are counted from it"),
    )
    priced_in: Mapped[str | None] = currency(
        Label("Валюта продукту", "Currency of the product"), system=True, made_of=("list_price",),
        help=Label("Якщо інша, ніж у пропозиції: ціну перераховано за курсом", "If not that of the quote: the price was converted at the rate"),
    )
    rate: Mapped[Decimal | None] = ratio(
        Label("Курс", "Rate"), scale=PLACES, system=True, made_of=("list_price",),
        help=Label("Скільки валюти пропозиції коштує одиниця валюти продукту", "How much of the quote's currency one unit of the product's costs"),
    )
    rate_day: Mapped[date | None] = date_field(Label("День курсу", "Day of the rate"), system=True, made_of=("list_price",))
    optional: Mapped[bool] = boolean(
        Label("На вибір", "Optional"), required=True, default=False,
        help=Label("Брати чи ні, вирішує клієнт; у сумі лише вибране", "The customer decides whether to take it; in the total only when chosen"),
    )
    chosen: Mapped[bool] = boolean(
        Label("Вибрано", "Chosen"), required=True, default=False, help=Label("Із того, що на вибір: входить у суму", "Of what is optional: it is in the total"),
    )
    discount: Mapped[Decimal | None] = percent(Label("Знижка", "Discount"))
    tax_rate: Mapped[Decimal | None] = percent(Label("ПДВ", "VAT rate"), help=Label("Порожньо: як у продукту", "Empty: that of the product"))
    amount: Mapped[Decimal | None] = money(
        Label("Сума", "Amount"), help=Label("Кількість × ціна × (1 − знижка), якщо не задано", "Quantity × price × (1 − discount) unless given"),
    )


class DiscountLimit(Record):
    """How large a discount may be without anybody's yes: for everybody or the holders of a role, on everything or on a category of products."""

    __tablename__ = "discount_limit"
    __entity__ = Declared(
        key="discount_limit", label=Label("Межа знижки", "Discount limit"), plural=Label("Межі знижок", "Discount limits"), area="administration",
        icon="lock", prefix="DL", columns=("name", "role", "category", "most"), composed=("name",),
        sections=(Section(Label("Межа знижки", "Discount limit"), ("role", "category", "most", "name", "code")),), order="id",
    )

    role_id: Mapped[int | None] = reference(
        "role", Label("Роль", "Role"), sensitivity="open",
        help=Label("Порожньо: для всіх, чия роль не має своєї межі", "Empty: for all whose role has none of its own"),
    )
    category_id: Mapped[int | None] = reference(
        "product_category", Label("Категорія продуктів", "Product category"), sensitivity="open",
        help=Label("Порожньо: на все; межа категорії важить більше за загальну", "Empty: on everything; that of a category weighs more than the general one"),
    )
    most: Mapped[Decimal] = percent(Label("Щонайбільше", "At most"), required=True, sensitivity="open")
