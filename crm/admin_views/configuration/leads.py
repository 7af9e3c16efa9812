"""What the menus of pipelines and stages offer to whoever configures their records."""

from urllib.parse import urlencode

from crm.admin_views.kit import context
from crm.admin_views.kit.leads import Lead, leads_from
from crm.backoffice.guard import UserSession
from crm.messages import m


@leads_from("pipeline")
@leads_from("stage")
def of_a_pipeline(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """Its stages on one screen."""
    rows = session.catalog.configured
    known = rows[entity].get(record_id)
    pipeline = rows["pipeline"].get(known.parent_id or 0) if known is not None and entity == "stage" else known
    if pipeline is None or not context.access().configures(str(pipeline.values["entity"])):
        return []
    return [Lead(m("Arrange the stages"), f"/configuration/stages-of/?{urlencode({'key': pipeline.code})}", "stairs")]
