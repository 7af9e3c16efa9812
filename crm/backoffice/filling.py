"""Fields that are being worked out for records that stood before them: until that is done, who reads them is told so."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.backoffice.computed_state import WAITING, Filling, fillings
from crm.backoffice.guard import DataSession

ENDED, KEPT = "filling ended", "filling"
NONE: Mapping[str, Filling] = MappingProxyType({})


def under_way(session: DataSession) -> Mapping[str, Filling]:
    """What is being worked out, by entity. Every such work begins with a version, so without any at the version's reading no query is asked, and
    otherwise one a session."""
    catalog = session.catalog
    if not catalog.filling or ENDED in catalog.memory:
        return NONE
    known: Mapping[str, Filling] | None = session.info.get(KEPT)
    if known is not None:
        return known
    found = session.info[KEPT] = {one.entity: one for one in fillings(session.kernel(WAITING)) if one.entity in catalog.entities}
    if not found:
        catalog.memory[ENDED] = True
    return found
