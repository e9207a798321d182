"""The sweeper process: APScheduler with its jobs in memory, calling one idempotent sweep.

A stored job would be run by every process that shares the store (APScheduler's documentation says
not to share it); here a second process only waits for the lease. No result depends on this process:
pages and publication close by themselves what is due.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from quizengine.core.clock import utc_now
from quizengine.services.transaction import transaction
from quizengine.services.upkeep import Swept, sweep_in_turn

SWEEP_SECONDS = 10


def holder_name() -> str:
    """Return the name of this process among those that may hold the lease."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


def sweep_once(engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> Swept | None:
    """Sweep in a session of its own; None while another process holds the lease."""
    with Session(engine) as session, transaction(session):
        return sweep_in_turn(session, holder=holder_name(), now=clock())


def start_upkeep(engine: Engine, *, seconds: int = SWEEP_SECONDS) -> BackgroundScheduler:
    """Start sweeping every ``seconds`` in a thread; return the scheduler, to be shut down."""
    scheduler = BackgroundScheduler(timezone="UTC")
    # A sweep that could not run at its second runs as soon as it can, once, however many it missed.
    scheduler.add_job(
        sweep_once,
        "interval",
        [engine],
        seconds=seconds,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler
