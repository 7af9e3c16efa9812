"""Who works here and where: people, roles, departments, territories, and the company's own settings of them."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Child, Declared, Person, Record, Section
from crm.backoffice.fields import boolean, date as date_field, email, iban, integer, long_text, many_to_many, moment, phone, reference, tax_code, text
from crm.backoffice.types import UtcMoment
from crm.messages import Label


class User(Person):
    """A person of the company. Without an e-mail address or a password he owns records and cannot sign in."""

    __tablename__ = "user"
    __entity__ = Declared(
        key="user", label=Label("Користувач", "User"), plural=Label("Користувачі", "Users"), area="administration", icon="user", prefix="U",
        own="id", columns=("name", "email", "position", "department", "territory", "manager", "active"),
        sections=(
            Section(Label("Особа", "Person"), ("first_name", "last_name", "name", "code", "email", "phone")),
            Section(Label("Робота", "Work"), ("position", "manager", "department", "territory", "active")),
            Section(Label("Персональні дані", "Personal data"), ("keep_reason", "keep_until", "erased_at")),
        ),
        related=("memberships", "interactions", "subordinates"), composed=("name",),
    )

    name: Mapped[str] = text(Label("Повне імʼя", "Name"), required=True, searchable=True, indexed=True, sensitivity="open", personal=True)
    first_name: Mapped[str | None] = text(Label("Імʼя", "First name"), sensitivity="open", personal=True)
    last_name: Mapped[str | None] = text(Label("Прізвище", "Last name"), sensitivity="open", personal=True)
    email: Mapped[str | None] = email(Label("Ел. пошта", "E-mail"), unique=True, searchable=True, sensitivity="open", personal=True)
    phone: Mapped[str | None] = phone(Label("Телефон", "Phone"), personal=True)
    position: Mapped[str | None] = text(Label("Посада", "Position"), sensitivity="open")
    manager_id: Mapped[int | None] = reference(
        "user", Label("Керівник", "Manager"), sensitivity="open", reverse=("subordinates", Label("Підлеглі", "Subordinates"))
    )
    active: Mapped[bool] = boolean(Label("Працює", "Active"), required=True, default=True, sensitivity="open")

    # What signs a person in is no field: nobody reads, filters or imports it.
    password_hash: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str | None] = mapped_column(String(2))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str | None] = mapped_column(String(8))
    density: Mapped[str | None] = mapped_column(String(16))
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class Department(Record):
    """A unit of the company; units form a tree."""

    __tablename__ = "department"
    __entity__ = Declared(
        key="department", label=Label("Підрозділ", "Department"), plural=Label("Підрозділи", "Departments"), area="administration",
        icon="sitemap", prefix="DEP", columns=("name", "code", "parent", "head"),
        sections=(Section(Label("Підрозділ", "Department"), ("name", "code", "parent", "head")),),
    )

    parent_id: Mapped[int | None] = reference(
        "department", Label("Вищий підрозділ", "Parent department"), sensitivity="open", reverse=("children", Label("Дочірні підрозділи", "Sub-departments"))
    )
    head_id: Mapped[int | None] = reference("user", Label("Керівник підрозділу", "Head"), sensitivity="open")


class Territory(Record):
    """A part of the market; the top level of the tree is the region."""

    __tablename__ = "territory"
    __entity__ = Declared(
        key="territory", label=Label("Територія", "Territory"), plural=Label("Території", "Territories"), area="administration",
        icon="map", prefix="T", columns=("name", "code", "parent", "owner"),
        sections=(Section(Label("Територія", "Territory"), ("name", "code", "parent", "owner")),),
    )

    parent_id: Mapped[int | None] = reference(
        "territory", Label("Вища територія", "Parent territory"), sensitivity="open", reverse=("children", Label("Складові", "Parts"))
    )


class LegalEntity(Record):
    """One of the company's own legal entities: in whose name it deals, with particulars for papers."""

    __tablename__ = "legal_entity"
    __entity__ = Declared(
        key="legal_entity", label=Label("Наша юрособа", "Own legal entity"), plural=Label("Наші юрособи", "Own legal entities"), area="administration",
        icon="building", prefix="LE", columns=("name", "full_name", "tax_code", "active"),
        sections=(
            Section(Label("Наша юрособа", "Own legal entity"), ("name", "full_name", "code", "tax_code", "active")),
            Section(Label("Реквізити", "Particulars"), ("address", "iban", "bank", "signatory")),
        ),
    )

    full_name: Mapped[str | None] = text(Label("Повна назва", "Full name"), searchable=True, sensitivity="open")
    tax_code: Mapped[str | None] = tax_code(Label("Код ЄДРПОУ / ІПН", "Tax code"), searchable=True, indexed=True)
    address: Mapped[str | None] = text(Label("Адреса", "Address"))
    iban: Mapped[str | None] = iban(Label("Рахунок", "Bank account"))
    bank: Mapped[str | None] = text(Label("Банк", "Bank"))
    signatory: Mapped[str | None] = text(Label("Хто підписує", "Signatory"), personal=True)
    active: Mapped[bool] = boolean(Label("Діє", "Active"), required=True, default=True, sensitivity="open")


class CalendarDay(Record):
    """A day on which work goes otherwise than on that day of every week: a day off, a Saturday that is worked, a shorter day."""

    __tablename__ = "calendar_day"
    __entity__ = Declared(
        key="calendar_day", label=Label("День календаря", "Calendar day"), plural=Label("Дні календаря", "Calendar days"), icon="calendar-event",
        prefix="CD", columns=("day", "name", "working", "hours"), order="-day", configuration=True,
        sections=(Section(Label("День календаря", "Calendar day"), ("day", "name", "name_en", "working", "hours", "code")),),
    )

    day: Mapped[date] = date_field(Label("День", "Day"), required=True, unique=True, indexed=True, sensitivity="open")
    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    working: Mapped[bool] = boolean(
        Label("Робочий", "Working"), required=True, default=False, sensitivity="open",
        help=Label("Ні: вихідний. Так: працюємо, хоч би який це день тижня", "No: a day off. Yes: we work, whatever day of the week it is"),
    )
    hours: Mapped[str | None] = text(
        Label("Години", "Hours"), max_length=16, sensitivity="open",
        help=Label("Наприклад, 09:00-17:00; порожньо: як завжди", "For example 09:00-17:00; empty: as always"),
    )


class Role(Record):
    """What a person may do; its rules are configuration (`access_rule`), its holders are memberships."""

    __tablename__ = "role"
    __entity__ = Declared(
        key="role", label=Label("Роль", "Role"), plural=Label("Ролі", "Roles"), area="administration", icon="shield", prefix="R",
        columns=("name", "name_en", "code", "builtin"),
        sections=(
            Section(Label("Роль", "Role"), ("name", "name_en", "code", "description", "second_factor")),
            Section(Label("У надзвичайній ситуації", "In an emergency"), ("emergency", "emergency_hours")),
        ),
    )

    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    description: Mapped[str | None] = long_text(Label("Опис", "Description"), sensitivity="open")
    second_factor: Mapped[bool] = boolean(
        Label("Вимагає двоетапного входу", "Requires two-step sign-in"), required=True, default=False, sensitivity="open",
        help=Label("Хто має цю роль, спершу вмикає двоетапний вхід", "Whoever holds the role turns two-step sign-in on before anything else"),
    )
    emergency = many_to_many(
        "role", Label("Можна взяти в надзвичайній ситуації", "May be taken in an emergency"), sensitivity="open",
        help=Label("Хто має цю роль, може сам узяти ці ролі на кілька годин; власник дізнається одразу",
                   "Whoever holds the role may take these for some hours by himself; the owner hears of it at once"),
    )
    emergency_hours: Mapped[int | None] = integer(
        Label("Щонайбільше годин", "Hours at most"), sensitivity="open", help=Label("Від 1 до 8; порожньо: 8", "From 1 to 8; empty: 8")
    )
    builtin: Mapped[bool] = boolean(Label("Вбудована", "Built-in"), required=True, default=False, system=True, sensitivity="open")


class Membership(Child):
    """A person holds a role, from a day until a day."""

    __tablename__ = "membership"
    __entity__ = Declared(
        key="membership", label=Label("Участь у ролі", "Membership"), plural=Label("Участь у ролях", "Memberships"), parent="user",
        title="role", columns=("user", "role", "since", "until", "reason", "taken_until"), order="id",
        sections=(Section(Label("Участь", "Membership"), ("user", "role", "since", "until", "reason", "taken_until")),),
    )

    user_id: Mapped[int] = reference("user", Label("Користувач", "User"), required=True, sensitivity="open", reverse=("memberships", Label("Ролі", "Roles")))
    role_id: Mapped[int] = reference("role", Label("Роль", "Role"), required=True, sensitivity="open", reverse=("memberships", Label("Учасники", "Members")))
    since: Mapped[date | None] = date_field(Label("Від", "Since"), sensitivity="open")
    until: Mapped[date | None] = date_field(Label("До", "Until"), sensitivity="open", help=Label("Останній день включно", "The last day, inclusive"))
    reason: Mapped[str | None] = text(
        Label("Підстава", "Reason"), sensitivity="open",
        help=Label("Чому роль надано, хоч вона несумісна з іншою", "Why the role is given although it conflicts with another"),
    )
    taken_until: Mapped[datetime | None] = moment(
        Label("Узято в надзвичайній ситуації до", "Taken in an emergency until"), system=True, sensitivity="open",
        help=Label("Людина взяла роль сама; після цієї миті роль не діє", "The person took the role himself; after this moment it is not in force"),
    )
