"""The quality of companies and people."""

from datetime import timedelta

from crm.backoffice.guard import DataSession
from crm.backoffice.quality.report import quality_report
from crm.backoffice.quality.subject import Check, Json, Subject, bad_phones, double, incomplete, unowned
from crm.contacts.interactions.course import HELD
from crm.messages import Label

SILENT = 90  # days without a contact
ACCOUNT = ("tax_code", "phone", "industry", "city", "owner")
CONTACT = ("email", "phone", "owner")


def silent() -> Check:
    """Nobody has spoken with it for long."""

    def found(session: DataSession) -> Json:
        since = (session.reader.today - timedelta(days=SILENT)).isoformat()
        held = {"all": [{"field": "state", "op": "eq", "value": HELD}, {"field": "starts_at", "op": "within", "value": f"{since}..2999-12-31"}]}
        return {"count": "interactions", "where": held, "op": "eq", "value": 0}

    return Check(
        "silent", Label("Без контакту", "No contact"),
        Label(f"Жодної взаємодії, що відбулася за останні {SILENT} днів", f"No interaction was held in the last {SILENT} days"),
        ("interactions.state", "interactions.starts_at"), where=found,
    )


def bounced() -> Check:
    """A way to reach the person leads nowhere."""
    return Check(
        "bounced", Label("Не доходить", "Bounced"),
        Label("Бодай один спосіб звʼязку позначено «не доходить»", "At least one contact point is marked as bounced"),
        ("contact_points.bounced",),
        where=lambda session: {"count": "contact_points", "where": {"field": "bounced", "op": "eq", "value": True}, "op": "gt", "value": 0},
    )


quality_report(
    Subject("quality_accounts", "account", ACCOUNT, (incomplete(ACCOUNT), double("account"), bad_phones("account", ("phone", "fax")), unowned(), silent())),
    Label("Якість даних про компанії", "Data quality of companies"),
    Label("Які компанії неповні, подвоєні, нічиї чи забуті?", "Which companies are incomplete, double, nobody’s or forgotten?"), "contacts",
)
quality_report(
    Subject(
        "quality_contacts", "contact", CONTACT,
        (incomplete(CONTACT), double("contact"), bad_phones("contact", ("phone",)), bounced(), unowned(), silent()),
    ),
    Label("Якість даних про людей", "Data quality of people"),
    Label("Які люди неповні, подвоєні, нічиї чи забуті?", "Which people are incomplete, double, nobody’s or forgotten?"), "contacts",
)
