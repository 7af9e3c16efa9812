"""What people call fields of counterparties and contacts in their own tables, and how other products name them."""

from pathlib import Path

from crm.backoffice.exchange import kits
from crm.backoffice.exchange.naming import also_called

kits.keep_in(Path(__file__).parent / "kits")

also_called("account", {
    "": ("клієнт", "контрагент", "організація", "фірма", "підприємство", "customer", "client", "organization", "organisation", "firm", "account"),
    "name": ("назва клієнта", "найменування", "повна назва", "company name"),
    "tax_code": ("єдрпоу", "код єдрпоу", "іпн", "інн", "рнокпп", "edrpou", "vat number", "tax id", "tin"),
    "industry": ("сектор", "сфера діяльності", "вид діяльності", "sector", "branch"),
    "founded": ("засновано", "рік", "year established", "established", "founding year"),
    "revenue": ("виручка", "дохід", "оборот", "turnover", "annual revenue", "income"),
    "employees": ("кількість працівників", "персонал", "штат", "headcount", "staff", "number of employees"),
    "country": ("держава", "office location", "location"),
    "region_name": ("регіон", "область", "state", "province", "county"),
    "city": ("населений пункт", "town"),
    "address": ("вулиця", "street", "address line 1"),
    "postal_code": ("індекс", "zip", "zip code", "postcode"),
    "phone": ("тел", "телефони", "моб", "mobile", "tel", "telephone", "phone number"),
    "website": ("вебсайт", "адреса сайту", "web", "site", "url", "homepage"),
    "parent": ("холдинг", "материнська компанія", "subsidiary of", "holding", "parent account"),
    "kind": ("тип", "категорія клієнта", "type"),
    "status": ("стан", "state of account"),
    "legal_form": ("опф", "форма власності"),
    "payment_days": ("відстрочка", "payment terms"),
    "description": ("коментар", "примітка", "notes", "comment", "comments", "note"),
})
also_called("contact", {
    "": ("контакт", "контактна особа", "піб", "представник", "contact person", "person"),
    "name": ("піб", "прізвище імʼя по батькові", "full name", "contact name"),
    "first_name": ("given name", "forename"),
    "last_name": ("surname", "family name"),
    "middle_name": ("patronymic",),
    "email": ("пошта", "електронна пошта", "емейл", "mail", "email address"),
    "phone": ("тел", "моб", "мобільний", "mobile", "tel", "telephone", "cell", "phone number"),
    "birth_date": ("день народження", "birthday", "date of birth", "dob"),
    "description": ("коментар", "примітка", "notes", "comment", "note"),
})
also_called("position", {"title": ("посада", "job title", "contact title", "role title")})
also_called("interaction", {
    "": ("взаємодія", "дзвінок", "зустріч", "активність", "подія", "activity", "event", "touch", "communication"),
    "account": ("клієнт", "контрагент", "customer", "client", "related to"),
    "contact": ("контактна особа", "піб", "contact person", "attendee"),
    "medium": ("тип", "канал", "вид", "type", "channel", "activity type"),
    "direction": ("вхідний вихідний", "call direction"),
    "state": ("статус", "status"),
    "subject": ("назва", "тема розмови", "title", "topic"),
    "planned_start": ("початок", "дата початку", "заплановано", "start", "start date", "date start", "due"),
    "planned_minutes": ("тривалість", "тривалість хв", "duration", "duration minutes"),
    "held_at": ("дата", "дата контакту", "відбулося", "date", "held on", "completed at"),
    "actual_minutes": ("хвилин", "витрачено хвилин", "тривалість розмови", "time spent", "call duration", "minutes spent"),
    "minutes": ("опис", "суть", "протокол", "нотатки", "коментар", "description", "notes", "summary", "comment"),
    "result": ("підсумок", "outcome", "disposition"),
    "next_step": ("подальші дії", "follow up", "next action"),
    "owner": ("менеджер", "виконавець", "assigned to", "assigned user", "manager"),
})
