"""What the menus of records offer about rights, to those who keep roles."""

from crm.admin_views.kit.leads import EVERY, Lead, leads_from
from crm.backoffice.guard import UserSession
from crm.messages import m
from crm.rights.rehearsal import knows_people


@leads_from("role")
def of_a_role(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """Its rules."""
    if not session.sight.may("role", "update"):
        return []
    return [Lead(m("Rights of the role"), f"/rights/role/{record_id}/", "shield-lock")]


@leads_from("user")
def of_a_person(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """The application as he sees it. Whether he may do more than the one who asks is judged by the page: that takes questions of its own."""
    if not session.sight.may("role", "update") or record_id == session.sight.actor_id:
        return []
    return [
        Lead(m("As this person sees it"), f"/rights/as/{record_id}/", "user-circle"),
        Lead(m("Compare with another person"), f"/rights/compare/?kind=user&left={record_id}", "arrows-sort"),
    ]


@leads_from(EVERY)
def of_a_record(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """Why somebody sees it or not."""
    if not session.sight.may("role", "update"):
        return []
    all_people = [Lead(m("Who can see this"), f"/rights/who/{entity}/{record_id}/", "users")] if knows_people(session.sight) else []
    return [*all_people, Lead(m("Who sees this and why"), f"/{entity}/{record_id}/explain", "eye")]
