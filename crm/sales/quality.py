"""The quality of open deals."""

from crm.backoffice.guard import DataSession
from crm.backoffice.quality.report import quality_report
from crm.backoffice.quality.subject import Check, Json, Subject, incomplete, unowned
from crm.contacts.quality import silent
from crm.messages import Label

IMPORTANT = ("account", "contact", "amount", "expected_on", "source", "owner")


def _overdue(session: DataSession) -> Json:
    return {"field": "next_step_on", "op": "lt", "value": session.reader.today.isoformat()}


OVERDUE = Check("overdue_step", Label("Прострочений крок", "Step overdue"), Label("День наступного кроку минув", "The day of the next step is over"),
                ("next_step_on",), where=_overdue)
NO_STEP = Check("no_step", Label("Без кроку", "No step"), Label("День наступного кроку не задано", "The next step has no day"), ("next_step_on",),
                where=lambda session: {"field": "next_step_on", "op": "empty"})
quality_report(
    Subject(
        "quality_deals", "deal", IMPORTANT, (incomplete(IMPORTANT), unowned(), silent(), OVERDUE, NO_STEP),
        base={"field": "stage.kind", "op": "eq", "value": "open"}, base_needs=("stage",),
    ),
    Label("Якість відкритих угод", "Data quality of open deals"),
    Label("Які відкриті угоди неповні, нічиї чи стоять на місці?", "Which open deals are incomplete, nobody’s or standing still?"), "sales",
)
