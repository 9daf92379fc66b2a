"""Numbered generations of a directory: readers keep the one they opened, a writer makes the next one and switches.

    <collection>/lock        held by the one writer
    <collection>/CURRENT     name of the generation to read, replaced in one step
    <collection>/g7/         a generation; readers hold a shared lock on its file `in-use`
    <collection>/part/       what a writer is making, or left behind in a crash

Nothing that a reader has open is ever written to, and a crash leaves the old generation in force. POSIX locks: on other
systems use a Qdrant server.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from yingzhi.clinical.errors import ToolError

CURRENT = "CURRENT"
PART = "part"
JOB = "job.json"
WAIT = 10.0
"""Seconds a writer waits for another one to finish."""


def current(home: Path) -> str | None:
    """Name of the generation in force; None where nothing was published yet."""
    try:
        return (home / CURRENT).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def hold(home: Path) -> tuple[Path, int]:
    """The generation in force and the descriptor of a shared lock on it, which the caller closes when done reading.

    Raises:
        ToolError: Nothing was published here.
    """
    for _ in range(5):
        name = current(home)
        if name is None:
            break
        with contextlib.suppress(FileNotFoundError):  # deleted between the two steps: another one is in force by now
            lock = os.open(home / name / "in-use", os.O_RDONLY)
            if shared(lock) and (home / name / "in-use").exists():
                return home / name, lock
            os.close(lock)
    raise ToolError(f"collection: there is none named {home.name}")


def shared(lock: int) -> bool:
    """Take a shared lock if nobody is about to delete the file."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def writing(home: Path, job: str = "") -> Iterator[tuple[Path, bool]]:
    """A directory to make the next generation in, and whether it is what the same job left behind; else a copy of the one in force.

    On leaving without an exception the caller has either filled it, and it is published, or deleted it. After an exception
    it stays for the same job to go on with, or goes if the job has no name.

    Raises:
        ToolError: Another process is writing.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("ab") as lock:
        wait_for(lock, home.name)
        part, name = home / PART, current(home)
        resumed = prepare(part, home / name if name else None, job)
        try:
            yield part, resumed
        except BaseException:
            if not job:
                shutil.rmtree(part, ignore_errors=True)
            raise
        if part.exists():
            publish(home, part, name)


def wait_for(lock: IO[bytes], collection: str) -> None:
    """Take the writer's lock."""
    until = time.monotonic() + WAIT
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ToolError(f"collection: {collection} is being written by another process; try again when it is done") from None
            time.sleep(0.05)


def prepare(part: Path, base: Path | None, job: str) -> bool:
    """Leave `part` as the same job left it if its base is still in force (then true), else as a fresh copy of the base."""
    wanted = {"job": job, "base": base.name if base else None}
    if job and part.exists():
        with contextlib.suppress(OSError, ValueError):
            if json.loads((part / JOB).read_text(encoding="utf-8")) == wanted:
                return True
    shutil.rmtree(part, ignore_errors=True)
    if base:
        copy_sparse(base, part)
    else:
        part.mkdir()
    (part / JOB).write_text(json.dumps(wanted), encoding="utf-8")
    return False


def publish(home: Path, part: Path, old: str | None) -> None:
    """Make `part` the generation in force, and delete older ones that nobody reads."""
    name = f"g{int(old[1:]) + 1 if old else 1}"
    (part / JOB).unlink(missing_ok=True)
    (part / "in-use").touch()
    shutil.rmtree(home / name, ignore_errors=True)
    part.rename(home / name)
    replace_text(home / CURRENT, name)
    for other in home.glob("g[0-9]*"):
        if other.name != name:
            prune(other)


def prune(generation: Path) -> None:
    """Delete a generation unless somebody reads it."""
    with contextlib.suppress(BlockingIOError, FileNotFoundError), (generation / "in-use").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(generation, ignore_errors=True)


def replace_text(path: Path, text: str) -> None:
    """Write a small file in one step."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a directory tree; holes stay holes (Qdrant lays its files out in 32 MiB pages that are mostly empty)."""
    for folder, _, files in os.walk(source):
        to = target / Path(folder).relative_to(source)
        to.mkdir(parents=True, exist_ok=True)
        for name in files:
            copy_file_sparse(Path(folder) / name, to / name)


def copy_file_sparse(source: Path, target: Path) -> None:
    """Copy one file, written parts only."""
    with source.open("rb") as read, target.open("wb") as write:
        size, at = os.fstat(read.fileno()).st_size, 0
        os.ftruncate(write.fileno(), size)
        while at < size:
            try:
                start = os.lseek(read.fileno(), at, os.SEEK_DATA)
            except OSError:  # no more data, only a hole to the end
                return
            at = os.lseek(read.fileno(), start, os.SEEK_HOLE)
            read.seek(start)
            write.seek(start)
            left = at - start
            while left > 0:
                block = read.read(min(left, 1 << 20))
                write.write(block)
                left -= len(block)
