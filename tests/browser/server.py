"""An application that answers a real browser for as long as a test lasts."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator


def finished(app: Any) -> Callable[..., Iterable[bytes]]:
    """`app`, whose answers are closed also where the browser has gone before their end: werkzeug's server leaves their files open then."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with closing(ClosingIterator(app(environ, start_response))) as body:
            yield from body

    return answer


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address at which `app` answers."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, finished(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
