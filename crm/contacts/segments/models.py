"""A segment, and who was in it from when to when."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Child, Declared, Record, Section
from crm.backoffice.fields import integer, long_text, moment, reference, text
from crm.backoffice.fields.condition import condition
from crm.messages import Label

STATIC, DYNAMIC, FROZEN = "static", "dynamic", "frozen"
KINDS = (
    (STATIC, Label("Статичний", "Static")), (DYNAMIC, Label("Динамічний", "Dynamic")), (FROZEN, Label("Знімок", "Frozen")),
)
ACCOUNT, CONTACT = "account", "contact"
OF = ((ACCOUNT, Label("Компанії", "Companies")), (CONTACT, Label("Люди", "People")))
HAND, IMPORT, CONDITION, SNAPSHOT, MERGE = "hand", "import", "condition", "snapshot", "merge"
HOW = (
    (HAND, Label("Додано вручну", "Added by hand")), (IMPORT, Label("Імпорт", "Import")), (CONDITION, Label("Підійшло під умову", "Matched the condition")),
    (SNAPSHOT, Label("Знімок іншого сегмента", "Taken from another segment")),
)
WHY_LEFT = (
    (HAND, Label("Вилучено вручну", "Taken out by hand")), (CONDITION, Label("Не підходить під умову", "No longer matches the condition")),
    (MERGE, Label("Обʼєднано з іншим записом", "Merged with another record")),
)


class Segment(Record):
    """Companies or people put together. A dynamic one and a snapshot of it rest on the fields in the condition."""

    __tablename__ = "segment"
    __entity__ = Declared(
        key="segment", label=Label("Сегмент", "Segment"), plural=Label("Сегменти", "Segments"), area="contacts", icon="filter", prefix="SG", rests=True,
        columns=("name", "kind", "of", "size", "counted_at", "owner", "updated_at"),
        sections=(
            Section(Label("Сегмент", "Segment"), ("name", "name_en", "code", "of", "kind", "condition", "frozen_from", "description")),
            Section(Label("Чиє це", "Whose it is"), ("owner", "department", "territory")),
            Section(Label("Склад", "Members"), ("size", "counted_at")),
        ),
        related=("present", "members"),
    )

    name_en: Mapped[str | None] = text(Label("Назва англійською", "Name in English"), searchable=True, sensitivity="open")
    of: Mapped[str] = text(Label("Кого обʼєднує", "Whom it holds"), words=OF, required=True, default=ACCOUNT, max_length=16, sensitivity="open")
    kind: Mapped[str] = text(Label("Вид", "Kind"), words=KINDS, required=True, default=STATIC, max_length=16, indexed=True, sensitivity="open", help=Label(
        "Статичний складають люди, динамічний складається за умовою, знімок не змінюється",
        "A static one is put together by people, a dynamic one by a condition, a frozen one never changes",
    ))
    condition: Mapped[str | None] = condition(
        Label("Умова", "Condition"), over="of", asked_when=("kind", DYNAMIC),
        help=Label("Хто підходить, той у сегменті; рахується щодня і після зміни", "Whoever matches is in it; counted every day and after a change"),
    )
    frozen_from_id: Mapped[int | None] = reference(
        "segment", Label("Знімок сегмента", "Snapshot of"), reverse=("snapshots", Label("Знімки", "Snapshots")), asked_when=("kind", FROZEN),
        help=Label("Склад якого сегмента зберегти, як він є зараз", "The segment whose members are kept as they are now"),
    )
    description: Mapped[str | None] = long_text(Label("Опис", "Description"))
    # It counts members whom its reader may not see.
    size: Mapped[int | None] = integer(Label("Усього зараз", "In it now"), system=True, sensitivity="sensitive", indexed=True)
    counted_at: Mapped[datetime | None] = moment(Label("Пораховано", "Counted at"), system=True, indexed=True, sensitivity="open")


class SegmentMember(Child):
    """A company or a person is in a segment from a moment, and perhaps until one. `current` is the segment while that lasts."""

    __tablename__ = "segment_member"
    __table_args__ = (
        # A segment's present members, and whether one is among them: what counting and freezing go by.
        Index("ix_segment_member_current_account", "current_id", "account_id"), Index("ix_segment_member_current_contact", "current_id", "contact_id"),
    )
    __entity__ = Declared(
        key="segment_member", label=Label("Учасник сегмента", "Member of a segment"), plural=Label("Учасники сегментів", "Members of segments"),
        parent="segment", title="segment", seen_with=("account", "contact"), order="since",
        numbered_by=("segment", "account", "contact"),
        columns=("since", "segment", "account", "contact", "until", "how", "why_left", "created_by", "note"),
        sections=(Section(Label("Учасник", "Member"), ("segment", "account", "contact", "since", "until", "how", "why_left", "note")),),
    )

    segment_id: Mapped[int] = reference("segment", Label("Сегмент", "Segment"), required=True, reverse=("members", Label("Усі, хто був", "All who have been")))
    account_id: Mapped[int | None] = reference("account", Label("Компанія", "Company"), reverse=("segments", Label("Сегменти", "Segments")))
    contact_id: Mapped[int | None] = reference("contact", Label("Людина", "Person"), reverse=("segments", Label("Сегменти", "Segments")), personal=True)
    since: Mapped[datetime | None] = moment(Label("У сегменті з", "In it since"), indexed=True)
    until: Mapped[datetime | None] = moment(Label("До", "Until"), indexed=True)
    how: Mapped[str | None] = text(Label("Як потрапив", "How it came"), words=HOW, max_length=16, system=True)
    why_left: Mapped[str | None] = text(Label("Чому вийшов", "Why it left"), words=WHY_LEFT, max_length=16, system=True)
    note: Mapped[str | None] = text(Label("Примітка", "Note"))
    current_id: Mapped[int | None] = reference(
        "segment", Label("Зараз у сегменті", "Now in segment"), system=True, made_of=("segment", "until"),
        reverse=("present", Label("Зараз у ньому", "In it now")),
    )
