"""EntityView: every entity's screens on Flask-Admin's routing. What a screen does stands in the modules beside; nothing of a
reader is kept on the view, which all threads share: the entity, its rights and columns are asked anew in every request."""

from typing import Any, NoReturn

from flask_admin.contrib.sqla import ModelView
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import ask_to_sign_in
from crm.admin_views.kit import (
    alike, bulk, cell_edit, checklist_view, context, details, explain_view, exporting, file_view, forms, journal_view, listing, lookup, merging, paste,
    personal_view, seen_view, timeline, totals, unread_view, view_keeping,
)
from crm.admin_views.kit.routing import route
from crm.backoffice.entities import Entity
from crm.errors import Forbidden, NotFound
from crm.extensions import db

# An id that no row can have is a page that does not exist, on both databases alike.
RECORD = "/<int(min=1, max=2147483647):record_id>/"


class EntityView(ModelView):  # type: ignore[misc]  # Flask-Admin is not typed
    """The screens of one entity of the catalog, at `/<entity key>/`."""

    column_display_actions = False
    can_set_page_size = False
    list_template = "admin/model/list.html"

    def __init__(self, entity: Entity) -> None:
        self._key = entity.key
        self._of(entity.cls, entity.label.en, entity.key, f"/{entity.key}")

    def _of(self, cls: type[Any] | None, name: str, endpoint: str, url: str) -> None:
        super().__init__(cls, db, name=name, endpoint=endpoint, url=url)

    @property
    def key(self) -> str:
        """The entity whose screens are asked for."""
        return self._key

    @property
    def entity(self) -> Entity:
        """The description in force, with the fields made in the browser."""
        return context.catalog().entity(self.key)

    # --- who comes in --------------------------------------------------------------------------------------------

    def is_accessible(self) -> bool:
        return bool(current_user.is_authenticated) and context.session().sight.may(self.key, "read")

    def inaccessible_callback(self, name: str, **kwargs: Any) -> BaseResponse:
        if not current_user.is_authenticated:
            return ask_to_sign_in()
        raise Forbidden()

    def missing(self) -> NoReturn:
        raise NotFound()

    # --- the list ------------------------------------------------------------------------------------------------

    @route("/")
    def index_view(self) -> BaseResponse:
        return listing.show(self)

    @route("/count")
    def count_view(self) -> str:
        return totals.show(self)

    @route("/rows")
    def rows_view(self) -> BaseResponse:
        return listing.rows(self)

    @route("/filters")
    def filters_view(self) -> BaseResponse:
        return listing.filter_description(self)

    @route("/columns", "GET", "POST")
    def columns_view(self) -> BaseResponse:
        return listing.columns_choice(self)

    @route("/read", "POST")
    def all_read(self) -> BaseResponse:
        return unread_view.all_read(self)

    @route("/views", "POST")
    def keep_view(self) -> BaseResponse:
        return view_keeping.keep(self)

    @route("/views/<kept>", "POST")
    def change_view(self, kept: str) -> BaseResponse:
        return view_keeping.change(self, kept)

    @route("/views/<kept>/remove", "POST")
    def remove_view(self, kept: str) -> BaseResponse:
        return view_keeping.remove(self, kept)

    @route("/views/<kept>/share", "GET", "POST")
    def share_view(self, kept: str) -> BaseResponse:
        return view_keeping.share(self, kept)

    @route("/export")
    def export(self) -> BaseResponse:
        return exporting.answer(self)

    @route("/bulk", "GET", "POST")
    def action_view(self) -> BaseResponse:
        return bulk.answer(self)

    @route("/remove", "POST")
    def delete_view(self) -> BaseResponse:
        return bulk.remove(self)

    @route("/paste", "POST")
    def paste_view(self) -> BaseResponse:
        return paste.answer(self)

    @route("/fill", "POST")
    def fill_view(self) -> BaseResponse:
        return bulk.fill(self)

    @route("/alike", "POST")
    def alike_view(self) -> BaseResponse:
        return alike.answer(self)

    @route("/merge", "GET", "POST")
    def merge_view(self) -> BaseResponse:
        return merging.answer(self)

    @route("/lookup")
    def ajax_lookup(self) -> BaseResponse:
        return lookup.answer(self)

    # --- one record ----------------------------------------------------------------------------------------------

    @route("/new/", "GET", "POST")
    def create_view(self) -> BaseResponse:
        return forms.new(self)

    @route("/rules", "POST")
    def rules_view(self) -> BaseResponse:
        return forms.rules(self)

    @route(RECORD)
    def details_view(self, record_id: int) -> BaseResponse:
        return details.show(self, record_id)

    @route(RECORD + "edit/", "GET", "POST")
    def edit_view(self, record_id: int) -> BaseResponse:
        return forms.edit(self, record_id)

    @route(RECORD + "journal")
    def journal(self, record_id: int) -> BaseResponse:
        return journal_view.show(self, record_id)

    @route(RECORD + "personal")
    def personal(self, record_id: int) -> BaseResponse:
        return personal_view.show(self, record_id)

    @route(RECORD + "erase", "POST")
    def erase(self, record_id: int) -> BaseResponse:
        return personal_view.erase(self, record_id)

    @route(RECORD + "seen")
    def seen_by(self, record_id: int) -> BaseResponse:
        return seen_view.show(self, record_id)

    @route(RECORD + "timeline")
    def timeline_view(self, record_id: int) -> BaseResponse:
        return timeline.show(self, record_id)

    @route(RECORD + "explain")
    def explain(self, record_id: int) -> BaseResponse:
        return explain_view.show(self, record_id)

    @route(RECORD + "cell/<field>", "GET", "POST")
    def ajax_update(self, record_id: int, field: str) -> BaseResponse:
        return cell_edit.answer(self, record_id, field)

    @route(RECORD + "file/<field>")
    def file_view(self, record_id: int, field: str) -> BaseResponse:
        return file_view.answer(self, record_id, field)

    @route(RECORD + "checklist", "POST")
    def checklist_view(self, record_id: int) -> BaseResponse:
        return checklist_view.answer(self, record_id)

    @route(RECORD + "restore", "POST")
    def restore_view(self, record_id: int) -> BaseResponse:
        return bulk.restore(self, record_id)

    # --- what of the library stays shut --------------------------------------------------------------------------

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # The library answers any TypeError by calling the view once more, which hides the fault.
        return fn(self, *args, **kwargs)

    def _refresh_cache(self) -> None:
        """Nothing is computed at start: columns, forms and filters are a reader's, and the view is everybody's."""

    def init_actions(self) -> None:
        self._actions: list[Any] = []
        self._actions_data: dict[str, Any] = {}

    def scaffold_auto_joins(self) -> list[Any]:
        return []

    def scaffold_pk(self) -> str:
        return "id"

    def render(self, template: str, **kwargs: Any) -> str:
        """The page, with what every page of an entity knows."""
        return str(super().render(template, view=self, **{"entity": self.entity, **kwargs}))
