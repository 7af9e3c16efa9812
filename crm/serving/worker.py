"""The job worker: delivers the outbox and hands out jobs every second, every minute seals the journal and asks for the work of the day, and runs
jobs in threads of its own."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask

from crm import alerting, watching
from crm.backoffice import outbox, recomputing
from crm.backoffice.daily import ask_for_today
from crm.backoffice.lowcode import switching
from crm.backoffice.job_queue import dispatch, execute, make_queue
from crm.backoffice.seals import sealing
from crm.backoffice.seals.block import Keeper
from crm.letters import reports as report_letters
from crm.runtime import Runtime

log = structlog.get_logger("brama.worker")
THREADS = 2
ROUND = 1.0
SEALING = 60.0  # seconds between two looks at what of the journal can be sealed, and at the work of the day


def work(app: Flask) -> None:
    """Works until SIGTERM or SIGINT. A job that is cut off is taken up again by the next worker."""
    runtime: Runtime = app.extensions["brama"]
    queue = make_queue(runtime.settings)

    @queue.task(name="job")  # type: ignore[untyped-decorator]  # huey has no types
    def run(job_id: int) -> None:
        with app.app_context():
            execute(runtime.engine, runtime.settings, runtime.refresh(), job_id)

    over = threading.Event()
    threading.Thread(target=rounds, args=(app, run, over), name="outbox", daemon=True).start()
    try:
        queue.create_consumer(workers=THREADS, periodic=False, worker_type="thread", max_delay=1.0, check_worker_health=True).run()
    finally:
        over.set()


def rounds(app: Flask, hand: Callable[[int], Any], over: threading.Event) -> None:
    runtime: Runtime = app.extensions["brama"]
    keeper = Keeper.of(runtime.settings.instance, runtime.settings.secret_key)
    sealed = 0.0
    while not over.wait(ROUND):
        try:
            with app.app_context():
                dispatch(runtime.engine, hand)
                outbox.deliver(runtime.engine)
                if time.monotonic() - sealed > SEALING:
                    sealed = time.monotonic()
                    sealing.seal(runtime.engine, keeper)
                    ask_for_today(runtime.engine, runtime.refresh())
                    watching.ask(runtime.engine, runtime.refresh())
                    alerting.ask(runtime.engine, runtime.refresh())
                    report_letters.ask(runtime.engine, runtime.refresh())
                    recomputing.ask(runtime.engine, runtime.refresh())
                    switching.ask(runtime.engine, runtime.refresh())
        except Exception as fault:
            # A locked or restarting database is no reason to stop working.
            log.error("round failed", error=str(fault), exc_info=fault)
            over.wait(5.0)
