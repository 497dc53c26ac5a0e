"""One tenant of the embedded store: a SQLite file that several processes read and write at once.

A file names its format and the model of its vectors, so it can be moved and checked by itself.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import getrandbits
from uuid import uuid4

from memory.domain.errors import StartupRefused
from memory.ports.models import ModelCard

# SQLite's mark of the program that a file belongs to: "Mem0" in ASCII.
APPLICATION = 0x4D656D30
FORMAT = 1

# How long a writer waits for another process.
_BUSY_S = 10
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = {APPLICATION};
CREATE TABLE card (name TEXT NOT NULL, dimensions INTEGER NOT NULL);
CREATE TABLE points (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    memory_id TEXT NOT NULL, version INTEGER NOT NULL, owner TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, session_id TEXT,
    open INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER,
    recorded_at INTEGER NOT NULL, retracted_at INTEGER,
    UNIQUE (memory_id, version)
);
CREATE INDEX points_owner ON points (owner, open);
CREATE INDEX points_user ON points (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX points_agent ON points (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX points_app ON points (app_id) WHERE app_id IS NOT NULL;
CREATE INDEX points_session ON points (session_id) WHERE session_id IS NOT NULL;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE tags (id INTEGER, tag TEXT, PRIMARY KEY (id, tag)) WITHOUT ROWID;
CREATE INDEX tags_tag ON tags (tag);
CREATE VIRTUAL TABLE words USING fts5 (owner, terms);
CREATE TRIGGER points_gone AFTER DELETE ON points BEGIN
    DELETE FROM vectors WHERE id = old.id;
    DELETE FROM tags WHERE id = old.id;
    DELETE FROM words WHERE rowid = old.id;
END;
COMMIT;
"""


def create(path: Path, card: ModelCard) -> None:
    """Make an empty file. Nobody ever sees it half made. A file that exists is left alone.

    Raises sqlite3.Error or OSError.
    """
    draft = path.with_name(f".{uuid4().hex}.new")
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as made:
            made.executescript(_SCHEMA)
            made.execute(f"PRAGMA user_version = {FORMAT}")
            made.execute("INSERT INTO card VALUES (?, ?)", (card.name, card.dimensions))
            # Rowids begin at random: none is used twice, not even by another file of this name.
            made.execute("INSERT INTO sqlite_sequence VALUES ('points', ?)", (getrandbits(47),))
        with suppress(FileExistsError):
            os.link(draft, path)
        _sync(path.parent)
    finally:
        for leftover in path.parent.glob(draft.name + "*"):
            leftover.unlink()


def connect(path: Path, card: ModelCard) -> sqlite3.Connection:
    """Open an existing file, in autocommit mode. Raises StartupRefused if its format or its model
    is not ours, and sqlite3.Error if it cannot be read."""
    opened = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("PRAGMA secure_delete = ON")
        _accept(opened, path, card)
    except BaseException:
        opened.close()
        raise
    return opened


@contextmanager
def transaction(file: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing. The kind DEFERRED is for reads that must see one and the same state."""
    file.execute(f"BEGIN {kind}")
    try:
        yield
        file.execute("COMMIT")
    except BaseException:
        file.rollback()
        raise


def standing(path: Path) -> int | None:
    """The inode of the file that has this name now. None if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def damaged(path: Path) -> bool:
    """Whether SQLite cannot read all of the file."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            (verdict,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            return str(verdict) != "ok"
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return True


def set_aside(path: Path) -> None:
    """Rename a damaged file, so that somebody may look into it later."""
    suffix = f".corrupt-{time.strftime('%Y%m%dT%H%M%S')}"
    for part in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError):
            part.rename(part.with_name(part.name + suffix))


def remove(path: Path) -> None:
    """Delete a file. Other processes that have it open notice that at their next call."""
    for part in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        part.unlink(missing_ok=True)


def compact(file: sqlite3.Connection) -> bool:
    """Overwrite what deleted rows left in the words, the pages and the log. False if readers of
    another process kept the log from being cut."""
    with transaction(file):
        file.execute("INSERT INTO words (words) VALUES ('optimize')")
    file.execute("VACUUM")
    (busy, _, _) = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _accept(opened: sqlite3.Connection, path: Path, card: ModelCard) -> None:
    """Raises StartupRefused if a file's program, format or model is not ours."""
    [application], [written] = (
        opened.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if application != APPLICATION:
        raise StartupRefused(f"{path} was not written by Mem0g; move it away")
    if written > FORMAT:
        raise StartupRefused(
            f"{path} has format {written}, this version reads up to {FORMAT}; upgrade Mem0g"
        )
    found = ModelCard(*opened.execute("SELECT name, dimensions FROM card").fetchone())
    if found != card:
        raise StartupRefused(
            f"{path} holds vectors of {found.name} ({found.dimensions}), not of {card.name} "
            f"({card.dimensions}); set embedder.model back, or move {path.parent} away and "
            "rebuild the index"
        )


def _sync(folder: Path) -> None:
    """Make a new name in a folder survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
