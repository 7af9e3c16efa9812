"""The contact history of the company: every call, meeting, letter and message with a counterparty, planned or held, and who took part."""

from datetime import datetime

from sqlalchemy import Index, text as sql_text
from sqlalchemy.orm import Mapped

from crm.backoffice.database import covering
from crm.backoffice.entities import Child, Declared, Record, Section
from crm.backoffice.fields import boolean, duration, integer, long_text, many_to_many, moment, picklist, reference, text
from crm.contacts.interactions.course import MEDIA_OF_RESULT
from crm.messages import Label

HISTORY = Label("Взаємодії", "Interactions")


class Interaction(Record):
    """One contact with a counterparty by whatever medium. Whoever registered it is its author (`created_by`); the owner answers for it."""

    __tablename__ = "interaction"
    __table_args__ = (
        # What cards and lists of millions of rows are read by: a company's, a person's, a deal's history, and somebody's plan.
        Index("ix_interaction_account_starts_at", "account_id", "starts_at", "id"),
        Index("ix_interaction_contact_starts_at", "contact_id", "starts_at", "id"),
        Index("ix_interaction_deal_starts_at", "deal_id", "starts_at", "id"),
        Index("ix_interaction_owner_starts_at", "owner_id", "starts_at", "id"),  # a colleague's timeline, whatever became of each
        Index("ix_interaction_owner_state_starts_at", "owner_id", "state_id", "starts_at", "id"),
        # What reports count of each: of a period, or of the deals that they are about.
        covering("ix_interaction_counted", "starts_at", "ends_at", "state_id", "direction_id", "account_id", "deal_id", "owner_id", "department_id",
                 "territory_id", where=sql_text("deleted_at IS NULL")),
        # How many were held about a deal.
        covering("ix_interaction_of_deal", "deal_id", "state_id", "id", where=sql_text("deal_id IS NOT NULL AND deleted_at IS NULL")),
    )
    __entity__ = Declared(
        key="interaction", label=Label("Взаємодія", "Interaction"), plural=HISTORY, area="contacts", icon="message", prefix="I",
        columns=("name", "starts_at", "state", "account", "contact", "medium", "direction", "result", "owner"),
        sections=(
            Section(Label("Взаємодія", "Interaction"), ("account", "subject", "contact", "result", "medium", "direction", "state", "deal", "legal_entity")),
            Section(Label("Коли", "When"), ("planned_start", "planned_minutes", "held_at", "actual_minutes", "starts_at", "ends_at")),
            Section(Label("Суть переговорів", "Minutes"), ("minutes", "agenda", "agreed", "objections", "products", "competitors")),
            Section(Label("Далі", "Next"), ("next_step", "next_start", "follows", "postponed_from", "moves")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory", "name", "code")),
        ),
        related=("participants", "postponed_to", "followed_by"), order="-starts_at", composed=("name",),
    )

    owner_id: Mapped[int | None] = reference(
        "user", Label("Відповідальний", "Owner"), sensitivity="open", reverse=("interactions", HISTORY), also=("created_by", "participants.colleague"),
    )
    account_id: Mapped[int | None] = reference(
        "account", Label("Компанія", "Company"), reverse=("interactions", HISTORY),
        help=Label("Порожньо: компанія угоди або людини", "Empty: that of the deal or of the person"),
    )
    contact_id: Mapped[int | None] = reference("contact", Label("Людина", "Person"), reverse=("interactions", HISTORY), personal=True)
    deal_id: Mapped[int | None] = reference("deal", Label("Угода", "Deal"), reverse=("interactions", HISTORY))
    legal_entity_id: Mapped[int | None] = reference(
        "legal_entity", Label("Від імені", "In the name of"), reverse=("interactions", HISTORY),
        help=Label("Яка з наших юросіб", "Which of our own legal entities"),
    )
    medium_id: Mapped[int] = picklist("interaction_medium", Label("Спосіб", "Medium"), required=True)
    direction_id: Mapped[int] = picklist("direction", Label("Напрямок", "Direction"), required=True)
    state_id: Mapped[int] = picklist("interaction_state", Label("Стан", "State"), required=True)
    subject: Mapped[str | None] = text(Label("Тема", "Subject"), searchable=True, personal=True)
    planned_start: Mapped[datetime | None] = moment(Label("Заплановано на", "Planned for"), indexed=True)
    planned_minutes: Mapped[int | None] = duration(Label("Тривалість за планом", "Planned duration"))
    held_at: Mapped[datetime | None] = moment(
        Label("Відбулася", "Held at"), indexed=True, help=Label("Порожньо: час за планом або зараз", "Empty: when it was planned, or now"),
    )
    actual_minutes: Mapped[int | None] = duration(Label("Тривалість насправді", "Actual duration"))
    starts_at: Mapped[datetime | None] = moment(
        Label("Коли", "When"), system=True, indexed=True, made_of=("held_at", "planned_start"),
        help=Label("Коли відбулася, а доти на коли запланована", "When it was held, until then what it is planned for"),
    )
    ends_at: Mapped[datetime | None] = moment(
        Label("Кінець за планом", "Planned end"), system=True, indexed=True, made_of=("planned_start", "planned_minutes"),
    )
    result_id: Mapped[int | None] = picklist("interaction_result", Label("Результат", "Result"), narrowed_by=("medium", "interaction_medium", MEDIA_OF_RESULT))
    minutes: Mapped[str | None] = long_text(Label("Що говорили", "What was said"), personal=True)
    agenda: Mapped[str | None] = long_text(Label("Порядок денний", "Agenda"), personal=True)
    agreed: Mapped[str | None] = long_text(Label("Про що домовились", "What was agreed"), personal=True)
    objections: Mapped[str | None] = long_text(Label("Заперечення", "Objections"), personal=True)
    products = many_to_many("product", Label("Про які продукти", "Products mentioned"), reverse=("mentioned", Label("Згадано у взаємодіях", "Mentioned in")))
    competitors = many_to_many(
        "competitor", Label("Кого згадали з конкурентів", "Competitors mentioned"), reverse=("interactions", Label("Згадано у взаємодіях", "Mentioned in")),
    )
    next_step: Mapped[str | None] = text(Label("Наступний крок", "Next step"), personal=True)
    next_start: Mapped[datetime | None] = moment(
        Label("Наступна взаємодія", "Next interaction at"),
        help=Label("На цей час запланується наступна взаємодія", "The next interaction is planned for then"),
    )
    follows_id: Mapped[int | None] = reference("interaction", Label("Випливає з", "Follows"), reverse=("followed_by", Label("Наступні кроки", "Next steps")))
    postponed_from_id: Mapped[int | None] = reference(
        "interaction", Label("Перенесено з", "Postponed from"), reverse=("postponed_to", Label("Перенесено на", "Postponed to"))
    )
    moves: Mapped[int] = integer(Label("Скільки разів перенесено", "Times postponed"), required=True, default=0, system=True, made_of=("postponed_from",))


class Participant(Child):
    """Somebody took part beside the responsible one and the contact person: a person of the counterparty or a colleague."""

    __tablename__ = "interaction_participant"
    __entity__ = Declared(
        key="interaction_participant", label=Label("Учасник", "Participant"), plural=Label("Учасники", "Participants"), parent="interaction",
        title="contact", columns=("interaction", "contact", "colleague", "role", "present", "minutes"), order="id",
        sections=(Section(Label("Учасник", "Participant"), ("interaction", "contact", "colleague", "role", "present", "minutes", "note")),),
    )

    interaction_id: Mapped[int] = reference(
        "interaction", Label("Взаємодія", "Interaction"), required=True, reverse=("participants", Label("Учасники", "Participants"))
    )
    contact_id: Mapped[int | None] = reference(
        "contact", Label("Людина", "Person"), reverse=("participations", Label("Участь у взаємодіях", "Took part in")), personal=True
    )
    colleague_id: Mapped[int | None] = reference(
        "user", Label("Колега", "Colleague"), reverse=("participations", Label("Участь у взаємодіях", "Took part in")), personal=True
    )
    role_id: Mapped[int | None] = picklist("participant_role", Label("Роль", "Role"))
    present: Mapped[bool | None] = boolean(Label("Присутність", "Was present"))
    minutes: Mapped[int | None] = duration(Label("Тривалість участі", "Time present"))
    note: Mapped[str | None] = text(Label("Примітка", "Note"), personal=True)
