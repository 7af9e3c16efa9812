"""The application as the web server's workers load it: each ends when the server that made it is gone."""

from app import app
from crm.serving.processes import end_with_parent

end_with_parent()

__all__ = ["app"]
