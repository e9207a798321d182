"""A private PostgreSQL server for the tests: its own folder, its own socket, its own process."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

OLDEST_VERSION = 15
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server, reached only through the socket in its folder."""

    folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, as CREATE DATABASE asks."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is dropped at the end, whoever still holds it open."""
        name = f"quiz_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL server programs here, None where none can be used."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    versions = {_version(folder): folder for folder in folders if (folder / "initdb").exists()}
    newest = max(versions, default=0)
    return versions[newest] if newest >= OLDEST_VERSION else None


@contextmanager
def run_cluster(programs: Path) -> Iterator[Cluster]:
    """A new server that keeps its promises (fsync on), stopped and removed at the end.

    PostgreSQL refuses to run as root, so root starts it as `postgres`, or as `nobody`.
    """
    account = _account()
    # Not pytest's own folder: only root may enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="quiz-pg-", dir="/tmp"))
    if account is not None:
        os.chown(folder, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
    try:
        _initialise(programs, folder, account)
        with _running(programs, folder, account):
            yield Cluster(folder)
    finally:
        shutil.rmtree(folder)


def _version(folder: Path) -> int:
    answer = subprocess.run(
        [folder / "initdb", "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"\d+", answer.stdout)
    return int(found.group()) if found else 0


def _account() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _initialise(programs: Path, folder: Path, account: str | None) -> None:
    subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={folder / 'data'}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ],
        cwd=folder,
        user=account,
        group=_group(account),
        extra_groups=None if account is None else [],
        check=True,
        capture_output=True,
    )


@contextmanager
def _running(programs: Path, folder: Path, account: str | None) -> Iterator[None]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": "200",
        "fsync": "on",
        "synchronous_commit": "on",
        # An answer that depends on the server's own zone is a bug that UTC would hide.
        "timezone": "Asia/Ho_Chi_Minh",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            cwd=folder,
            user=account,
            group=_group(account),
            extra_groups=None if account is None else [],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(programs, folder, server)
            yield
        finally:
            # SIGINT is PostgreSQL's fast shutdown: open sessions end, nothing is lost.
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)


def _group(account: str | None) -> int | None:
    return None if account is None else pwd.getpwnam(account).pw_gid


def _wait_until_ready(programs: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False)
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
