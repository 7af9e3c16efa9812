"""What a competitor did: one thing, on a day, known from somewhere."""

from datetime import date

from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Declared, Record, Section
from crm.backoffice.fields import date as date_field, long_text, picklist, reference, text
from crm.messages import Label

KIND = "competitor_action_kind"


class CompetitorAction(Record):
    """A competitor cut its prices, came to a tender, hired somebody: seen at a customer's, in a talk, in the news."""

    __tablename__ = "competitor_action"
    __entity__ = Declared(
        key="competitor_action", label=Label("Дія конкурента", "Competitor’s action"), plural=Label("Дії конкурентів", "Competitors’ actions"), area="sales",
        icon="report-analytics", prefix="KA", columns=("name", "competitor", "kind", "happened_on", "account", "deal", "known_from", "owner"),
        sections=(
            Section(Label("Дія", "Action"), ("name", "code", "competitor", "kind", "happened_on", "details")),
            Section(Label("Звідки відомо", "Where it is known from"), ("known_from", "interaction", "account", "deal")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory")),
        ),
        order="-happened_on",
    )

    competitor_id: Mapped[int] = reference("competitor", Label("Конкурент", "Competitor"), required=True, reverse=("actions", Label("Дії", "Actions")))
    kind_id: Mapped[int] = picklist(KIND, Label("Що це", "What it is"), required=True)
    happened_on: Mapped[date] = date_field(Label("Коли", "When"), required=True, indexed=True)
    details: Mapped[str | None] = long_text(Label("Подробиці", "Details"))
    known_from: Mapped[str | None] = text(
        Label("Джерело", "Source"), help=Label("Людина, сайт, тендер, новина", "A person, a site, a tender, the news"),
    )
    interaction_id: Mapped[int | None] = reference(
        "interaction", Label("Взаємодія", "Interaction"), reverse=("competitor_actions", Label("Дії конкурентів", "Competitors’ actions")),
    )
    account_id: Mapped[int | None] = reference(
        "account", Label("Компанія", "Company"), reverse=("competitor_actions", Label("Дії конкурентів", "Competitors’ actions")),
    )
    deal_id: Mapped[int | None] = reference(
        "deal", Label("Угода", "Deal"), reverse=("competitor_actions", Label("Дії конкурентів", "Competitors’ actions")),
    )
