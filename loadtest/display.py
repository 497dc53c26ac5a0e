"""What the terminal shows: one line while the load runs, one table when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BAR = 20
_HEAD = ("operation", "requests", "req/s", "p50 ms", "p95 ms", "p99 ms", "errors")


@dataclass(frozen=True, slots=True)
class Row:
    """One operation's figures; times in milliseconds."""

    operation: str
    requests: int
    per_second: float
    p50: float
    p95: float
    p99: float
    errors: int


def progress(elapsed: float, seconds: float, total: Row) -> str:
    done = min(1.0, elapsed / seconds)
    bar = "#" * round(done * _BAR)
    return (
        f"[{bar:.<{_BAR}}] {elapsed:.0f} of {seconds:.0f} s · {total.requests} requests · "
        f"{total.per_second:.1f} req/s · p95 {total.p95:.0f} ms · {total.errors} errors"
    )


def table(rows: Sequence[Row]) -> str:
    """Names to the left, figures to the right, the last row apart as the sum."""
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        "  ".join(
            cell.rjust(width) if position else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    rule = "-" * len(text[0])
    return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]])


def _cells(row: Row) -> tuple[str, ...]:
    times = (f"{time:.0f}" for time in (row.p50, row.p95, row.p99))
    return (row.operation, str(row.requests), f"{row.per_second:.1f}", *times, str(row.errors))
