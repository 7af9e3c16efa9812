"""Teams of deals: roles and shares, the duties that a stage brings, who ticks them, what keeps a deal in its stage, the report on them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import lists, records
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.backoffice.undo import undo
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import render
from crm.sales.team.models import DealDuty
from tests.company import Company, today
from tests.reports.deals import check_cells

DUTY = DealDuty.__table__
ASKING = """
pipelines:
  sales:
    label: {uk: Продажі, en: Sales}
    stages:
      - key: proposal
        label: {uk: Пропозиція, en: Proposal}
        type: open
        probability: 0.4
        team: [lead]
        duties:
          - {key: draft, role: lawyer, label: {uk: Перевірити договір, en: Check the contract}, days: 3, required: true}
          - {key: price, role: finance, label: {uk: Погодити ціну, en: Agree on the price}}
"""


def role(company: Company, key: str) -> int:
    return company.option("team_role", key)


def put(company: Company, deal: int, key: str, user: int, **values: Any) -> int:
    return company.make("deal_member", {"deal": deal, "role": role(company, key), "user": user, **values})[0]


def duties(company: Company, deal: int) -> list[Any]:
    with company.system(write=False) as session:
        return list(session.kernel(select(DUTY).where(DUTY.c.deal_id == deal, DUTY.c.deleted_at.is_(None)).order_by(DUTY.c.id)))


def move(company: Company, deal: int, stage: str, by: int | None = None) -> str:
    """The id of the batch."""
    with company.session(by) if by is not None else company.system() as session:
        records.change(session, "deal", deal, {"stage": company.stage(stage)})
        session.commit()
        return session.batch


def told(refused: Invalid) -> str:
    return " | ".join(render(one, "en") for one in refused.fields.values())


def test_shares_of_a_deal_come_to_a_hundred_percent_at_most(company: Company) -> None:
    anna, bohdan = company.person(name="Анна"), company.person(name="Богдан")
    deal, other = company.make("deal", {"name": "у"}, {"name": "інша"})
    put(company, deal, "lead", anna, share="0.6")
    with pytest.raises(Invalid) as refused:
        put(company, deal, "presale", bohdan, share="0.41")
    assert set(refused.value.fields) == {"share"}
    second = put(company, deal, "presale", bohdan, share="0.4")
    put(company, other, "lead", bohdan, share="1")  # another deal has a whole of its own
    with pytest.raises(Invalid), company.system() as session:
        records.change(session, "deal_member", second, {"share": "0.5"})
    with company.system() as session:
        records.remove(session, "deal_member", second)
        session.commit()
    put(company, deal, "lawyer", bohdan, share="0.4")
    with pytest.raises(Invalid), company.system() as session:  # what comes back is counted too
        records.restore(session, "deal_member", second)
    for share in ("1.01", "-0.1"):
        with pytest.raises(Invalid):
            put(company, deal, "sponsor", anna, share=share)


def test_nobody_has_a_role_on_a_deal_twice(company: Company) -> None:
    anna = company.person()
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lead", anna)
    with pytest.raises(Invalid) as refused:
        put(company, deal, "lead", anna)
    assert set(refused.value.fields) == {"user"}
    put(company, deal, "lawyer", anna)


def test_a_stage_brings_duties_to_whoever_has_their_role(company: Company) -> None:
    company.configure(ASKING)
    anna, olha = company.person(name="Анна"), company.person(name="Ольга")
    (deal,) = company.make("deal", {"name": "у"})
    assert duties(company, deal) == []
    lawyer = put(company, deal, "lawyer", olha)
    move(company, deal, "proposal")
    first, second = duties(company, deal)
    assert (first.what, first.what_en, first.user_id, first.required, first.stage_id) == (
        "Перевірити договір", "Check the contract", olha, True, company.stage("proposal"))
    assert (second.user_id, second.due_on, second.required) == (None, None, False)
    working, day = 0, today()
    while working < 3:  # three working days of a company that works from Monday to Friday
        day += timedelta(days=1)
        working += day.weekday() < 5
    assert first.due_on == day
    put(company, deal, "finance", anna)
    assert [one.user_id for one in duties(company, deal)] == [olha, anna]
    with company.system() as session:  # another lawyer takes over what is open
        number = session.kernel(select(DUTY.c.id).where(DUTY.c.user_id == olha)).scalar_one()
        records.create(session, "deal_member", {"deal": deal, "role": role(company, "lawyer"), "user": anna})
        assert session.kernel(select(DUTY.c.user_id).where(DUTY.c.id == number)).scalar_one() == olha  # the first of several
        records.remove(session, "deal_member", lawyer)
        assert session.kernel(select(DUTY.c.user_id).where(DUTY.c.id == number)).scalar_one() == anna
        session.rollback()


def test_a_deal_leaves_its_stage_when_duties_are_done_and_roles_are_filled(company: Company) -> None:
    company.configure(ASKING)
    anna, olha = company.person(name="Анна"), company.person(name="Ольга")
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lawyer", olha)
    move(company, deal, "proposal")
    with pytest.raises(Invalid) as refused:
        move(company, deal, "negotiation")
    assert set(refused.value.fields) == {"stage"}
    assert told(refused.value) == "Nobody on the team has the role “Lead”. · “Check the contract” is not done yet: Lawyer, Ольга."
    put(company, deal, "lead", anna)
    number = duties(company, deal)[0].id
    with company.system() as session:
        records.change(session, "deal_duty", number, {"done_at": datetime.now(UTC)})
        session.commit()
    batch = move(company, deal, "negotiation")  # what is not needed to leave may stay open
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert len(duties(company, deal)) == 2  # who is back finds what was there
    move(company, deal, "negotiation")
    move(company, deal, "proposal")
    assert [one.done_at is not None for one in duties(company, deal)] == [True, False]


def test_an_undone_move_takes_its_duties_back(company: Company) -> None:
    company.configure(ASKING)
    (deal,) = company.make("deal", {"name": "у"})
    batch = move(company, deal, "proposal")
    assert len(duties(company, deal)) == 2
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert duties(company, deal) == []


def test_imports_bring_no_duties_and_a_duty_of_a_stranger_is_refused(company: Company) -> None:
    company.configure(ASKING)
    anna = company.person()
    (deal,) = company.make("deal", {"name": "у", "stage": company.stage("proposal")}, source="import")
    assert duties(company, deal) == []
    with pytest.raises(Invalid) as refused:
        company.make("deal_duty", {"deal": deal, "role": role(company, "lawyer"), "what": "Щось", "user": anna})
    assert set(refused.value.fields) == {"user"}
    company.make("deal_duty", {"deal": deal, "role": role(company, "lawyer"), "what": "Щось"})
    assert duties(company, deal)[0].stage_id == company.stage("proposal")


READS = {"entity": "deal", "actions": ["read"], "where": {"field": "team.user", "op": "eq", "value": "@me"}, "fields": {"*": "read"}}
OWN_DUTIES = {
    "entity": "deal_duty", "actions": ["read", "update"], "where": {"field": "user", "op": "eq", "value": "@me"}, "fields": {"*": "read", "done_at": "edit"},
}


def test_a_member_sees_the_deal_and_ticks_what_is_his(company: Company) -> None:
    company.configure(ASKING)
    company.role("member", READS, OWN_DUTIES, {"entity": "deal_member", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
                 {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    lawyer, finance, stranger = (company.person("member", name=name) for name in ("Юрист", "Фінансист", "Чужий"))
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lawyer", lawyer)
    put(company, deal, "finance", finance)
    move(company, deal, "proposal")
    his, others = (one.id for one in duties(company, deal))
    with company.session(stranger) as session, pytest.raises(NotFound):
        lists.record(session, "deal", deal, ("name",))
    with company.session(lawyer) as session:
        assert lists.record(session, "deal", deal, ("name",)).values["name"] == "у"
        with pytest.raises((NotFound, Forbidden)):
            records.change(session, "deal_duty", others, {"done_at": datetime.now(UTC)})
        with pytest.raises(Forbidden):
            records.change(session, "deal_duty", his, {"what": "Нічого"})
        records.change(session, "deal_duty", his, {"done_at": datetime.now(UTC)})
        session.commit()
    done = duties(company, deal)[0]
    assert (done.done_by_id, done.late_days is not None and done.late_days < 0) == (lawyer, True)
    with company.session(lawyer) as session, pytest.raises(Invalid):
        records.change(session, "deal_duty", his, {"done_at": datetime.now(UTC) + timedelta(days=1)})


def test_who_does_not_see_duties_is_told_that_something_is_open_and_not_what(company: Company) -> None:
    company.configure(ASKING)
    company.role("mover", {"entity": "deal", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}})
    person = company.person("mover")
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lead", company.person(name="Анна"))
    move(company, deal, "proposal")
    with pytest.raises(Invalid) as refused:
        move(company, deal, "negotiation", person)
    assert told(refused.value) == "A duty of the team that is needed to leave the stage is not done yet."


def test_who_does_not_see_a_person_or_what_is_to_be_done_is_not_told_it_by_a_refusal(company: Company) -> None:
    company.configure(ASKING)
    olha = company.person(name="Ольга")
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lawyer", olha)
    put(company, deal, "lead", olha)
    move(company, deal, "proposal")
    moves = {"entity": "deal", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}}
    seen: dict[str, Any] = {"entity": "deal_duty", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    company.role("mover", moves, seen)
    person = company.person("mover")

    def refusal() -> str:
        with pytest.raises(Invalid) as refused:
            move(company, deal, "negotiation", person)
        return told(refused.value)

    assert refusal() == "“Check the contract” is not done yet: Lawyer, •.", "whom he does not see has no name"
    sometimes = {"mode": "read", "where": {"field": "required", "op": "eq", "value": False}}
    company.role("mover", moves, {**seen, "fields": {"*": "read", "what": sometimes}})
    assert refusal() == "A duty of the team that is needed to leave the stage is not done yet.", "this one's words do not show to him"


@pytest.mark.parametrize(("said", "why"), [
    ("duties: [{key: a, role: nobody, label: {uk: A, en: A}}]", "there is no team role “nobody”"), ("team: [nobody]", "there is no team role “nobody”"),
    ("duties: [{key: a, role: lawyer, label: {uk: A, en: A}}, {key: a, role: lawyer, label: {uk: B, en: B}}]", "“a” stands twice"),
    ("duties: [{key: a, role: lawyer, label: {uk: A, en: A}, days: 0}]", "“days” is a number of working days"),
    ("duties: 3", "“duties” is a list of at most 30"),
    ("forecast: closed", "an open stage is forecast as one of"),
])
def test_what_makes_no_sense_is_refused(company: Company, said: str, why: str) -> None:
    with pytest.raises(BadRequest) as refused:
        company.configure(f"pipelines: {{sales: {{label: S, stages: [{{key: lead, label: L, {said}}}]}}}}")
    assert why in render(refused.value.message, "en")


def report(session: DataSession, **asked: str) -> Table:
    return run(find("deal_duties"), session, asked)[1]


def test_the_report_counts_by_hand(company: Company) -> None:
    anna, olha = company.person(name="Анна", code="anna"), company.person(name="Ольга", code="olha")
    (deal,) = company.make("deal", {"name": "у"})
    put(company, deal, "lawyer", olha)
    put(company, deal, "finance", anna)
    lawyer, finance, day = role(company, "lawyer"), role(company, "finance"), today()
    noon = datetime(2026, 3, 10, 10, tzinfo=UTC)
    company.make("deal_duty", *(
        {"deal": deal, "role": which, "what": f"справа {n}", "due_on": due, "done_at": done} for n, (which, due, done) in enumerate((
            (lawyer, date(2026, 3, 10), noon),  # in time, on the last day
            (lawyer, date(2026, 3, 6), noon),  # four days late
            (lawyer, date(2026, 3, 12), noon),  # early
            (lawyer, None, noon),  # without a day: neither in time nor late
            (lawyer, day - timedelta(days=9), None),  # overdue by nine
            (finance, day - timedelta(days=2), None), (finance, day, None), (finance, day + timedelta(days=5), None), (finance, None, None),
        ))
    ))
    with company.system(write=False) as session:
        found = report(session, by="role")
        assert [(row["role"], row["open"], row["overdue"], row["done"], row["late"], row["on_time_rate"], row["median_lateness"]) for row in found.rows] == [
            ("finance", 4, 1, 0, 0, None, 2), ("lawyer", 1, 1, 4, 1, pytest.approx(2 / 3), 6.5),
        ]
        assert [found.totals[key] for key in ("open", "overdue", "done", "late", "median_lateness")] == [5, 2, 4, 1, 4]
        assert check_cells(session, found) > 10
        assert [row["user"] for row in report(session, by="user", owner="olha").rows] == ["Ольга"]
        assert report(session, period="2026-03").totals["done"] == 3
    company.role("half", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
                 {"entity": "deal_duty", "actions": ["read"], "scope": "all", "fields": {"*": "read", "due_on": "hidden"}})
    with company.session(company.person("half"), write=False) as session:
        assert [c.key for c in report(session).columns] == ["open", "done"]


def test_a_merged_role_is_followed_by_the_stages_that_name_it(company: Company) -> None:
    company.configure(ASKING)
    company.configure("merged: {team_role: {lawyer: sponsor}}")
    said = company.catalog.configured["stage"][company.stage("proposal")].said
    assert [one["role"] for one in said["duties"]] == ["sponsor", "finance"]


def test_a_late_duty_is_late_by_days_of_the_company(company: Company) -> None:
    """Half past midnight in Kyiv is still the day before in UTC."""
    (deal,) = company.make("deal", {"name": "у"})
    (number,) = company.make("deal_duty", {"deal": deal, "role": role(company, "lead"), "what": "Щось", "due_on": date(2026, 3, 9)})
    with company.system() as session:
        records.change(session, "deal_duty", number, {"done_at": datetime(2026, 3, 9, 22, 30, tzinfo=UTC)})
        session.commit()
        assert session.kernel(select(DUTY.c.late_days).where(DUTY.c.id == number)).scalar_one() == 1
