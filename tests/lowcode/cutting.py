"""A process that ends at a statement, as if it were killed there."""

import gc
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event


class Cut(BaseException):
    """The process is gone: nothing of it catches this."""


def cut(engine: Engine, at: int, work: Callable[[], object]) -> bool:
    """Whether `work` was cut off at the statement number `at`; False when it ended before."""
    met = 0

    def count(*_: Any) -> None:
        nonlocal met
        met += 1
        if met == at:
            raise Cut

    event.listen(engine, "before_cursor_execute", count)
    try:
        work()
    except Cut:
        pass
    else:
        return False
    finally:
        event.remove(engine, "before_cursor_execute", count)
    gc.collect(1)  # a process that is gone holds no statement, and so no lock on the database; the frames of this one would
    return True
