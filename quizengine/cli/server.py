"""Commands that run things: the web server, the sweeper, migrations."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import click

from quizengine.cli.database import opened_engine, own_engine, require_schema
from quizengine.cli.output import tell

REQUEST_SECONDS = 90
DRAIN_SECONDS = 30
PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Processes; one a core is a start.",
)
@click.option(
    "--threads",
    default=8,
    show_default=True,
    type=click.IntRange(min=1),
    help="Threads in each process.",
)
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the reference deployment with gunicorn."""
    check_settings()
    with own_engine() as engine:
        require_schema(engine)
    run_server({"bind": f"{host}:{port}", "workers": workers, "threads": threads})


@click.command()
@click.option("--once", is_flag=True, help="Sweep once and end, for hosts that have only cron.")
def upkeep(once: bool) -> None:
    """Close what is due every few seconds, until it is told to stop."""
    from quizengine.scheduler import start_upkeep, sweep_once

    with opened_engine() as engine:
        if once:
            swept = sweep_once(engine)
            tell(f"closed {swept.expired} attempts" if swept else "another process is sweeping")
            return
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        scheduler = start_upkeep(engine)
        stopped.wait()
        scheduler.shutdown()


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the present schema; tables a host created are adopted."""
    from quizengine.store.schema import upgrade as upgrade_schema

    with opened_engine() as engine:
        tell(f"schema at {upgrade_schema(engine)}")


def check_settings() -> None:
    """End with a sentence when the environment holds a setting that the deployment cannot use."""
    from quizengine.web.app import environment_settings
    from quizengine.web.extension import DEFAULTS, check_config

    try:
        settings = environment_settings(os.environ)
    except ValueError as error:
        raise click.UsageError(f"A setting in the environment is no number: {error}") from error
    try:
        check_config({**DEFAULTS, **settings})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def run_server(settings: dict[str, Any]) -> None:
    """Run gunicorn with its threaded workers until it is told to stop."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        """Gunicorn with the settings of the command, none of its own command line."""

        def load_config(self) -> None:
            """Set what the command says."""
            for name, value in settings.items():
                self.cfg.set(name, value)
            self.cfg.set("worker_class", "gthread")
            self.cfg.set("control_socket_disable", True)
            self.cfg.set("timeout", REQUEST_SECONDS)
            self.cfg.set("graceful_timeout", DRAIN_SECONDS)

        def load(self) -> object:
            """Return the application."""
            from quizengine.web.app import create_app

            return create_app()

    Server().run()
