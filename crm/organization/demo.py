"""The demo company itself: «Брама Холод» sells and services refrigeration; its units, territories and people."""

from dataclasses import dataclass

from crm.backoffice.demo import Demo


@dataclass(frozen=True)
class Person:
    """Somebody who works here. `skill` multiplies his chances to win, `share` is his part of the deals; no sign-in without `role`."""

    key: str
    first: str
    last: str
    position: str
    department: str
    manager: str = ""
    role: str = ""
    region: str = ""
    skill: float = 1.0
    share: float = 0.0


@dataclass(frozen=True)
class Company:
    """The ids of what was made, by key."""

    people: dict[str, int]
    departments: dict[str, int]
    territories: dict[str, int]  # regions and oblasts by name


# key: name and parent
DEPARTMENTS: dict[str, tuple[str, str]] = {
    "DEMO": ("Брама Холод", ""), "DEMO-SALES": ("Відділ продажів", "DEMO"), "DEMO-WEST": ("Продажі: захід", "DEMO-SALES"),
    "DEMO-CENTRE": ("Продажі: центр і північ", "DEMO-SALES"), "DEMO-SOUTH": ("Продажі: південь і схід", "DEMO-SALES"),
    "DEMO-SERVICE": ("Сервісна служба", "DEMO"),
    "DEMO-MARKETING": ("Відділ маркетингу", "DEMO"), "DEMO-FINANCE": ("Фінанси й облік", "DEMO"), "DEMO-OFFICE": ("Канцелярія", "DEMO"),
}
ROLES = ("owner", "head", "seller", "clerk", "approver")
TEAM_OF_REGION = {"Захід": "DEMO-WEST", "Центр": "DEMO-CENTRE", "Північ": "DEMO-CENTRE", "Південь": "DEMO-SOUTH", "Схід": "DEMO-SOUTH"}

PEOPLE = (
    Person("director", "Остап", "Вишневський", "генеральний директор", "DEMO"),
    Person("admin", "Марта", "Рудницька", "адміністраторка системи", "DEMO", "director", "owner"),
    Person("head", "Богдан", "Лисенко", "керівник відділу продажів", "DEMO-SALES", "director", "head", skill=1.15, share=2),
    Person("approver", "Віктор", "Садовий", "фінансовий директор", "DEMO-FINANCE", "director", "approver"),
    Person("clerk", "Світлана", "Гончар", "діловодка", "DEMO-OFFICE", "director", "clerk"),
    Person("west", "Ірина", "Коваль", "керівниця групи «Захід»", "DEMO-WEST", "head", region="Захід", skill=1.1, share=5),
    Person("seller", "Оксана", "Мельник", "менеджерка з продажу", "DEMO-WEST", "west", "seller", "Захід", 1.2, 9),
    Person("bondarenko", "Тарас", "Бондаренко", "менеджер з продажу", "DEMO-WEST", "west", region="Захід", skill=0.95, share=8),
    Person("kravets", "Юлія", "Кравець", "менеджерка з продажу", "DEMO-WEST", "west", region="Захід", skill=0.8, share=6),
    Person("centre", "Андрій", "Стадницький", "керівник групи «Центр»", "DEMO-CENTRE", "head", region="Центр", skill=1.05, share=5),
    Person("ilnytska", "Соломія", "Ільницька", "менеджерка з продажу", "DEMO-CENTRE", "centre", region="Центр", skill=1.0, share=9),
    Person("moroz", "Дмитро", "Мороз", "менеджер з продажу", "DEMO-CENTRE", "centre", region="Центр", skill=1.3, share=8),
    Person("hnatiuk", "Леся", "Гнатюк", "менеджерка з продажу", "DEMO-CENTRE", "centre", region="Північ", skill=0.9, share=7),
    Person("south", "Роман", "Залізняк", "керівник групи «Південь і схід»", "DEMO-SOUTH", "head", region="Південь", skill=1.0, share=4),
    Person("yeresko", "Катерина", "Євтушенко", "менеджерка з продажу", "DEMO-SOUTH", "south", region="Південь", skill=1.1, share=7),
    Person("shapoval", "Ілля", "Шаповал", "менеджер з продажу", "DEMO-SOUTH", "south", region="Схід", skill=0.75, share=6),
    Person("dubova", "Наталія", "Дубова", "маркетологиня", "DEMO-MARKETING", "director"),
    Person("mazur", "Павло", "Мазур", "керівник сервісної служби", "DEMO-SERVICE", "director"),
)


def email_of(person: Person) -> str | None:
    """The address of somebody who signs in: the account of contracts and documentation."""
    return f"{person.key}@demo.example" if person.role else None


def fill(demo: Demo, regions: dict[str, tuple[str, ...]]) -> Company:
    """Make the units, the territories (regions with their oblasts) and the people."""
    departments: dict[str, int] = {}
    for code, (name, parent) in DEPARTMENTS.items():
        departments[code] = demo.create("department", [{"code": code, "name": name, "parent": departments.get(parent)}])[0]
    territories: dict[str, int] = {}
    for number, (region, oblasts) in enumerate(regions.items(), 1):
        territories[region] = demo.create("territory", [{"code": f"DEMO-{number}", "name": region}])[0]
        rows = [{"code": f"DEMO-{number}-{n}", "name": oblast, "parent": territories[region]} for n, oblast in enumerate(oblasts, 1)]
        territories.update(zip(oblasts, demo.create("territory", rows), strict=True))
    people: dict[str, int] = {}
    for person in PEOPLE:
        people[person.key] = demo.create("user", [{
            "code": f"DEMO-{person.key}", "first_name": person.first, "last_name": person.last, "name": f"{person.first} {person.last}",
            "email": email_of(person),
            "position": person.position, "department": departments[person.department], "manager": people.get(person.manager),
            "territory": territories.get(person.region), "phone": f"+38067{demo.chance.randrange(2_000_000, 9_999_999)}",
        }])[0]
    return Company(people, departments, territories)
