"""The index of every mapped class, by area: importing this module completes the product's registry."""

from crm.backoffice import configuration, journal, outbox
from crm.contacts import models as contacts
from crm.organization import models as organization, sign_in_models
from crm.sales import models as sales

__all__ = ["configuration", "contacts", "journal", "organization", "outbox", "sales", "sign_in_models"]
