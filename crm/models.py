"""The index of every mapped class and of the rules over them, by area: importing this module completes the product's registry."""

from crm.backoffice import checklists, configuration, daily, jobs, journal, lost_files, merging, notices, outbox, recomputing, resting, seen
from crm.backoffice.custom import dropping, models as custom
from crm.backoffice.exchange import batches as imports, row_log, sources as import_sources, uploads
from crm.backoffice.likeness import evidence, index as likeness, search as duplicates
from crm.backoffice.kept_reports import models as kept_reports
from crm.backoffice.lowcode import copying, drafts as config_drafts, edits, switching
from crm.backoffice.quality import snapshots as quality
from crm.backoffice.seals import block as seals
from crm.backoffice.views import models as views
from crm.contacts import cards, imports as contacts_imports, models as contacts, rules as contacts_rules
from crm.contacts.interactions import models as interactions, rules as interactions_rules, timeline as interactions_timeline
from crm.contacts.segments import counting as segments_counting, models as segments, rules as segments_rules, timeline as segments_timeline
from crm.organization import access_review_models, calendar, calendar_links, duties, emergency_rules, imports as organization_imports
from crm.organization import models as organization, personal
from crm.organization import rules as organization_rules, second_factor_models, sign_in_models, timers
from crm.organization.rates import models as rates, rules as rates_rules
from crm.sales.forecast import odds as forecast_odds, rules as forecast_rules
from crm.sales import imports as sales_imports, models as sales, rules as sales_rules, timeline as sales_timeline

__all__ = [
    "access_review_models", "calendar", "calendar_links", "cards", "checklists", "config_drafts", "configuration", "contacts", "contacts_imports",
    "contacts_rules", "copying", "custom", "daily", "dropping", "duplicates", "duties", "edits", "emergency_rules", "evidence", "forecast_odds",
    "forecast_rules", "import_sources", "imports", "interactions", "interactions_rules", "interactions_timeline", "jobs", "journal", "kept_reports",
    "likeness", "lost_files", "merging", "notices", "organization", "organization_imports", "organization_rules", "outbox", "personal", "quality",
    "rates", "rates_rules", "recomputing", "resting", "row_log", "sales", "sales_imports", "sales_rules", "sales_timeline", "seals",
    "second_factor_models", "seen", "segments", "segments_counting", "segments_rules", "segments_timeline", "sign_in_models", "switching", "timers",
    "uploads", "views",
]
