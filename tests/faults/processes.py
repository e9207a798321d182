"""Processes and threads of a test, all let go at once.

The processes are forked from a clean server: a fork of pytest would copy locks of its threads.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

T = TypeVar("T")

FORKED = multiprocessing.get_context("forkserver")
# Imported once by the server, so that a process starts in milliseconds, as gunicorn's workers do.
FORKED.set_forkserver_preload(["tests.faults.savers"])

WAIT_SECONDS = 60
_gate: Barrier | None = None


def in_threads(
    calls: Sequence[Callable[[], T]], opening: Callable[[], Any] | None = None
) -> list[T]:
    """Run each call in a thread of its own, all let go at once; return what they return, in order.

    ``opening`` is called once, when every thread is ready.
    """
    barrier = threading.Barrier(len(calls), action=opening, timeout=WAIT_SECONDS)

    def wait_and_call(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def in_processes(function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
    """Run a function in as many processes as there are arguments; return what they return."""
    gate = FORKED.Barrier(len(arguments))
    with ProcessPoolExecutor(
        len(arguments), mp_context=FORKED, initializer=_keep, initargs=(gate,)
    ) as pool:
        return list(pool.map(function, *zip(*arguments, strict=True)))


def meet() -> None:
    """Wait inside ``in_processes`` until every process of it has come as far."""
    assert _gate is not None
    _gate.wait(WAIT_SECONDS)


def _keep(gate: Barrier) -> None:
    global _gate
    _gate = gate
