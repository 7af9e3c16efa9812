"""The web server: granian with WSGI workers, run as `python -m crm.serving.web` under the parent of `flask serve`."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from config import BadSetting, Settings, from_environment
from crm.serving.processes import end_with_parent

THREADS = 4


def serve(settings: Settings) -> None:
    """Serves until it is told to stop. A worker that dies is started again; requests in flight end first."""
    Granian(
        "crm.serving.wsgi:app", address=settings.host, port=settings.port, interface=Interfaces.WSGI, workers=settings.workers, blocking_threads=THREADS,
        respawn_failed_workers=True, workers_kill_timeout=5, log_level=LogLevels.warning, backlog=1024, websockets=False,
    ).serve()


if __name__ == "__main__":
    end_with_parent()
    try:
        serve(from_environment())
    except BadSetting as wrong:
        sys.exit(str(wrong))
