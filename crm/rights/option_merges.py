"""Merging options moves records, and rules of roles ask for options: so whoever is limited may merge none that a rule names."""

from crm.backoffice.conditions.revaluing import Revaluing
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import condition_uses
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.option_merging import using
from crm.backoffice.lowcode.saved_conditions import reaching
from crm.backoffice.lowcode.uses import GONE, Rewriting, naming
from crm.backoffice.sight import Sight
from crm.errors import Forbidden
from crm.messages import m
from crm.rights.known import sees_all


def judge_merges(session: SystemSession, sight: Sight, document: Document) -> None:
    """Raises Forbidden where rights of roles ask for an option of a merge, for anybody but the owner."""
    if sight.access is None or sight.access.unlimited:
        return
    pairs = [(one.picklist, key) for one in document.merges for key in (one.old, one.new)]
    pairs += [(one.picklist, key) for one in document.unmerged for key in (one.old, one.new)]
    for picklist, key in pairs:
        if rights_ask(session, Revaluing(picklist, key, GONE)):
            raise Forbidden(m("Rights of roles ask for one of these options, so merging them is for the owner."))


def rights_ask(session: SystemSession, change: Rewriting) -> bool:
    """Whether rules of roles name what would change, by themselves or through saved conditions."""
    found = naming(session, change)
    saved = reaching(session.catalog.saved, {use.name for use in found if use.kind == "saved"})
    return any(use.kind == "rule" for use in found) or bool(condition_uses.roles_naming(session, saved))


def sees_holders(sight: Sight, picklist: str) -> bool:
    """Whether a person sees every record that may hold an option of the list, and the option on it."""
    return all(sees_all(sight, kind.key, [spec.key]) for kind, spec in using(sight.catalog, picklist))
