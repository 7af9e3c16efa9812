"""Letters of the product: composed when they are sent, in the language and by the rights of the person they go to; the worker sends them from the outbox."""

from flask import Flask

from crm.letters import access_review, emergency, links, notices, quote_link, reports
from crm.letters.sending import delivers
from crm.organization.emergency import TOPIC as EMERGENCY
from crm.organization.invitations import TOPIC as LINKS
from crm.rights.reviews.telling import TOPIC as ACCESS_REVIEW


def init_app(app: Flask) -> None:
    """Lets the outbox deliver all of them through this application."""
    delivers(app, LINKS, links.send)
    delivers(app, quote_link.TOPIC, quote_link.send)
    delivers(app, notices.TOPIC, notices.send)
    delivers(app, EMERGENCY, emergency.send)
    delivers(app, ACCESS_REVIEW, access_review.send)
    delivers(app, reports.TOPIC, reports.send)
