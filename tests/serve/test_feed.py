"""The live feed through the whole service: SSE and WebSocket, a killed Ingress, and the end."""

import json
import time

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

pytestmark = pytest.mark.serve

PATH = "/v1/events/stream?user_id=alice"


def over_sse(port, since=""):
    """Messages until the stream ends, however it does; comments and empty events left out."""
    try:
        with (
            httpx.Client(timeout=60) as client,
            client.stream("GET", f"http://127.0.0.1:{port}{PATH}{since}") as answer,
        ):
            assert answer.status_code == 200, answer.read()
            for line in answer.iter_lines():
                if line.startswith((":", "data: ")):
                    yield json.loads(line.removeprefix("data: ")) if line[0] != ":" else "open"
    except httpx.TransportError:
        return


def over_websocket(port, since=""):
    try:
        with connect(f"ws://127.0.0.1:{port}{PATH}{since}") as websocket:
            while True:
                message = json.loads(websocket.recv(60))
                yield "open" if message["event"] == "ping" else message
    except ConnectionClosed:
        return


def opened(reader, service, since=""):
    messages = reader(service.port, since)
    assert next(messages) == "open"
    return messages


def add(service, content):
    return service.post("/v1/memories", {"content": content, "user_id": "alice"})["id"]


def the_ingress(service):
    children = psutil.Process(service.process.pid).children(recursive=True)
    (found,) = (each for each in children if "ServeReplica:mem0g:Ingress" in each.cmdline()[0])
    return found


def until_it_answers(service):
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{service.port}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_streams_outlive_an_ingress_and_end_with_the_service(config, launch, tmp_path):
    def soon_cut_off(document):
        document["http_options"]["request_timeout_s"] = 12

    service = launch(config(soon_cut_off), tmp_path / "data").ready()
    readers = [over_sse, over_websocket]
    streams = [opened(reader, service) for reader in readers]
    first = add(service, "lives in Oslo")
    seen = [next(stream) for stream in streams]
    assert [each["memory_id"] for each in seen] == [first] * 2

    the_ingress(service).kill()
    assert [[*stream] for stream in streams] == [[], []]
    until_it_answers(service)
    second = add(service, "likes cats")
    streams = [opened(reader, service, f"&since={seen[0]['id']}") for reader in readers]
    assert [next(stream)["memory_id"] for stream in streams] == [second] * 2

    # Serve cuts both off at request_timeout_s, and they say so before.
    said = [[each for each in stream if each != "open"] for stream in streams]
    assert said == [[{"event": "closing", "reason": "reconnect"}]] * 2

    streams = [opened(reader, service) for reader in readers]
    assert service.stop() == 0  # in the time it takes without streams
    goodbye = {"event": "closing", "reason": "shutdown"}
    for stream in streams:  # HAProxy may be gone before the goodbye
        assert [*stream] in ([], [goodbye])
