"""The screens: views of every entity of the catalog on Flask-Admin's routing, the pages beside them, and what each page knows."""

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme
from flask_login import current_user

from crm.admin_views import deal_state, deal_team
from crm.admin_views import (
    board, calendar_feed, competitors, deals, duties, emergency, employment, interactions, segment_choice, segments, sign_in_of_others, timer,
)
from crm.admin_views.access_reviews import views as access_reviews
from crm.admin_views.calendar import CalendarView
from crm.admin_views.configuration import check_views, condition_views, counter_views, draft_views, field_views, layout_reset, layout_views, list_views
from crm.admin_views.configuration import asking_views, number_views, package_views, stage_views, use_views, version_views, works
from crm.admin_views.configuration import leads as configuration_leads, views as configuration_views
from crm.admin_views.dashboard.views import DashboardView
from crm.admin_views.duplicates import DuplicatesView
from crm.admin_views.home import HomeView
from crm.admin_views.imports import figures, past_views, row_views, views as import_views
from crm.admin_views.journal import JournalView
from crm.admin_views.kit import context, made_view
from crm.admin_views.kit.menu import Menu, menu as rail
from crm.admin_views.kit.view import EntityView
from crm.admin_views.notices import NoticesView
from crm.admin_views.quality import QualityView
from crm.admin_views.quotes import comparison, deeds as quote_deeds, link as quote_link, offer, panel as quote_panel, sheet
from crm.admin_views.rates import RatesView
from crm.admin_views import report_alerts, report_schedules
from crm.admin_views.report_builder import ReportBuilderView
from crm.admin_views.reports import ReportsView
from crm.admin_views.rights import leads as rights_leads, views as rights_views, watching
from crm.backoffice.catalog import product

# What areas add to the derived screens is registered when they are imported.
AREAS = (configuration_leads, competitors, deals, employment, interactions, rights_leads, segments)


def init_app(app: Flask) -> None:
    """Register the screens of every entity of the product, and those of whatever administrators make."""
    admin = Admin(app, name="Brama", url="/", index_view=HomeView(), theme=Theme(folder="brama", base_template="admin/base.html"), static_url_path="/none")
    for entity in product().values():
        admin.add_view(EntityView(entity))
    made_view.init_app(app)
    admin.add_view(made_view.MadeView())
    admin.add_view(ReportsView())
    admin.add_view(ReportBuilderView())
    admin.add_view(DashboardView())
    admin.add_view(NoticesView())
    admin.add_view(JournalView())
    admin.add_view(DuplicatesView())
    admin.add_view(CalendarView())
    admin.add_view(RatesView())
    admin.add_view(QualityView())
    app.register_blueprint(board.pages)
    app.register_blueprint(import_views.pages)
    app.register_blueprint(row_views.pages)
    app.register_blueprint(figures.pages)
    app.register_blueprint(past_views.pages)
    app.register_blueprint(rights_views.pages)
    app.register_blueprint(configuration_views.pages)
    app.register_blueprint(draft_views.pages)
    app.register_blueprint(use_views.pages)
    app.register_blueprint(layout_views.pages)
    app.register_blueprint(layout_reset.pages)
    app.register_blueprint(field_views.pages)
    app.register_blueprint(check_views.pages)
    app.register_blueprint(list_views.pages)
    app.register_blueprint(stage_views.pages)
    app.register_blueprint(asking_views.pages)
    app.register_blueprint(number_views.pages)
    app.register_blueprint(counter_views.pages)
    app.register_blueprint(condition_views.pages)
    app.register_blueprint(version_views.pages)
    app.register_blueprint(works.pages)
    app.register_blueprint(package_views.pages)
    app.register_blueprint(sign_in_of_others.pages)
    app.register_blueprint(duties.pages)
    app.register_blueprint(emergency.pages)
    app.register_blueprint(access_reviews.pages)
    app.register_blueprint(timer.pages)
    app.register_blueprint(employment.pages)
    app.register_blueprint(calendar_feed.pages)
    app.register_blueprint(segments.pages)
    app.register_blueprint(report_schedules.pages)
    app.register_blueprint(report_alerts.pages)
    app.register_blueprint(deal_state.pages)
    app.register_blueprint(deal_team.pages)
    app.register_blueprint(quote_panel.pages)
    app.register_blueprint(quote_deeds.pages)
    app.register_blueprint(sheet.pages)
    app.register_blueprint(quote_link.pages)
    app.register_blueprint(offer.pages)
    app.register_blueprint(comparison.pages)
    app.register_blueprint(segment_choice.pages)
    watching.init_app(app)
    emergency.init_app(app)
    app.context_processor(lambda: {"menu": menu, "letterhead": letterhead})


def menu() -> Menu | None:
    """The rail of the person who asks."""
    return rail(context.access(), context.catalog(), context.reader().language) if current_user.is_authenticated else None


def letterhead() -> str:
    """What stands above a printed page: the company, the product's name where it has none."""
    return context.catalog().company.name or "Brama"
