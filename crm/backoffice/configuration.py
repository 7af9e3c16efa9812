"""What administrators configure, as rows: the company itself, picklists, the rules of roles, and a number for every version."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment
from crm.backoffice.working_time import USUAL


class CompanySettings(Base):
    """The company: one row, made by `flask init`."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    working_time: Mapped[str] = mapped_column(String(32), default=USUAL)


class PicklistRow(Base):
    """A list of options under a stable key."""

    __tablename__ = "picklist"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))


class OptionRow(Base):
    """One option of a picklist. Retired and not deleted: records keep pointing at it."""

    __tablename__ = "picklist_option"
    __table_args__ = (UniqueConstraint("picklist", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    picklist: Mapped[str] = mapped_column(String(64), ForeignKey("picklist.key"))
    key: Mapped[str] = mapped_column(String(64))
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))
    colour: Mapped[str] = mapped_column(String(16), default="")
    position: Mapped[int] = mapped_column(default=0)
    retired: Mapped[bool] = mapped_column(default=False)


class SavedConditionRow(Base):
    """A condition over an entity under a name, as the configuration file says it."""

    __tablename__ = "saved_condition"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    entity: Mapped[str] = mapped_column(String(64))
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))
    note_uk: Mapped[str] = mapped_column(String(1000), default="")
    note_en: Mapped[str] = mapped_column(String(1000), default="")
    said: Mapped[dict[str, Any]] = mapped_column(JSON)


class StageRuleRow(Base):
    """What the configuration asks of whatever enters or leaves a stage, and the stages that one may go to from it, as its file says it. A stage of
    which nothing is asked has no row."""

    __tablename__ = "stage_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"), unique=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)


class AccessRule(Base):
    """One rule of a role as it stands in the configuration file; `position` keeps their order."""

    __tablename__ = "access_rule"
    __table_args__ = (UniqueConstraint("role_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), index=True)
    position: Mapped[int]
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)


class RoleConflict(Base):
    """Roles (by code) of which nobody shall hold two at a time; with a reason he may where `with_reason` says so."""

    __tablename__ = "role_conflict"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    with_reason: Mapped[bool]


class LayoutRow(Base):
    """How an entity is laid out on the screens, for everybody or for the holders of a role, as the configuration file says it."""

    __tablename__ = "layout"
    __table_args__ = (UniqueConstraint("entity", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64), default="")  # by code; "" for everybody
    position: Mapped[int] = mapped_column(default=0)  # among the roles of the entity
    said: Mapped[dict[str, Any]] = mapped_column(JSON)


class ConfigVersion(Base):
    """A version of the configuration; the highest number is the one in force."""

    __tablename__ = "config_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment())
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    changes: Mapped[list[Any]] = mapped_column(JSON)  # what was changed, as `flask config plan` prints it
    before: Mapped[dict[str, Any]] = mapped_column(JSON)  # a file that brings back what was there; "made" lists what was not
