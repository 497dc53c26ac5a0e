"""`python -m deployments.backup save|load FILE [--url URL]`: everything into a file, and back.
The admin key comes from the environment.

Exit codes: 0 done, 1 cut short or refused in part (run it again), 2 not begun.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from config.settings import InvalidSettings, Settings, variable

CHECKSUM_BYTES = 32

# What the service takes at once (docs/transfer.md).
MOST_LINES = 10_000
_NDJSON = "application/x-ndjson"
_ATTEMPTS = 30
_TIMEOUT_S = 120
_BROKEN = (OSError, http.client.HTTPException)


class CutShort(Exception):
    """The backup is not whole, or could not be sent as a whole."""


class Server(NamedTuple):
    url: str
    key: str
    most_bytes: int

    def open(self, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        # Serve would cut the answer off at its request_timeout_s, however it flows.
        headers = {"Content-Type": _NDJSON, "X-Request-Timeout-Seconds": "0"}
        if self.key:
            headers["Authorization"] = f"Token {self.key}"
        request = urllib.request.Request(self.url.rstrip("/") + path, body, headers)
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
        return answer


class Lines:
    """Lines on their way past, counted; after them `whole` tells whether they are a backup."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._digest = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
        self.bytes, self.memories = 0, 0
        self.problem = "it has no end line"

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.bytes += len(line)
            self.memories += line.startswith(b'{"type":"memory"')
            if line.startswith((b'{"type":"end"', b'{"type":"error"')):
                self._end(json.loads(line) if line.endswith(b"\n") else {})
            self._digest.update(line)
            yield line

    @property
    def whole(self) -> bool:
        return not self.problem

    def _end(self, line: dict[str, Any]) -> None:
        if line.get("type") == "error":
            self.problem = f"the service broke off: {line['message']}"
        elif "checksum" in line:
            fits = line["checksum"] == self._digest.hexdigest()
            self.problem = "" if fits else "its checksum does not fit"


def save(server: Server, file: Path) -> None:
    """Write the backup beside the file, and put it there once it is whole."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)  # it holds secrets
    told = time.monotonic()
    with server.open("/v1/admin/backup") as answer, part.open("wb") as out:
        lines = Lines(answer)
        for line in lines:
            out.write(line)
            if time.monotonic() - told > 1:
                told = time.monotonic()
                _say(f"{lines.memories} memories, {lines.bytes >> 20} MB")
    if not lines.whole:
        raise CutShort(f"{part} is no whole backup: {lines.problem}")
    part.replace(file)
    _say(f"saved {lines.memories} memories, {lines.bytes} bytes in {file}")


def load(server: Server, file: Path) -> None:
    """Send a whole backup, part by part. What is there already is left as it is."""
    with file.open("rb") as lines:
        checked = Lines(lines)
        for _ in checked:
            pass
    if not checked.whole:
        raise CutShort(f"{file} is no whole backup: {checked.problem}")
    restored = present = refused = sent = 0
    with file.open("rb") as lines:
        for part in _parts(lines, server.most_bytes):
            answer = _send(server, part)
            restored, present = restored + answer["restored"], present + answer["present"]
            refused += len(answer["refused"])
            for line in answer["refused"]:
                _say(f"line {sent + line['line']} refused: {line['error']}")
            sent += len(part)
            _say(f"{sent} lines: {restored} restored, {present} present, {refused} refused")
    if refused:
        raise CutShort(f"{refused} lines were refused")


def _parts(lines: Iterable[bytes], most_bytes: int) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and (size + len(line) > most_bytes or len(part) == MOST_LINES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _send(server: Server, part: list[bytes]) -> dict[str, Any]:
    """The answer to a part; what was not reached in time is sent again."""
    restored = present = 0
    refused: list[dict[str, Any]] = []
    for attempt in range(_ATTEMPTS):
        try:
            with server.open("/v1/admin/restore", b"".join(part)) as reply:
                answer = json.loads(reply.read())
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503, 504) or attempt == _ATTEMPTS - 1:
                raise
            wait = int(error.headers.get("Retry-After", "1"))
            _say(f"waits {wait} s: {_detail(error)}")
            time.sleep(wait)
            continue
        restored, present = restored + answer["restored"], present + answer["present"]
        late = {line["line"] for line in answer["refused"] if line["code"] == "deadline_exceeded"}
        refused += [line for line in answer["refused"] if line["line"] not in late]
        if not late:
            return {"restored": restored, "present": present, "refused": refused}
        # Blank lines in their place: numbers stay, and what was done is not sent twice.
        part = [line if number in late else b"\n" for number, line in enumerate(part, 1)]
    raise CutShort("the service does not get through a part of the backup in time")


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, OSError):
        return str(error.reason)


def _say(text: str) -> None:
    print(f"mem0g backup: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m deployments.backup", description=__doc__)
    parser.add_argument("what", choices=("save", "load"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args(arguments)
    try:
        settings = Settings.load()
    except InvalidSettings as refusal:
        _say(refusal.message)
        return 2
    key = settings.auth.admin_key
    server = Server(given.url, key.get_secret_value() if key else "", settings.api.max_body_bytes)
    try:
        (save if given.what == "save" else load)(server, given.file)
    except CutShort as problem:
        _say(str(problem))
        return 1
    except urllib.error.HTTPError as error:
        _say(f"{error.code}: {_detail(error)}")
        if error.code == 401:
            _say(f"the admin key is read from {variable('auth', 'admin_key')}")
        return 1
    except _BROKEN as error:
        _say(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
