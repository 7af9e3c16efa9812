"""The team of a deal and its duties."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Child, Declared, Section
from crm.backoffice.fields import boolean, date as date_field, integer, moment, percent, picklist, reference, text
from crm.backoffice.stage_rules import ROLES
from crm.messages import Label


class DealMember(Child):
    """Somebody works on a deal in a role. Who has several roles has a row for each."""

    __tablename__ = "deal_member"
    __table_args__ = (Index("ix_deal_member_user_deal", "user_id", "deal_id"),)  # the deals of whose team one is
    __entity__ = Declared(
        key="deal_member", label=Label("Учасник команди", "Member of a team"), plural=Label("Команда угоди", "Deal team"), parent="deal", title="user",
        columns=("deal", "role", "user", "share", "note"), order="id",
        sections=(Section(Label("Учасник", "Member"), ("deal", "role", "user", "share", "note")),),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("team", Label("Команда", "Team")))
    role_id: Mapped[int] = picklist(ROLES, Label("Роль", "Role"), required=True)
    user_id: Mapped[int] = reference("user", Label("Хто", "Who"), required=True, reverse=("teams", Label("У командах угод", "On teams of deals")))
    share: Mapped[Decimal | None] = percent(
        Label("Частка", "Share"), help=Label("Яка частка угоди за ним; разом щонайбільше 100 %", "Which share of the deal is his; 100 % together at most"),
    )
    note: Mapped[str | None] = text(Label("Примітка", "Note"))


class DealDuty(Child):
    """Something that a role of the team has to do while the deal stands in a stage. What a stage names is made when the deal enters it."""

    __tablename__ = "deal_duty"
    __table_args__ = (
        Index("ix_deal_duty_deal_stage", "deal_id", "stage_id"),  # what keeps a deal in its stage
        Index("ix_deal_duty_user_due_on", "user_id", "due_on"),  # what somebody has to do, by when
    )
    __entity__ = Declared(
        key="deal_duty", label=Label("Обовʼязок", "Duty"), plural=Label("Обовʼязки в угодах", "Duties on deals"), parent="deal", title="what",
        columns=("what", "deal", "stage", "role", "user", "due_on", "done_at", "late_days"), order="due_on",
        sections=(
            Section(Label("Обовʼязок", "Duty"), ("deal", "stage", "role", "user", "what", "what_en", "required")),
            Section(Label("Коли", "When"), ("due_on", "done_at", "done_by", "late_days")),
        ),
    )

    deal_id: Mapped[int] = reference("deal", Label("Угода", "Deal"), required=True, reverse=("duties", Label("Обовʼязки", "Duties")))
    stage_id: Mapped[int | None] = reference(
        "stage", Label("Етап", "Stage"), sensitivity="open", help=Label("Порожньо: той, де стоїть угода", "Empty: where the deal stands"),
    )
    key: Mapped[str | None] = text(Label("Ключ", "Key"), max_length=64, system=True, help=Label("З переліку етапу", "From the list of the stage"))
    role_id: Mapped[int] = picklist(ROLES, Label("Роль", "Role"), required=True)
    user_id: Mapped[int | None] = reference(
        "user", Label("Хто", "Who"), reverse=("duties", Label("Обовʼязки в угодах", "Duties on deals")),
        help=Label("Порожньо: хто має цю роль у команді", "Empty: whoever has the role on the team"),
    )
    what: Mapped[str] = text(Label("Що зробити", "What is to be done"), required=True, searchable=True)
    what_en: Mapped[str | None] = text(Label("Що зробити, англійською", "What is to be done, in English"), searchable=True)
    required: Mapped[bool] = boolean(
        Label("Без нього не вийти", "Needed to leave"), required=True, default=False,
        help=Label("Без нього угода не виходить з етапу", "Without it the deal does not leave the stage"),
    )
    due_on: Mapped[date | None] = date_field(Label("До", "Due on"), indexed=True)
    done_at: Mapped[datetime | None] = moment(Label("Зроблено", "Done at"), indexed=True)
    done_by_id: Mapped[int | None] = reference(
        "user", Label("Хто зробив", "Done by"), help=Label("Порожньо: хто позначив зробленим", "Empty: whoever ticks it"),
    )
    late_days: Mapped[int | None] = integer(
        Label("Запізнення, днів", "Days late"), system=True, made_of=("due_on", "done_at"),
        help=Label("На скільки днів пізніше, ніж треба було; відʼємне: раніше", "How many days after it was due; negative: before"),
    )
