"""The demo company's customers: firms with particulars that check, people in their offices, and ways to reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from stdnum.ua import edrpou, rntrc

from crm.backoffice.demo import Demo
from crm.contacts.demo_words import FIRMS, INDUSTRY_WEIGHTS, MEN, PLACES, REGIONS, STREETS, SURNAMES, TITLES, TOWNS, WOMEN, Town, latin
from crm.organization.demo import PEOPLE, TEAM_OF_REGION, Company

ACCOUNTS = 430
MOBILE = ("50", "66", "95", "99", "67", "68", "96", "97", "98", "63", "73", "93")

FORMS = {"llc": "ТОВ", "pe": "ПП", "sole_trader": "ФОП", "jsc": "АТ", "municipal": "КП"}
FORM_WEIGHTS = {"llc": 67, "pe": 15, "sole_trader": 13, "jsc": 5}
MUNICIPAL = ("medical", "services")  # trades in which a town has firms of its own
SIZES = {"sole_trader": (1, 12), "pe": (6, 120), "municipal": (40, 400), "llc": (8, 420), "jsc": (150, 2600)}


@dataclass(frozen=True)
class Customers:
    """What was made: the accounts with the values they have, and the people of each account."""

    accounts: dict[int, Mapping[str, Any]]
    industries: dict[int, str]
    regions: dict[int, str]
    people: dict[int, list[int]]


@dataclass(frozen=True)
class Name:
    first: str
    middle: str
    last: str
    woman: bool

    @property
    def full(self) -> str:
        return f"{self.last} {self.first} {self.middle}"

    @property
    def initials(self) -> str:
        return f"{self.last} {self.first[0]}. {self.middle[0]}."


def fill(demo: Demo, company: Company, oblasts: Mapping[str, str]) -> Customers:
    """Make the accounts, then for each one to four people with positions and ways to reach them. `oblasts`: oblast → region."""
    owners = {region: [p for p in PEOPLE if p.share and TEAM_OF_REGION[region] == p.department] for region in REGIONS}
    rows: list[dict[str, Any]] = []
    heads: list[Name] = []
    industries: list[str] = []
    regions: list[str] = []
    taken: set[str] = set()
    for _ in range(ACCOUNTS):
        town = demo.weighted(dict(TOWNS))
        region = oblasts[town.oblast]
        owner = demo.weighted({p: p.share for p in owners[region]})
        industry = demo.weighted(INDUSTRY_WEIGHTS)
        head, row = _account(demo, industry, town, taken)
        heads.append(head)
        rows.append({**row, "owner": company.people[owner.key], "department": company.departments[owner.department],
            "territory": company.territories[town.oblast]})
        industries.append(industry)
        regions.append(region)
    ids = demo.create("account", rows)
    _subsidiaries(demo, ids, industries)
    people = _people(demo, ids, rows, heads)
    return Customers(dict(zip(ids, rows, strict=True)), dict(zip(ids, industries, strict=True)), dict(zip(ids, regions, strict=True)), people)


def _account(demo: Demo, industry: str, town: Town, taken: set[str]) -> tuple[Name, dict[str, Any]]:
    """An account, and the person who runs it."""
    chance = demo.chance
    form = demo.weighted({**FORM_WEIGHTS, "municipal": 12} if industry in MUNICIPAL else FORM_WEIGHTS)
    trader = _name(chance)
    brand = f"ФОП {trader.initials}" if form == "sole_trader" else _brand(chance, industry, form, taken)
    low, high = SIZES[form]
    employees = round(low * (high / low) ** chance.random())
    street = f"{chance.choice(STREETS)}, {chance.randint(1, 140)}{chance.choice(('', '', '', '', '-А', '-Б', '/2'))}"
    founded = chance.randint(1992, demo.today.year - 1)
    kind = demo.weighted({"customer": 70, "prospect": 24, "partner": 4, "supplier": 2})
    site = latin(trader.last if form == "sole_trader" else brand.split("«")[1])
    return trader, {
        "name": brand, "kind": demo.option("account_kind", kind), "status": demo.option("account_status",
            demo.weighted({"active": 84, "sleeping": 12, "lost": 4})),
        "legal_form": demo.option("legal_form", form), "tax_code": _person_code(chance) if form == "sole_trader" else _firm_code(chance),
        "industry": demo.option("industry", industry), "employees": employees, "founded": founded, "country": "UA", "region_name": town.oblast,
        "city": town.name,
        "revenue": demo.money(round(employees * chance.uniform(450_000, 1_900_000), -5)), "address": street,
        "postal_code": (town.postal + str(chance.randrange(10**5)).zfill(5))[:5], "phone": _landline(chance, town), "website": f"https://{site}.example",
        "credit_limit": demo.money(chance.choice((100, 250, 500, 750, 1000, 1500, 3000)) * 1000) if kind == "customer" and form != "sole_trader" else None,
        "payment_days": chance.choice((0, 7, 14, 14, 21, 30, 30, 45)) if kind == "customer" else None,
        "source": demo.option("source", demo.weighted({"website": 24, "referral": 28, "exhibition": 14, "cold_call": 18, "tender": 8, "advertising": 8})),
    }


def _brand(chance: Random, industry: str, form: str, taken: set[str]) -> str:
    """A name nobody else has: a place and a trade under the legal form."""
    while True:
        place, trade = chance.choice(PLACES), chance.choice(FIRMS[industry])
        if f"{place} {trade}" not in taken:
            taken.add(f"{place} {trade}")
            joined = f"{place} {trade}" if " " in trade or chance.random() < 0.35 else f"{place}-{trade}"
            return f"{FORMS[form]} «{joined}»"


def _subsidiaries(demo: Demo, ids: list[int], industries: list[str]) -> None:
    """Some twenty firms belong to another of their trade."""
    parents: dict[str, int] = {}
    changes: dict[int, dict[str, Any]] = {}
    for account, industry in zip(ids, industries, strict=True):
        if industry not in parents:
            parents[industry] = account
        elif demo.chance.random() < 0.05:
            changes[account] = {"parent": parents[industry]}
    demo.change("account", changes)


def _people(demo: Demo, accounts: list[int], rows: list[dict[str, Any]], heads: list[Name]) -> dict[int, list[int]]:
    chance = demo.chance
    people: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    taken: set[str] = set()
    for account, row, head in zip(accounts, rows, heads, strict=True):
        for place in range(demo.weighted({1: 20, 2: 38, 3: 30, 4: 12})):
            name = _name(chance) if place else head
            while place and name.full in taken:
                name = _name(chance)
            taken.add(name.full)
            mail = f"{latin(name.first)[0]}.{latin(name.last)}@{row['website'].removeprefix('https://')}"
            people.append({
                "first_name": name.first, "middle_name": name.middle, "last_name": name.last,
                "email": mail if chance.random() < 0.9 else None, "phone": _mobile(chance), "owner": row["owner"], "department": row["department"],
                "territory": row["territory"], "language": demo.option("spoken_language", "uk"),
                "birth_date": date(chance.randint(1960, 2000), chance.randint(1, 12), chance.randint(1, 28)) if chance.random() < 0.4 else None,
            })
            man, woman, role = TITLES[chance.randrange(3 if place == 0 else len(TITLES))]
            since = demo.today - timedelta(days=chance.randint(100, 3600))
            posts.append({"account": account, "title": woman if name.woman else man, "role": demo.option("position_role", role), "since": since,
                "primary": True})
    contacts = demo.create("contact", people)
    demo.create("position", [{**post, "contact": contact} for post, contact in zip(posts, contacts, strict=True)])
    points: list[dict[str, Any]] = []
    found: dict[int, list[int]] = {}
    for contact, post, person in zip(contacts, posts, people, strict=True):
        found.setdefault(post["account"], []).append(contact)
        points += _points(demo, contact, person)
    demo.create("contact_point", points)
    return found


def _points(demo: Demo, contact: int, person: Mapping[str, Any]) -> list[dict[str, Any]]:
    chance = demo.chance
    found = [("mobile", person["phone"], True)]
    if person["email"]:
        found.append(("email", person["email"], chance.random() < 0.7))
    if chance.random() < 0.35:
        found.append((chance.choice(("telegram", "viber")), person["phone"], chance.random() < 0.5))
    return [
        {"contact": contact, "kind": demo.option("contact_point_kind", kind), "value": value, "verified": verified,
            "opt_out": kind == "email" and chance.random() < 0.04}
        for kind, value, verified in found
    ]


def _name(chance: Random) -> Name:
    woman = chance.random() < 0.48
    father = chance.choice(MEN)
    surname = chance.choice(SURNAMES)
    given = chance.choice(WOMEN if woman else MEN)
    return Name(given.name, father.daughter if woman else father.son, surname[1] if woman else surname[0], woman)


def _mobile(chance: Random) -> str:
    return f"+380{chance.choice(MOBILE)}{chance.randrange(1_000_000, 9_999_999)}"


def _landline(chance: Random, town: Town) -> str:
    digits = 9 - len(town.dial)
    return f"+380{town.dial}{chance.randrange(2 * 10 ** (digits - 1), 8 * 10 ** (digits - 1))}"


def _firm_code(chance: Random) -> str:
    """A code of the state register with a right check digit, from a range that is not given out."""
    body = "9" + "".join(str(chance.randrange(10)) for _ in range(6))
    return body + edrpou.calc_check_digit(body)


def _person_code(chance: Random) -> str:
    """A taxpayer's number with a right check digit, of somebody born in a day still to come."""
    body = "99" + "".join(str(chance.randrange(10)) for _ in range(7))
    return body + rntrc.calc_check_digit(body)
