"""What is written to and asked of one tenant's file, as SQL.

Rows never change but for their retraction, and a rowid is never used twice, so what a process
remembers of a row stays true. Words and owners are indexed as hashes: FTS5 can then neither split
nor fold them, and no term can be mistaken for its query language.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence, Sized

import numpy as np

from memory.model import SCOPE_FIELDS
from memory.vectors import Hit, Indexed, Point, Retraction
from memory.view import Where, World
from vector_store.tenant_file import transaction

LARGEST_QUERY = 10_000
"""Rowids to ask for at once; SQLite binds at most 32,766 values."""

_BEYOND = "\U0010ffff"
_FIELDS = frozenset({"owner", *SCOPE_FIELDS, "memory_id"})
_SHARED = frozenset({"user_id", "agent_id", "app_id"})
"""Fields that usually match rows of many owners, or all rows of the one."""


def write(file: sqlite3.Connection, points: Sequence[Point]) -> None:
    with transaction(file):
        for point in points:
            rowid = _insert(file, point)
            vector = np.asarray(point.vector, np.float32).tobytes()
            file.execute("INSERT INTO vectors VALUES (?, ?)", (rowid, vector))
            file.execute(
                "INSERT INTO words (rowid, owner, terms) VALUES (?, ?, ?)",
                (rowid, _token(str(point.memory.scope.owner)), _tokens(" ", point.terms)),
            )
            file.executemany(
                "INSERT OR IGNORE INTO tags VALUES (?, ?)", [(rowid, tag) for tag in point.tags]
            )


def retract(file: sqlite3.Connection, retractions: Sequence[Retraction]) -> None:
    with transaction(file):
        file.executemany(
            "UPDATE points SET open = 0, retracted_at = ? WHERE memory_id = ? AND version = ?",
            [(each.retracted_at, each.memory_id, each.version) for each in retractions],
        )


def erase(file: sqlite3.Connection, memory_ids: Sequence[str]) -> list[int]:
    """Returns the rowids that are gone."""
    statement = "DELETE FROM points WHERE memory_id = ? RETURNING id"
    with transaction(file):
        return [rowid for each in memory_ids for (rowid,) in file.execute(statement, (each,))]


def clear(file: sqlite3.Connection) -> None:
    with transaction(file):
        file.execute("DELETE FROM points")


def candidates(file: sqlite3.Connection, where: Where) -> list[tuple[int, str, int]]:
    """(rowid, memory id, version) of everything that matches."""
    condition, values = _condition(where)
    return file.execute(
        f"SELECT id, memory_id, version FROM points p WHERE {condition}", values
    ).fetchall()


def vectors(file: sqlite3.Connection, rowids: Sequence[int]) -> Iterable[tuple[int, bytes]]:
    """Of at most LARGEST_QUERY rowids, as float32 in memory order."""
    return file.execute(f"SELECT id, vector FROM vectors WHERE id IN ({_marks(rowids)})", rowids)


def match(file: sqlite3.Connection, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
    """Best BM25 first. The owner is part of the full-text query, which spares a walk over
    everybody else's words, but weighs nothing in the score."""
    owners = [values for name, values in where.clauses if name == "owner"]
    query = [f"owner : ({_tokens(' OR ', values)})" for values in owners]
    query.append(f"terms : ({_tokens(' OR ', dict.fromkeys(terms))})")
    condition, values = _condition(where)
    rows = file.execute(
        "SELECT p.memory_id, p.version, -bm25(words, 0.0, 1.0) AS score "
        "FROM words JOIN points p ON p.id = words.rowid "
        f"WHERE words MATCH ? AND {condition} ORDER BY score DESC, 1, 2 LIMIT ?",
        (" AND ".join(query), *values, limit),
    )
    return [Hit(*row) for row in rows]


def survey(
    file: sqlite3.Connection, prefix: str, after: tuple[str, int] | None, limit: int
) -> list[Indexed]:
    rows = file.execute(
        "SELECT memory_id, version, retracted_at,"
        " EXISTS (SELECT 1 FROM vectors v WHERE v.id = p.id)"
        " AND EXISTS (SELECT 1 FROM words w WHERE w.rowid = p.id)"
        " FROM points p WHERE memory_id >= ? AND memory_id < ? AND (memory_id, version) > (?, ?)"
        " ORDER BY memory_id, version LIMIT ?",
        (prefix, prefix + _BEYOND, *(after or ("", 0)), limit),
    )
    return [Indexed(name, version, gone, bool(there)) for name, version, gone, there in rows]


def _insert(file: sqlite3.Connection, point: Point) -> int | None:
    memory = point.memory
    row = {
        **memory.scope.given(),
        "owner": str(memory.scope.owner),
        "memory_id": memory.id,
        "version": memory.version,
        "open": memory.open,
        "valid_from": memory.valid_from,
        "valid_to": memory.valid_to,
        "recorded_at": memory.recorded_at,
        "retracted_at": memory.retracted_at,
    }
    file.execute(
        "DELETE FROM points WHERE memory_id = ? AND version = ?", (memory.id, memory.version)
    )
    return file.execute(
        f"INSERT INTO points ({', '.join(row)}) VALUES ({_marks(row)})", tuple(row.values())
    ).lastrowid


def _condition(where: Where) -> tuple[str, list[str | int]]:
    clauses, bound = ["1"], list[str | int]()
    owned = any(name == "owner" for name, _ in where.clauses)
    for name, values in where.clauses:
        if name == "tag":
            tag = f"SELECT 1 FROM tags WHERE id = p.id AND tag IN ({_marks(values)})"
            clauses.append(f"EXISTS ({tag})")
        elif name in _FIELDS:
            # The plus keeps SQLite from walking the rows of all who use the same agent or app.
            plus = "+" if owned and name in _SHARED else ""
            clauses.append(f"{plus}p.{name} IN ({_marks(values)})")
        else:
            raise ValueError(f"no field is called {name!r}")
        bound += values
    if where.open:
        clauses.append("p.open = 1")
    if where.world is not None:
        within, instants = _within(where.world)
        clauses += within
        bound += instants
    return " AND ".join(clauses), bound


def _within(world: World) -> tuple[list[str], list[int]]:
    clauses, bound = ["p.valid_from <= ?"], [world.as_of]
    if not world.ended:
        clauses.append("(p.valid_to IS NULL OR p.valid_to > ?)")
        bound.append(world.as_of)
    if world.known_at is None:
        clauses.append("p.retracted_at IS NULL")
    else:
        clauses.append("p.recorded_at <= ? AND (p.retracted_at IS NULL OR p.retracted_at > ?)")
        bound += [world.known_at, world.known_at]
    return clauses, bound


def _marks(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _tokens(separator: str, texts: Iterable[str]) -> str:
    return separator.join(map(_token, texts))


def _token(text: str) -> str:
    return f"h{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
