"""Counterparties and people: accounts, contacts, who works where, and how to reach them."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Child, Declared, Person, Record, Section
from crm.backoffice.fields import (
    boolean,
    country,
    currency,
    date as date_field,
    email,
    integer,
    long_text,
    many_to_many,
    money,
    phone as phone_field,
    picklist,
    reference,
    tax_code,
    text,
    url,
)
from crm.messages import Label


class Account(Record):
    """A counterparty of any kind: customer, supplier, partner, competitor or authority."""

    __tablename__ = "account"
    __entity__ = Declared(
        key="account",
        label=Label("Компанія", "Company"),
        plural=Label("Компанії", "Companies"),
        area="contacts",
        icon="building",
        prefix="A",
        columns=("name", "kind", "industry", "city", "phone", "revenue", "owner"),
        sections=(
            Section(
                Label("Реквізити", "Particulars"),
                ("name", "code", "kind", "status", "legal_form", "tax_code", "industry", "founded", "employees", "revenue", "currency", "parent"),
            ),
            Section(Label("Звʼязок", "Reach"), ("phone", "fax", "website", "country", "region_name", "city", "address", "postal_code")),
            Section(Label("Умови роботи", "Terms"), ("credit_limit", "payment_days", "source", "interests")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory", "description")),
        ),
        related=("positions", "interactions", "deals", "subsidiaries"),
        mergeable=True,
        alike=("name", "tax_code", "phone", "website"),
    )

    kind_id: Mapped[int | None] = picklist("account_kind", Label("Вид", "Kind"), sensitivity="open")
    status_id: Mapped[int | None] = picklist("account_status", Label("Статус", "Status"), sensitivity="open")
    legal_form_id: Mapped[int | None] = picklist("legal_form", Label("Правова форма", "Legal form"))
    tax_code: Mapped[str | None] = tax_code(Label("Код ЄДРПОУ / ІПН", "Tax code"), searchable=True, indexed=True)
    industry_id: Mapped[int | None] = picklist("industry", Label("Галузь", "Industry"))
    revenue: Mapped[Decimal | None] = money(Label("Обіг за рік", "Yearly revenue"), indexed=True)
    currency: Mapped[str | None] = currency(Label("Валюта", "Currency"))
    employees: Mapped[int | None] = integer(Label("Працівників", "Employees"))
    founded: Mapped[int | None] = integer(Label("Рік заснування", "Founded"), grouped=False, help=Label("Чотири цифри року", "Four digits of the year"))
    country: Mapped[str | None] = country(Label("Країна", "Country"))
    region_name: Mapped[str | None] = text(Label("Область", "Region"))
    city: Mapped[str | None] = text(Label("Місто", "City"), searchable=True, indexed=True)
    address: Mapped[str | None] = text(Label("Адреса", "Address"))
    postal_code: Mapped[str | None] = text(Label("Поштовий індекс", "Postal code"), max_length=16)
    phone: Mapped[str | None] = phone_field(Label("Телефон", "Phone"), searchable=True)
    fax: Mapped[str | None] = phone_field(Label("Факс", "Fax"))
    website: Mapped[str | None] = url(Label("Сайт", "Website"))
    parent_id: Mapped[int | None] = reference(
        "account", Label("Головна компанія", "Parent company"), reverse=("subsidiaries", Label("Дочірні компанії", "Subsidiaries"))
    )
    credit_limit: Mapped[Decimal | None] = money(Label("Кредитний ліміт", "Credit limit"))
    payment_days: Mapped[int | None] = integer(Label("Відстрочка, днів", "Payment days"))
    source_id: Mapped[int | None] = picklist("source", Label("Джерело", "Source"))
    interests = many_to_many(
        "product_category", Label("Цікавлять напрями", "Interested in"), reverse=("interested", Label("Кого цікавить", "Interested companies")),
        help=Label("Категорії, про які варто говорити з компанією", "Categories worth talking about with the company"),
    )
    description: Mapped[str | None] = long_text(Label("Примітки", "Notes"))


class Contact(Person):
    """A person on the side of a counterparty; where he works stands in positions."""

    __tablename__ = "contact"
    __entity__ = Declared(
        key="contact", label=Label("Людина", "Person"), plural=Label("Люди", "People"), area="contacts", icon="users", prefix="C", mergeable=True,
        alike=("name", "email", "phone"),
        columns=("name", "email", "phone", "language", "owner", "updated_at"),
        sections=(
            Section(Label("Особа", "Person"), ("last_name", "first_name", "middle_name", "name", "code", "birth_date", "language")),
            Section(Label("Звʼязок", "Reach"), ("email", "phone")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory", "description")),
            Section(Label("Персональні дані", "Personal data"), ("keep_reason", "keep_until", "erased_at")),
        ),
        related=("positions", "interactions", "contact_points", "deals"), composed=("name",),
    )

    name: Mapped[str] = text(Label("Повне імʼя", "Name"), required=True, searchable=True, indexed=True, sensitivity="open", personal=True)
    middle_name: Mapped[str | None] = text(Label("По батькові", "Middle name"), personal=True)
    email: Mapped[str | None] = email(Label("Ел. пошта", "E-mail"), searchable=True, indexed=True, personal=True)
    phone: Mapped[str | None] = phone_field(Label("Телефон", "Phone"), searchable=True, personal=True)
    birth_date: Mapped[date | None] = date_field(Label("Дата народження", "Birth date"), sensitivity="sensitive", personal=True)
    language_id: Mapped[int | None] = picklist("spoken_language", Label("Мова спілкування", "Language"))
    description: Mapped[str | None] = long_text(Label("Примітки", "Notes"), personal=True)


class Position(Child):
    """A person works for a counterparty, since a day and perhaps until one."""

    __tablename__ = "position"
    __entity__ = Declared(
        key="position", label=Label("Посада", "Position"), plural=Label("Посади", "Positions"), parent="account", title="title",
        columns=("contact", "account", "title", "role", "since", "until", "primary"), order="id",
        sections=(Section(Label("Посада", "Position"), ("account", "contact", "title", "role", "since", "until", "primary")),),
    )

    account_id: Mapped[int] = reference(
        "account", Label("Компанія", "Company"), required=True, reverse=("positions", Label("Люди, з якими говоримо", "People we talk to"))
    )
    contact_id: Mapped[int] = reference(
        "contact", Label("Людина", "Person"), required=True, reverse=("positions", Label("Де працює", "Works at")), personal=True
    )
    title: Mapped[str | None] = text(Label("Назва посади", "Title"), searchable=True, personal=True)
    role_id: Mapped[int | None] = picklist("position_role", Label("Роль в угодах", "Role in deals"))
    since: Mapped[date | None] = date_field(Label("Від", "Since"))
    until: Mapped[date | None] = date_field(Label("До", "Until"))
    primary: Mapped[bool] = boolean(Label("Основна", "Primary"), required=True, default=True)


class ContactPoint(Child):
    """A way to reach a person: another phone, a messenger, an address."""

    __tablename__ = "contact_point"
    __entity__ = Declared(
        key="contact_point", label=Label("Спосіб звʼязку", "Contact point"), plural=Label("Способи звʼязку", "Contact points"), parent="contact",
        title="value", columns=("contact", "kind", "value", "verified", "opt_out"), order="id",
        sections=(Section(Label("Спосіб звʼязку", "Contact point"), ("contact", "kind", "value", "note", "verified", "bounced", "opt_out")),),
    )

    contact_id: Mapped[int] = reference(
        "contact", Label("Людина", "Person"), required=True, reverse=("contact_points", Label("Способи звʼязку", "Contact points")), personal=True
    )
    kind_id: Mapped[int] = picklist("contact_point_kind", Label("Вид", "Kind"), required=True)
    value: Mapped[str] = text(Label("Значення", "Value"), required=True, searchable=True, personal=True)
    note: Mapped[str | None] = text(Label("Примітка", "Note"), personal=True)
    verified: Mapped[bool] = boolean(Label("Перевірено", "Verified"), required=True, default=False)
    bounced: Mapped[bool] = boolean(Label("Не доходить", "Bounced"), required=True, default=False)
    opt_out: Mapped[bool] = boolean(Label("Просить не писати", "Opted out"), required=True, default=False)
