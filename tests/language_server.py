"""A small server that speaks as OpenAI's does, and answers by rules on what it is asked: the same
to the same words. `python -m tests.language_server [port]` runs it by hand.

A user's "I <something>" becomes the fact "<who> <something>", a memory of the same verb is updated
by it, and "I no longer <something>" ends the memories that say it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MEMORY = re.compile(r"(\d+)\. (.*) \(since [-\d]+\)")
_BOUND = re.compile(r'"(maxItems|maxLength)": \d')
_SAID = re.compile(r"(\w+): I (no longer )?(\w+)(.*?)\.?")


class LanguageServer:
    """Listens on 127.0.0.1. `refuses` are formats or a schema's keywords that it has no idea of,
    which it answers with `refusal`; `statuses` are answered to the next requests instead of a
    completion, with `complaint`. `wraps` is put around an answer's JSON, `finish` is why an answer
    ended, `usage` what it counts."""

    def __init__(self, port: int = 0, refuses: set[str] | None = None, wraps: str = "{}") -> None:
        self.refuses, self.wraps = refuses or set(), wraps
        self.refusal = 400
        self.finish = "stop"
        self.complaint = "told to"
        self.usage: Any = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
        self.statuses: list[int] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(request)
        if self.statuses:
            return self.statuses.pop(0), {"error": {"message": self.complaint}}
        form = request.get("response_format", {}).get("type", "text")
        given = {form, *(["temperature"] if "temperature" in request else [])}
        given |= {*_BOUND.findall(json.dumps(request.get("response_format")))}
        if given & self.refuses:
            return self.refusal, {"error": {"message": f"no idea of {form}: response_format"}}
        content = json.dumps(_answer(request["messages"][-1]["content"]))
        message = {"role": "assistant", "content": self.wraps.replace("{}", content)}
        choice = {"index": 0, "finish_reason": self.finish, "message": message}
        whole = {"id": "1", "object": "chat.completion", "created": 0, "model": request["model"]}
        return 200, {**whole, "choices": [choice], "usage": self.usage}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.keys.append(self.headers["Authorization"])
                status, answer = server.answer(request)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def _answer(text: str) -> dict[str, Any]:
    known, _, said = text.partition("Conversation:")
    memories = [(int(number), each) for number, each in _MEMORY.findall(known)]
    facts = []
    for line in said.splitlines():
        if not (match := _SAID.fullmatch(line)):
            continue
        who, ends, verb, rest = match.groups()
        fact = f"{who} {verb}{rest}"
        of_verb = [number for number, each in memories if each.split()[1:2] == [verb]]
        same = [number for number, each in memories if each == fact]
        decision = "NONE" if same else "UPDATE" if of_verb else "ADD"
        target = (same or of_verb or [None])[0]
        if ends:
            decision, target = "DELETE", (same or [None])[0]
        facts.append({
            "text": fact, "decision": decision, "target": target, "valid_from": None,
            "categories": [], "attributed_to": who,
        })  # fmt: skip
    return {"facts": facts, "relations": []}


if __name__ == "__main__":
    server = LanguageServer(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.url, flush=True)
    server._http.serve_forever()
