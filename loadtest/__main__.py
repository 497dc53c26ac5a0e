"""`python -m loadtest`: a short load on a running service, watched on the terminal, reported as
HTML.

Exit codes: 0 all answers right, 1 errors, 2 no service to ask or not with this key.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import gevent
from locust import stats
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import Runner

from loadtest.display import Row, progress, table
from loadtest.locustfile import KEY, Caller, headers

ERASING_S = 60


def main() -> int:
    asked = _arguments()
    if refusal := _refusal(asked.host):
        print(f"loadtest: {refusal}", file=sys.stderr)
        return 2
    environment = Environment(user_classes=[Caller], host=asked.host, stop_timeout=ERASING_S)
    environment.locustfile = "loadtest/locustfile.py"
    runner = environment.create_local_runner()
    rows = _load(runner, asked.users, asked.seconds)
    asked.report.write_text(get_html_report(environment, show_download_link=False))
    print("erasing what was added", flush=True)
    runner.quit()
    print(f"\n{table(rows)}\n\nplots in {asked.report}")
    for error in runner.stats.errors.values():
        print(f"{error.occurrences} × {error.name}: {error.error}", file=sys.stderr)
    for raised in runner.exceptions.values():
        print(f"{raised['count']} × {raised['msg']}", file=sys.stderr)
    return 1 if runner.stats.errors or runner.exceptions or not rows[-1].requests else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest", description=f"The key, if the service wants one, is in {KEY}."
    )
    parser.add_argument("--host", default="http://127.0.0.1:8000")
    parser.add_argument("--users", type=int, default=16, help="callers at once (16)")
    parser.add_argument("--seconds", type=float, default=30, help="how long (30)")
    parser.add_argument("--report", type=Path, default=Path(__file__).parent / "report.html")
    asked = parser.parse_args()
    asked.host = asked.host.rstrip("/")
    if not asked.report.parent.is_dir():
        parser.error(f"there is no folder {asked.report.parent}")
    if asked.users < 1 or asked.seconds <= 0:
        parser.error("it takes at least one user and some time")
    return asked


def _refusal(host: str) -> str | None:
    """Why there is nothing to load, in one line."""
    request = urllib.request.Request(f"{host}/v1/memories?user_id=loadtest", headers=headers())
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        if error.code == 401:
            return f"the service at {host} wants a key: set {KEY}"
        return f"the service at {host} answers {error.code}; see {host}/ready"
    except (OSError, ValueError) as error:
        return f"no service answers at {host}: {getattr(error, 'reason', error)}"
    return None


def _load(runner: Runner, users: int, seconds: float) -> list[Row]:
    """The figures per operation and in all, as they stand when the time is over."""
    stats.HISTORY_STATS_INTERVAL_SEC = 1  # a short run should have more than a few dots to plot
    gevent.spawn(stats.stats_history, runner)
    started = time.monotonic()
    runner.start(users, spawn_rate=users)
    try:
        while (elapsed := time.monotonic() - started) < seconds:
            if sys.stdout.isatty():
                _show(progress(elapsed, seconds, _row(runner.stats.total, elapsed)))
            gevent.sleep(min(1.0, seconds - elapsed))
    except KeyboardInterrupt:
        pass
    elapsed = time.monotonic() - started
    rows = [_row(entry, elapsed) for _, entry in sorted(runner.stats.entries.items())]
    rows.append(_row(runner.stats.total, elapsed))
    _show(progress(elapsed, seconds, rows[-1]))
    print(flush=True)
    return rows


def _show(line: str) -> None:
    """Over the line before; a file has no such thing, so it gets the last line only."""
    print(f"\r\x1b[2K{line}" if sys.stdout.isatty() else line, end="", flush=True)


def _row(entry: stats.StatsEntry, elapsed: float) -> Row:
    p50, p95, p99 = map(entry.get_response_time_percentile, (0.5, 0.95, 0.99))
    name = "all" if entry.name == "Aggregated" else entry.name
    rate = entry.num_requests / max(elapsed, 1e-9)
    return Row(name, entry.num_requests, rate, p50, p95, p99, entry.num_failures)


if __name__ == "__main__":
    sys.exit(main())
