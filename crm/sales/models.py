"""What is sold, how and against whom: products, competitors, pipelines, deals with their lines and the history of their stages."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, text as sql_text
from sqlalchemy.orm import Mapped

from crm.backoffice.colours import COLOUR_WORDS
from crm.backoffice.database import covering
from crm.backoffice.entities import Child, Declared, Record, Section
from crm.backoffice.fields import (
    boolean,
    country,
    currency,
    date as date_field,
    decimal,
    duration,
    integer,
    long_text,
    many_to_many,
    money,
    moment,
    percent,
    picklist,
    reference,
    text,
    url,
)
from crm.backoffice.fields.base import declare
from crm.backoffice.fields.code import CodeField
from crm.backoffice.spans import index_of_spans
from crm.messages import Label
from crm.sales.forecast.categories import FORECAST_CATEGORIES, PICKLIST, PROBABILITY_SOURCES, SOURCES_OF_DEALS

TRAIL = 2000  # characters of a trail: some three hundred stages
STANDING = sql_text("left_at IS NULL AND deleted_at IS NULL")
THERE, GONE = sql_text("deleted_at IS NULL"), sql_text("deleted_at IS NOT NULL")
CLOSED = sql_text("closed_on IS NOT NULL AND deleted_at IS NULL")
ENDED = sql_text("left_at IS NOT NULL AND deleted_at IS NULL")
COLOURS = tuple((key, label) for key, label in COLOUR_WORDS.items() if key)
STAGE_KINDS = (("open", Label("відкритий", "open")), ("won", Label("виграно", "won")), ("lost", Label("програно", "lost")))


class ProductCategory(Record):
    """A branch of the product tree; its top level is the business line (напрям)."""

    __tablename__ = "product_category"
    __entity__ = Declared(
        key="product_category", label=Label("Категорія продуктів", "Product category"), plural=Label("Категорії продуктів", "Product categories"),
        area="sales", icon="category", prefix="PC", columns=("name", "code", "parent", "description"),
        sections=(Section(Label("Категорія", "Category"), ("name", "code", "parent", "description")),),
        related=("products", "children", "deals", "interested"),
    )

    parent_id: Mapped[int | None] = reference(
        "product_category", Label("Вища категорія", "Parent category"), sensitivity="open", reverse=("children", Label("Підкатегорії", "Sub-categories"))
    )
    description: Mapped[str | None] = long_text(Label("Опис", "Description"), sensitivity="open")


class Product(Record):
    """A good or a service with its list price."""

    __tablename__ = "product"
    __entity__ = Declared(
        key="product", label=Label("Продукт", "Product"), plural=Label("Продукти", "Products"), area="sales", icon="box", prefix="P",
        columns=("name", "code", "category", "unit", "price", "active"),
        sections=(
            Section(Label("Продукт", "Product"), ("name", "name_en", "code", "category", "unit", "active", "goes_with", "description")),
            Section(Label("Ціна", "Price"), ("price", "currency", "cost", "vat_rate")),
        ),
        related=("deal_lines", "quote_lines"), mergeable=True, alike=("name",),
    )

    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    category_id: Mapped[int | None] = reference(
        "product_category", Label("Категорія", "Category"), sensitivity="open", reverse=("products", Label("Продукти", "Products"))
    )
    unit_id: Mapped[int | None] = picklist("unit", Label("Одиниця", "Unit"), sensitivity="open")
    price: Mapped[Decimal | None] = money(Label("Ціна", "Price"), indexed=True)
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    cost: Mapped[Decimal | None] = money(Label("Собівартість", "Cost"), sensitivity="sensitive")
    vat_rate: Mapped[Decimal | None] = percent(Label("ПДВ", "VAT rate"))
    active: Mapped[bool] = boolean(Label("Продається", "On sale"), required=True, default=True, sensitivity="open")
    goes_with = many_to_many(
        "product",
        Label("Пропонувати разом", "Offer together with"),
        sensitivity="open",
        reverse=("offered_with", Label("Пропонують разом із", "Offered together with")),
    )
    description: Mapped[str | None] = long_text(Label("Опис", "Description"))


class Competitor(Record):
    """A firm that sells to our customers what we sell: what it is good and bad at, and what we answer when a customer names it."""

    __tablename__ = "competitor"
    __entity__ = Declared(
        key="competitor", label=Label("Конкурент", "Competitor"), plural=Label("Конкуренти", "Competitors"), area="sales", icon="trophy", prefix="K",
        columns=("name", "website", "price_position", "products", "strengths", "weaknesses", "updated_at"),
        sections=(
            Section(Label("Конкурент", "Competitor"), ("name", "code", "website", "country", "account", "price_position", "products")),
            Section(Label("Проти нього", "Against it"), ("strengths", "weaknesses", "answers", "description")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory")),
        ),
        related=("actions", "interactions"), order="name", mergeable=True, alike=("name", "website"),
    )

    website: Mapped[str | None] = url(Label("Сайт", "Website"))
    country: Mapped[str | None] = country(Label("Країна", "Country"))
    account_id: Mapped[int | None] = reference(
        "account", Label("Компанія", "Company"), reverse=("competes", Label("Конкурує як", "Competes as")),
        help=Label("Якщо з ним є і стосунки: реквізити, люди, взаємодії", "If there are dealings with it too: particulars, people, interactions"),
    )
    price_position_id: Mapped[int | None] = picklist("price_position", Label("Ціни проти наших", "Prices against ours"))
    products = many_to_many(
        "product", Label("З чим нашим конкурує", "Which products of ours it rivals"), reverse=("rivals", Label("Конкуренти", "Competitors")),
    )
    strengths: Mapped[str | None] = long_text(Label("Сильні сторони", "Strengths"))
    weaknesses: Mapped[str | None] = long_text(Label("Слабкі сторони", "Weaknesses"))
    answers: Mapped[str | None] = long_text(
        Label("Що відповідаємо", "What we answer"), help=Label("Коли клієнт порівнює нас із ним", "When a customer compares us with it"),
    )
    description: Mapped[str | None] = long_text(Label("Примітки", "Notes"))


class Pipeline(Record):
    """A way deals are led: an ordered row of stages."""

    __tablename__ = "pipeline"
    __entity__ = Declared(
        key="pipeline", label=Label("Воронка", "Pipeline"), plural=Label("Воронки", "Pipelines"), area="administration", icon="filter",
        prefix="PL", columns=("name", "name_en", "code", "entity"), configuration=True,
        sections=(
            Section(Label("Воронка", "Pipeline"), ("name", "name_en", "code", "entity")),
            Section(Label("Ймовірність", "Probability"), ("probability_source", "history_weight", "history_least")),
        ),
        related=("stages",),
    )

    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    entity: Mapped[str] = text(Label("Сутність", "Entity"), required=True, default="deal", max_length=64, sensitivity="open", system=True)
    probability_source: Mapped[str] = text(
        Label("Звідки ймовірність", "Whence the probability"), required=True, default="stage", max_length=16, sensitivity="open", words=PROBABILITY_SOURCES,
        help=Label("Якщо її не задано вручну", "Unless it is given by hand"),
    )
    history_weight: Mapped[int] = integer(
        Label("Вага звичайного", "Weight of the usual"), required=True, default=10, sensitivity="open",
        help=Label(
            "Скільки угод зі звичайною для воронки часткою виграних додається до тих, що пройшли етап",
            "How many deals that went as is usual in the pipeline are added to those that passed the stage",
        ),
    )
    history_least: Mapped[int] = integer(
        Label("Найменше угод", "Fewest deals"), required=True, default=20, sensitivity="open",
        help=Label("Якщо вирішених угод менше, з історії не робиться висновку", "Below so many decided deals nothing is inferred from history"),
    )


class Stage(Record):
    """A step of a pipeline; won and lost are stages too."""

    __tablename__ = "stage"
    __entity__ = Declared(
        key="stage", label=Label("Етап", "Stage"), plural=Label("Етапи", "Stages"), area="administration", icon="stairs", prefix="S",
        columns=("name", "name_en", "pipeline", "position", "kind", "probability"), order="position", configuration=True,
        sections=(
            Section(Label("Етап", "Stage"), ("name", "name_en", "code", "pipeline", "key", "position", "kind")),
            Section(Label("Угоди на ньому", "Deals in it"), ("probability", "forecast", "days", "colour", "retired")),
        ),
    )

    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    pipeline_id: Mapped[int] = reference(
        "pipeline", Label("Воронка", "Pipeline"), required=True, sensitivity="open", reverse=("stages", Label("Етапи", "Stages"))
    )
    key: Mapped[str] = text(Label("Ключ", "Key"), required=True, max_length=64, sensitivity="open")
    position: Mapped[int] = integer(Label("Порядок", "Position"), required=True, default=0, sensitivity="open")
    kind: Mapped[str] = text(Label("Тип", "Type"), required=True, default="open", max_length=8, sensitivity="open", words=STAGE_KINDS)
    probability: Mapped[Decimal | None] = percent(Label("Ймовірність", "Probability"), sensitivity="open")
    days: Mapped[int | None] = integer(
        Label("Строк, робочих днів", "Service time, working days"), sensitivity="open",
        help=Label("Скільки угода має тут стояти щонайбільше; порожньо: без строку", "How long a deal should stand here at most; empty: no limit"),
    )
    forecast: Mapped[str | None] = text(
        Label("Категорія прогнозу", "Forecast category"), max_length=16, sensitivity="open", words=FORECAST_CATEGORIES, asked_when=("kind", "open"),
        help=Label("Яку дістає угода на цьому етапі; порожньо: «У роботі»", "Which a deal is given in this stage; empty: “Pipeline”"),
    )
    colour: Mapped[str | None] = text(Label("Колір", "Colour"), max_length=16, sensitivity="open", words=COLOURS)
    retired: Mapped[bool] = boolean(Label("Не вживається", "Retired"), required=True, default=False, sensitivity="open")


class Deal(Record):
    """A possible sale on its way through a pipeline."""

    __tablename__ = "deal"
    __table_args__ = (
        # What reports and boards count of each deal, a third of what they hold: over a million of them a figure is read from it alone.
        covering("ix_deal_counted", "id", "pipeline_id", "stage_id", "owner_id", "department_id", "territory_id", "currency", "amount", "probability",
                 "opened_on", "expected_on", "closed_on", "next_step_on", "account_id", "contact_id", "source_id", where=THERE),
        # Those that were closed in a period, of whichever reports count a few figures.
        covering("ix_deal_closed", "closed_on", "stage_id", "owner_id", "department_id", "territory_id", "opened_on", "pipeline_id", "currency", "amount",
                 where=CLOSED),
        # Deals in the bin: what tells of deals shows unless its own is among these few.
        covering("ix_deal_gone", "id", where=GONE),
        covering("ix_deal_of_pipeline", "pipeline_id", where=THERE),  # how many there are, from seven megabytes a million
    )
    __entity__ = Declared(
        key="deal", label=Label("Угода", "Deal"), plural=Label("Угоди", "Deals"), area="sales", icon="coins", prefix="D",
        columns=("name", "account", "stage", "amount", "expected_on", "next_step", "owner"),
        face=("account", "amount", "probability", "next_step", "owner"),
        sections=(
            Section(Label("Угода", "Deal"), ("name", "code", "account", "contact", "pipeline", "stage", "loss_reason")),
            Section(Label("Гроші", "Money"), ("amount", "currency", "cost", "margin", "recurs_every", "recurs_until")),
            Section(Label("Прогноз", "Forecast"), ("probability", "probability_source", "history_probability", "forecast_category")),
            Section(Label("Терміни", "Dates"), ("opened_on", "expected_on", "put_off", "closed_on", "next_step", "next_step_on")),
            Section(Label("Звідки і чиє", "Origin and owner"), ("source", "sales_channel", "business_line", "owner", "department", "territory", "description")),
        ),
        related=("lines", "quotes", "interactions", "team", "duties", "rivals", "stage_history", "outlooks"), order="-expected_on",
        rate_day=("closed_on", "expected_on"),
        weighed=("amount", "probability"),
        expected="expected_on",
    )

    account_id: Mapped[int | None] = reference("account", Label("Компанія", "Company"), reverse=("deals", Label("Угоди", "Deals")))
    contact_id: Mapped[int | None] = reference("contact", Label("Контактна особа", "Contact person"), reverse=("deals", Label("Угоди", "Deals")))
    pipeline_id: Mapped[int] = reference(
        "pipeline", Label("Воронка", "Pipeline"), required=True, sensitivity="open", reverse=("deals", Label("Угоди", "Deals"))
    )
    stage_id: Mapped[int] = reference("stage", Label("Етап", "Stage"), required=True, sensitivity="open", reverse=("deals", Label("Угоди", "Deals")))
    amount: Mapped[Decimal | None] = money(Label("Сума", "Amount"), indexed=True)
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    cost: Mapped[Decimal | None] = money(Label("Собівартість", "Cost"), sensitivity="sensitive")
    margin: Mapped[Decimal | None] = money(
        Label("Маржа", "Margin"), sensitivity="sensitive", help=Label("Сума мінус собівартість, якщо не задано", "Amount minus cost unless given")
    )
    recurs_every: Mapped[int | None] = integer(
        Label("Повторюється, місяців", "Recurs, months"),
        help=Label("Через скільки місяців ця сума надходить знову: 1 — щомісяця, 12 — щороку; порожньо: один раз",
                   "After how many months the amount comes again: 1 is every month, 12 every year; empty: once"),
    )
    recurs_until: Mapped[date | None] = date_field(
        Label("Повторюється до", "Recurs until"), help=Label("Останній день; порожньо: без кінця", "The last day; empty: without end"),
    )
    probability: Mapped[Decimal | None] = percent(
        Label("Ймовірність", "Probability"), help=Label("Порожньо: як заведено у воронці", "Empty: as is usual in the pipeline"),
    )
    probability_source: Mapped[str | None] = text(
        Label("Звідки ймовірність", "Whence the probability"), max_length=16, system=True, made_of=("probability",), words=SOURCES_OF_DEALS,
    )
    history_probability: Mapped[Decimal | None] = percent(
        Label("Ймовірність з історії", "Probability by history"), sensitivity="sensitive", system=True,
        help=Label(
            "З того, чим скінчилися всі угоди компанії, що дійшли до цього етапу", "From what became of all the company's deals that reached this stage",
        ),
    )
    forecast_category_id: Mapped[int | None] = picklist(
        PICKLIST, Label("Категорія прогнозу", "Forecast category"), help=Label("Порожньо: як на етапі", "Empty: that of the stage"),
    )
    opened_on: Mapped[date | None] = date_field(Label("Відкрито", "Opened on"), indexed=True)
    expected_on: Mapped[date | None] = date_field(Label("Очікуване закриття", "Expected on"), indexed=True)
    put_off: Mapped[int] = integer(
        Label("Скільки разів відкладено", "Times put off"), required=True, default=0, system=True, indexed=True, made_of=("expected_on",),
        help=Label("Очікуване закриття пересували на пізніше", "The day on which it is expected to close was moved to a later one"),
    )
    closed_on: Mapped[date | None] = date_field(Label("Закрито", "Closed on"), indexed=True)
    next_step: Mapped[str | None] = text(Label("Наступний крок", "Next step"))
    next_step_on: Mapped[date | None] = date_field(Label("Коли", "Next step on"), indexed=True)
    source_id: Mapped[int | None] = picklist("source", Label("Джерело", "Source"))
    sales_channel_id: Mapped[int | None] = picklist("sales_channel", Label("Канал продажу", "Sales channel"))
    business_line_id: Mapped[int | None] = reference("product_category", Label("Напрям", "Business line"), reverse=("deals", Label("Угоди", "Deals")))
    loss_reason_id: Mapped[int | None] = picklist("loss_reason", Label("Причина програшу", "Loss reason"))
    description: Mapped[str | None] = long_text(Label("Примітки", "Notes"))


class DealLine(Child):
    """What a deal is about: a product, how many, at which price."""

    __tablename__ = "deal_line"
    __entity__ = Declared(
        key="deal_line", label=Label("Рядок угоди", "Deal line"), plural=Label("Рядки угоди", "Deal lines"), parent="deal", title="product",
        columns=("deal", "product", "quantity", "price", "discount", "amount"), order="id",
        sections=(Section(Label("Рядок", "Line"), ("deal", "product", "quantity", "price", "discount", "amount")),),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("lines", Label("Рядки", "Lines")))
    product_id: Mapped[int] = reference("product", Label("Продукт", "Product"), required=True, reverse=("deal_lines", Label("В угодах", "In deals")))
    quantity: Mapped[Decimal] = decimal(Label("Кількість", "Quantity"), scale=4, required=True, default=Decimal(1))
    price: Mapped[Decimal | None] = money(Label("Ціна", "Price"))
    discount: Mapped[Decimal | None] = percent(Label("Знижка", "Discount"))
    amount: Mapped[Decimal | None] = money(
        Label("Сума", "Amount"), help=Label("Кількість × ціна × (1 − знижка), якщо не задано", "Quantity × price × (1 − discount) unless given")
    )


class StageHistory(Child):
    """A deal entered a stage: when, from which one, and what it was worth then; what the stay and the move were is worked out by `stays`."""

    __tablename__ = "stage_history"
    __table_args__ = (
        Index("ix_stage_history_deal_entered_at", "deal_id", "entered_at", "id"),  # in which stage a deal stood at a moment
        # Whether a deal has been in a stage: without it SQLite looks through all that ever were there, deal by deal.
        Index("ix_stage_history_deal_stage", "deal_id", "stage_id", "entered_at"),
        # The deals that entered their pipeline in a period: one row a deal, whatever else became of it.
        Index("ix_stage_history_first_entered_at", "entered_at", "deal_id", "stage_id", sqlite_where=sql_text("first = 1 AND deleted_at IS NULL"),
              postgresql_where=sql_text("first AND deleted_at IS NULL")),
        # Where a deal stands and where it has been: one row a deal, read from the index alone.
        Index("ix_stage_history_standing", "deal_id", "began_at", "stage_id", "from_stage_id", "entered_at", "trail", sqlite_where=STANDING,
              postgresql_where=STANDING),
        # How many deals stand in a stage, and since when, in the order of stages.
        covering("ix_stage_history_held", "stage_id", "deal_id", "entered_at", where=STANDING),
        # How long the stays of deals lasted that entered in a period, the moves of a period, and where deals stood at a day that have moved on since.
        covering("ix_stage_history_began", "began_at", "stage_id", "minutes", "left_at", "entered_at", "deal_id", where=THERE),
        covering("ix_stage_history_moved", "entered_at", "deal_id", "stage_id", "from_stage_id", "left_at", "minutes", "began_at", "trail", where=THERE),
        # Equal stays beside one another, so that they are counted without being sorted or gathered.
        covering("ix_stage_history_lasted", ("stage_id", "minutes"), "left_at", "entered_at", "began_at", "deal_id", where=ENDED),
        index_of_spans("ix_stage_history_spans", "entered_at", "left_at", "began_at", "deal_id", "stage_id", "from_stage_id", "trail",
                       where=ENDED),
    )
    __entity__ = Declared(
        key="stage_history", label=Label("Перехід етапу", "Stage move"), plural=Label("Історія етапів", "Stage history"), parent="deal",
        title="stage", columns=("deal", "from_stage", "stage", "entered_at", "left_at", "minutes", "created_by", "amount", "attempt"), order="entered_at",
        sections=(
            Section(Label("Перехід", "Move"), ("deal", "from_stage", "stage", "entered_at", "amount", "probability", "reason", "attempt")),
            Section(Label("Перебування на етапі", "Stay in the stage"), ("left_at", "minutes", "first", "skipped", "back", "reopened")),
        ),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("stage_history", Label("Історія етапів", "Stage history")))
    from_stage_id: Mapped[int | None] = reference("stage", Label("З етапу", "From stage"), sensitivity="open")
    stage_id: Mapped[int] = reference("stage", Label("Етап", "Stage"), required=True, sensitivity="open")
    entered_at: Mapped[datetime] = moment(Label("Коли", "Entered at"), required=True, indexed=True)
    amount: Mapped[Decimal | None] = money(Label("Сума тоді", "Amount then"))
    probability: Mapped[Decimal | None] = percent(Label("Ймовірність тоді", "Probability then"))
    reason: Mapped[str | None] = text(Label("Чому", "Reason"))
    left_at: Mapped[datetime | None] = moment(
        Label("Залишено", "Left at"), system=True, made_of=("entered_at",),
        help=Label("Коли угода перейшла далі; порожньо: ще стоїть тут", "When the deal moved on; empty: it still stands here"),
    )
    minutes: Mapped[int | None] = duration(
        Label("Тривалість", "Duration"), system=True, made_of=("entered_at",),
        help=Label(
            "Від входу до виходу за годинником компанії: від дати до дати завжди цілі дні, хоч би й переводили годинник",
            "From entering to leaving by the company's clock: from day to day always whole days, whatever the change of the clock",
        ),
    )
    first: Mapped[bool] = boolean(
        Label("Перший у воронці", "First in the pipeline"), required=True, default=False, system=True, made_of=("stage", "entered_at"),
        help=Label("Цим переходом угода потрапила у воронку", "By this move the deal entered the pipeline"),
    )
    began_at: Mapped[datetime | None] = moment(
        Label("У воронці з", "In the pipeline since"), system=True, made_of=("stage", "entered_at"),
        help=Label("Коли угода вперше увійшла у воронку цього етапу", "When the deal first entered the pipeline of this stage"),
    )
    skipped: Mapped[int] = integer(
        Label("Пропущено етапів", "Stages skipped"), required=True, default=0, system=True, made_of=("stage", "from_stage", "entered_at"),
        help=Label("Відкриті етапи, через які перейшли, не ставши на них", "Open stages that were passed without standing in them"),
    )
    back: Mapped[bool] = boolean(
        Label("Повернення назад", "Moved back"), required=True, default=False, system=True, made_of=("stage", "from_stage", "entered_at"),
        help=Label("З пізнішого етапу на попередній", "From a later stage to an earlier one"),
    )
    reopened: Mapped[bool] = boolean(
        Label("Відкрито знову", "Re-opened"), required=True, default=False, system=True, made_of=("stage", "from_stage", "entered_at"),
        help=Label("З виграної чи програної знову відкрита", "From won or lost to open again"),
    )
    attempt: Mapped[int] = integer(
        Label("Спроба", "Attempt"), required=True, default=1, system=True, made_of=("stage", "from_stage", "entered_at"),
        help=Label(
            "Котра це спроба угоди: наступна починається, коли закриту відкривають знову",
            "Which attempt of the deal this is: the next begins when a closed one is re-opened",
        ),
    )
    trail: Mapped[str | None] = declare(CodeField(
        label=Label("Етапи дотепер", "Stages so far"), max_length=TRAIL, system=True, made_of=("stage", "entered_at"),
        help=Label("Номери етапів, на яких угода вже була, разом із цим", "The numbers of the stages in which the deal has been, this one among them"),
    ))
