"""Reading the files of strangers: limits before parsing, and a bounded child process around it.

A file is measured before it is opened (:func:`check_size`), and what parses an upload runs in a
fresh interpreter under limits of memory, processor and wall-clock time (:func:`run_bounded`). The
child is started, never forked: a fork of a threaded server may hold a lock for ever, and would
hand the parser the server's memory and secrets.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import resource
import signal
import subprocess
import sys
import traceback
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple, cast

from quizengine.core.banks import Bank
from quizengine.errors import InvalidFile, InvalidInput, Param, Place, Problem, QuizError, TooLarge

MEGABYTE = 1_000_000
MAX_PACKED = 10 * MEGABYTE
MAX_UNPACKED = 100 * MEGABYTE
MAX_RATIO = 100
MAX_ENTRIES = 1_000

Value = TypeVar("Value")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class ReadBank:
    """A bank as it was read, the name of its format, and every problem in file order."""

    bank: Bank
    format: str
    problems: tuple[Problem, ...] = ()
    places: tuple[Mapping[str, Place], ...] = ()
    """Of each question where its parts stand; ``question`` is where it begins."""


def refused(code: str, place: Place | None = None, **params: Param) -> InvalidFile:
    """Return the error of a file that cannot be read at all, with its one problem."""
    return InvalidFile(code, [Problem("error", code, place or Place("file"), params)], **params)


def too_large(code: str, place: Place | None = None, **params: Param) -> TooLarge:
    """Return the error of a file over a limit, with its one problem."""
    return TooLarge(code, [Problem("error", code, place or Place("file"), params)], **params)


def check_size(data: bytes) -> None:
    """Raise ``TooLarge`` for a file over the limits, packed or, if it is a zip, unpacked.

    The sizes that a zip declares are binding: :func:`opened_zip` and what reads through it stop
    at the declared size of a member and refuse one that holds something else.
    """
    if len(data) > MAX_PACKED:
        raise too_large("file.too_large", megabytes=MAX_PACKED // MEGABYTE)
    if not is_zip(data):
        return
    with opened_zip(data) as archive:
        members = archive.infolist()
    if len(members) > MAX_ENTRIES:
        raise too_large("file.too_many_entries", entries=len(members), limit=MAX_ENTRIES)
    unpacked = sum(member.file_size for member in members)
    if unpacked > min(MAX_UNPACKED, max(len(data), 10_000) * MAX_RATIO):
        raise too_large("file.unpacks_too_large", megabytes=math.ceil(unpacked / MEGABYTE))


def is_zip(data: bytes) -> bool:
    """Return whether the bytes begin as a zip does; the parts of Office files come in one."""
    return data.startswith(b"PK\x03\x04")


@contextmanager
def opened_zip(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Yield the archive; whatever is damaged, encrypted or unknown in it is ``InvalidFile``."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        LookupError,
        ValueError,
        OSError,
    ) as error:
        raise refused("file.damaged") from error


def member_names(data: bytes) -> frozenset[str]:
    """Return the names inside a zip, empty for anything that is not a readable zip."""
    if not is_zip(data):
        return frozenset()
    try:
        with opened_zip(data) as archive:
            return frozenset(archive.namelist())
    except InvalidFile:
        return frozenset()


def decoded(data: bytes) -> str:
    """Return the text of UTF-8 (with or without BOM) or UTF-16 (with BOM) bytes, in NFC."""
    return unicodedata.normalize("NFC", decoded_as_written(data))


def decoded_as_written(data: bytes) -> str:
    """Return the text of bytes as :func:`decoded` does, its letters and marks not yet composed.

    For a format with escapes: composing ``\\n`` and a mark after it would make another escape.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refused("file.encoding_unknown", Place("line", str(line))) from error
    if "\0" in text:
        raise refused("file.unknown")
    return text


def run_bounded(
    function: Callable[[*Arguments], Value],
    *args: *Arguments,
    seconds: float = 20,
    megabytes: int = 300,
) -> Value:
    """Return ``function(*args)`` computed in a child process under limits.

    The function must be importable by name, its arguments and value picklable. A ``QuizError``
    raised in the child is raised here with its problems. Running out of time, of memory, or
    dying is ``InvalidFile`` with the code ``file.too_slow``, ``file.too_big_to_read`` or
    ``file.crashed``; what the child wrote about itself is the cause of the error.
    """
    request = b"".join(pickle.dumps(part) for part in (sys.path, (seconds, megabytes)))
    request += pickle.dumps((function, args))
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", _CHILD],
            input=request,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=_child_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise refused("file.too_slow", seconds=math.ceil(seconds)) from error
    if done.returncode != 0:
        raise _death(done.returncode, done.stderr, seconds, megabytes)
    outcome, *content = pickle.loads(done.stdout)
    if outcome == "value":
        return cast(Value, content[0])
    if outcome == "memory":
        raise refused("file.too_big_to_read", megabytes=megabytes)
    if outcome == "error":
        raise _rebuilt(*content)
    raise refused("file.crashed") from RuntimeError(content[0])


# The search path goes first, because an isolated interpreter (-I) has only its own: whoever can
# write to the working folder must not be able to put a module in front of ours.
_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from quizengine.formats.reading import answer_parent; answer_parent()"
)


def _child_environment() -> dict[str, str]:
    """Return the few variables the child needs: no database address, no secret."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TZ") if name in os.environ}
    # Each OpenBLAS thread reserves tens of megabytes of the address space that is limited.
    return kept | {"OPENBLAS_NUM_THREADS": "1"}


def _death(code: int, stderr: bytes, seconds: float, megabytes: int) -> InvalidFile:
    if code == -signal.SIGXCPU:
        error = refused("file.too_slow", seconds=math.ceil(seconds))
    elif code == -signal.SIGKILL or b"memory allocation" in stderr or b"MemoryError" in stderr:
        error = refused("file.too_big_to_read", megabytes=megabytes)
    else:
        error = refused("file.crashed")
    error.__cause__ = RuntimeError(f"exit {code}: {stderr[-2000:].decode(errors='replace')}")
    return error


def _rebuilt(
    kind: type[QuizError], code: str, params: Mapping[str, Param], problems: tuple[Problem, ...]
) -> QuizError:
    if issubclass(kind, InvalidInput):
        return kind(code, problems, **params)
    return kind(code, **params)


def answer_parent() -> None:
    """Run the call that comes in on standard input and write its outcome to standard output."""
    reply_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not mix with the reply
    seconds, megabytes = pickle.load(sys.stdin.buffer)
    _limit(math.ceil(seconds), megabytes * MEGABYTE)
    outcome = _outcome()
    with reply_to:
        pickle.dump(outcome, reply_to)


def _limit(seconds: int, memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _outcome() -> tuple[object, ...]:
    try:
        function, args = pickle.load(sys.stdin.buffer)
        return ("value", function(*args))
    except MemoryError:
        return ("memory",)
    except QuizError as error:
        return ("error", type(error), error.code, error.params, getattr(error, "problems", ()))
    except Exception:
        return ("crash", traceback.format_exc(limit=-10))
