"""The SQL that writes and reads one tenant's file.

A row changes only when it is retracted, and a rowid is never used twice. So what a process knows of
a row stays true. Words and owners are indexed as hashes: FTS5 can then neither split nor fold them,
and it takes no term for its query language.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from memory.ports.vector_store import Hit, Indexed, Listed, Named, Point, Retraction
from memory.query.views import Where
from vector_store.tenant_file import transaction
from vector_store.tenant_where import marks, rows_where, scope_field

# Rowids to ask for at once. SQLite binds at most 32,766 values.
LARGEST_QUERY = 10_000

# Greater than any character of a memory id.
_BEYOND = "\U0010ffff"
# Owners that a full-text query names at most: FTS5 compares every row with each of them.
_FEW_OWNERS = 100


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
                "INSERT OR IGNORE INTO tags VALUES (?, ?)",
                [(rowid, tag) for tag in point.metadata_tokens],
            )


def retract(file: sqlite3.Connection, retractions: Sequence[Retraction]) -> None:
    with transaction(file):
        file.executemany(
            "UPDATE points SET open = 0, retracted_at = ? WHERE memory_id = ? AND version = ?",
            [(each.retracted_at, each.memory_id, each.version) for each in retractions],
        )


def erase(file: sqlite3.Connection, memory_ids: Sequence[str]) -> list[int]:
    """Delete all versions of these memories; returns the rowids that are gone."""
    statement = "DELETE FROM points WHERE memory_id = ? RETURNING id"
    with transaction(file):
        return [rowid for each in memory_ids for (rowid,) in file.execute(statement, (each,))]


def clear(file: sqlite3.Connection) -> None:
    with transaction(file):
        file.execute("DELETE FROM points")


def candidates(file: sqlite3.Connection, where: Where) -> list[tuple[int, str, int]]:
    """(rowid, memory id, version) of everything that matches."""
    condition, values = rows_where(where)
    return file.execute(
        f"SELECT id, memory_id, version FROM points p WHERE {condition}", values
    ).fetchall()


def vectors(file: sqlite3.Connection, rowids: Sequence[int]) -> Iterable[tuple[int, bytes]]:
    """(rowid, vector) of at most LARGEST_QUERY rowids. A vector is float32 in native byte order."""
    return file.execute(f"SELECT id, vector FROM vectors WHERE id IN ({marks(rowids)})", rowids)


def match(file: sqlite3.Connection, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
    """The best rows by BM25, best first. Few owners are part of the full-text query, so that nobody
    else's words are read. They weigh nothing in the score."""
    owners = [values for name, values in where.clauses if name == "owner"]
    query = [f"owner : ({_tokens(' OR ', each)})" for each in owners if len(each) <= _FEW_OWNERS]
    query.append(f"terms : ({_tokens(' OR ', dict.fromkeys(terms))})")
    condition, values = rows_where(where)
    rows = file.execute(
        "SELECT p.memory_id, p.version, -bm25(words, 0.0, 1.0) AS score "
        "FROM words JOIN points p ON p.id = words.rowid "
        f"WHERE words MATCH ? AND {condition} ORDER BY score DESC, 1, 2 LIMIT ?",
        (" AND ".join(query), *values, limit),
    )
    return [Hit(*row) for row in rows]


def select(
    file: sqlite3.Connection, where: Where, after: Listed | None, limit: int
) -> list[Listed]:
    condition, values = rows_where(where)
    if after is not None:
        condition += " AND (p.valid_from, p.memory_id, p.version) < (?, ?, ?)"
        values += [after.valid_from, after.memory_id, after.version]
    rows = file.execute(
        f"SELECT valid_from, memory_id, version FROM points p WHERE {condition}"
        " ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT ?",
        (*values, limit),
    )
    return [Listed(*row) for row in rows]


def count(file: sqlite3.Connection, where: Where) -> int:
    condition, values = rows_where(where)
    (found,) = file.execute(f"SELECT count(*) FROM points p WHERE {condition}", values).fetchone()
    return int(found)


def named(file: sqlite3.Connection, field: str, where: Where) -> list[Named]:
    condition, values = rows_where(where)
    rows = file.execute(
        f"SELECT {scope_field(field)} AS name, count(*), min(valid_from), max(recorded_at)"
        f" FROM points p WHERE name IS NOT NULL AND {condition} GROUP BY name",
        values,
    )
    return [Named(*row) for row in rows]


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
        f"INSERT INTO points ({', '.join(row)}) VALUES ({marks(row)})", tuple(row.values())
    ).lastrowid


def _tokens(separator: str, texts: Iterable[str]) -> str:
    return separator.join(map(_token, texts))


def _token(text: str) -> str:
    """A word or an owner as a word that FTS5 leaves as it is."""
    return f"h{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
