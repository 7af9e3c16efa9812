"""The demo company's deal teams: who works on the larger deals, and what each had to do at their stages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from crm.backoffice.demo import Demo
from crm.organization.demo import Company

LARGE = 900_000  # hryvnias from which on a deal has a whole team
RECENT = 200  # days since a closed deal was opened whose team is told


class Work(NamedTuple):
    """What a role does on a deal, from which stage on, within how many days after it was opened, in both languages."""

    role: str
    since: str
    days: int
    uk: str
    en: str
    required: bool = False


PEOPLE = {"presale": "mazur", "lawyer": "clerk", "finance": "approver", "sponsor": "head"}
WORK = (
    Work("presale", "qualified", 12, "Оглянути обʼєкт і виміряти камери", "Look at the site and measure the rooms", required=True),
    Work("presale", "proposal", 20, "Підібрати обладнання", "Choose the equipment", required=True),
    Work("finance", "proposal", 24, "Погодити знижку й умови оплати", "Agree on the discount and the terms of payment"),
    Work("lawyer", "negotiation", 40, "Перевірити договір", "Check the contract", required=True),
    Work("sponsor", "negotiation", 45, "Зустрітися з керівництвом клієнта", "Meet the customer's management"),
)
ORDER = ("lead", "qualified", "proposal", "negotiation", "contract", "won", "lost")
DUTIES = [  # of the demo's own pipeline
    {"key": "survey", "role": "presale", "label": {"uk": "Скласти акт обстеження", "en": "Write the report of the survey"}, "days": 3},
    {"key": "terms", "role": "lawyer", "label": {"uk": "Погодити умови договору", "en": "Agree on the terms of the contract"}, "days": 5, "required": True},
]


def fill(demo: Demo, company: Company, deals: Sequence[Mapping[str, Any]], ids: Sequence[int]) -> None:
    """Give large deals of late a team, each of its people what he has to do, and most of that done."""
    stages = {s.id: s.key for s in demo.session.catalog.configured["stage"].values() if s.code.startswith("sales.")}
    chosen = [
        (number, deal, stages[deal["stage"]]) for number, deal in zip(ids, deals, strict=True)
        if deal["stage"] in stages and deal["amount"] >= demo.money(LARGE) and deal["opened_on"] >= demo.today - timedelta(days=RECENT)
    ]
    demo.create("deal_member", [row for number, deal, _ in chosen for row in _members(demo, company, number, deal)])
    keys = {key: number for number, key in stages.items()}
    demo.create("deal_duty", [row for number, deal, stage in chosen for row in _duties(demo, company, number, deal, stage, keys)])


def _members(demo: Demo, company: Company, number: int, deal: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"deal": number, "role": demo.option("team_role", "lead"), "user": deal["owner"], "share": Decimal("0.7")}
    for role, person in PEOPLE.items():
        share = Decimal("0.2") if role == "presale" else None
        yield {"deal": number, "role": demo.option("team_role", role), "user": company.people[person], "share": share}


def _duties(demo: Demo, company: Company, number: int, deal: Mapping[str, Any], stage: str, stages: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    zone, now = demo.session.catalog.company.zone, datetime.now(UTC)
    for work in WORK:
        if stage == "lost" or ORDER.index(work.since) > ORDER.index(stage):
            continue
        due = deal["opened_on"] + timedelta(days=work.days)
        done = stage != work.since or demo.chance.random() < 0.4
        day = due + timedelta(days=demo.chance.choice((-4, -2, -1, -1, 0, 0, 2, 6)))
        moment = datetime.combine(day, time(demo.chance.randint(9, 17), 15), zone).astimezone(UTC)
        yield {
            "deal": number, "stage": stages[work.since], "role": demo.option("team_role", work.role), "user": company.people[PEOPLE[work.role]],
            "what": work.uk, "what_en": work.en, "required": work.required, "due_on": due, "done_at": min(moment, now) if done else None,
            "done_by": company.people[PEOPLE[work.role]] if done else None,
        }
