"""What a load shows on the terminal."""

from __future__ import annotations

from loadtest.display import Row, progress, table

ADD = Row("add", 120, 12.04, 31, 80.4, 120, 0)
ALL = Row("all", 1_020, 102.0, 9, 40, 99.6, 3)


def test_the_table_lines_up_with_the_sum_apart() -> None:
    assert table([ADD, ALL]).splitlines() == [
        "operation  requests  req/s  p50 ms  p95 ms  p99 ms  errors",
        "----------------------------------------------------------",
        "add             120   12.0      31      80     120       0",
        "----------------------------------------------------------",
        "all            1020  102.0       9      40     100       3",
    ]


def test_progress_fills_up_and_stays_full() -> None:
    assert progress(15, 30, ALL) == (
        "[##########..........] 15 of 30 s · 1020 requests · 102.0 req/s · p95 40 ms · 3 errors"
    )
    assert progress(31, 30, ALL).startswith("[####################] 31 of 30 s")
