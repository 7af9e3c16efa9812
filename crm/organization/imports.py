"""What people call the fields that every record has, and those of the company's own people, in their own tables."""

from crm.backoffice.exchange.naming import also_called

also_called("", {
    "code": ("номер", "id", "ідентифікатор", "артикул", "number", "no", "key", "reference"),
    "name": ("найменування",),
    "owner": (
        "менеджер", "власник", "продавець", "відповідальна особа", "manager", "sales agent", "sales rep", "salesperson", "agent", "responsible", "assigned to",
    ),
    "department": ("відділ", "команда", "team", "division"),
    "territory": ("регіон продажу", "sales region", "regional office", "region"),
    "currency": ("код валюти", "currency code"),
    "description": ("коментар", "примітка", "опис", "notes", "comment", "note", "remark"),
})
also_called("user", {
    "": ("співробітник", "працівник", "менеджер", "продавець", "employee", "sales agent", "seller", "staff member"),
    "name": ("піб", "full name"),
    "email": ("пошта", "електронна пошта", "mail", "email address"),
    "manager": ("начальник", "reports to", "supervisor", "boss"),
    "position": ("job title", "title"),
    "phone": ("тел", "моб", "mobile", "home phone", "telephone"),
    "territory": ("регіон", "regional office", "office"),
})
