"""Home: the dashboard of this person. Beside it the global search and undo."""

from datetime import datetime

from flask import jsonify, make_response
from flask.wrappers import Response
from flask_admin import AdminIndexView
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.dashboard.panels import shown
from crm.admin_views.gate import PagesForSignedIn
from crm.admin_views.kit import context, finding, recycle, undoing
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.routing import route
from crm.admin_views.kit.viewing import favourites
from crm.backoffice.views.shelf import all_views
from crm.messages import Message, m


class HomeView(PagesForSignedIn, AdminIndexView):  # type: ignore[misc]  # Flask-Admin is not typed
    """The pages that belong to no entity."""

    def __init__(self) -> None:
        super().__init__(name="Brama", endpoint="home", url="/")
        # The library's own scripts and styles are not served.
        self.static_folder = None

    @route("/")
    def index(self) -> str:
        board = shown(context.session())
        return str(self.render("admin/index.html", greeting=say(_greeting()), board=board))

    @route("/search")
    def search(self) -> Response:
        return finding.answer()

    @route("/views/starred")
    def starred(self) -> Response:
        """The views that this person has starred, as the rail shows them."""
        session = context.session()
        return jsonify(favourites(session, (view for view in all_views(session) if view.starred)))

    @route("/recycle/")
    def recycle(self) -> Response:
        return make_response(recycle.show(self))

    @route("/undo/<batch>", "POST")
    def undo(self, batch: str) -> BaseResponse:
        return undoing.take_back(batch)


def _greeting() -> Message:
    # People are greeted by their first name; a name written in one word is that name.
    return greeting(datetime.now(context.reader().zone).hour, getattr(current_user, "first_name", None) or current_user.name)


def greeting(hour: int, name: str) -> Message:
    """How a person is greeted at this hour of his own zone."""
    if 5 <= hour < 12:
        return m("Good morning, %(name)s", name=name)
    if 12 <= hour < 18:
        return m("Good afternoon, %(name)s", name=name)
    if 18 <= hour < 23:
        return m("Good evening, %(name)s", name=name)
    return m("Hello, %(name)s", name=name)  # wishing a good night is how one takes leave
