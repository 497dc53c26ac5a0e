"""The language model's adapter, over real HTTP to a server that answers by rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config import Settings
from config.settings import Llm
from deployments.models.language_model import OpenAIModel, _ways, json_object, open_language_model
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import ModelUnavailable, UnfitAnswer
from memory.domain.jobs import Job, JobState
from memory.domain.memory import Scope
from tests.language_server import LanguageServer
from tests.recording_meter import RecordingMeter
from tests.redis_server import RedisServer
from tests.service import started
from tests.word_embedder import WordEmbedder

SCHEMA = {"type": "object", "additionalProperties": False}
ASKED = ("Take facts.", "Memories:\nnone\n\nConversation:\nalice: I like tea.", SCHEMA)
Serve = Callable[..., LanguageServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[LanguageServer] = []

    def start(**options: Any) -> LanguageServer:
        started.append(LanguageServer(**options))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


def settings_for(server: LanguageServer, **more: Any) -> Llm:
    return Llm(base_url=server.url, model="rules", **more)


async def texts(model: OpenAIModel) -> list[str]:
    return [each["text"] for each in (await model.fill(*ASKED))["facts"]]


def formats(server: LanguageServer) -> list[tuple[str, bool]]:
    return [
        (each.get("response_format", {}).get("type", "text"), "temperature" in each)
        for each in server.asked
    ]


def test_without_a_url_there_is_no_model() -> None:
    assert open_language_model(Llm()) is None


async def test_it_asks_for_the_schema_with_the_key_and_the_model_of_the_settings(
    serve: Serve,
) -> None:
    server = serve()
    model = OpenAIModel(settings_for(server, api_key="sesame"))
    assert await texts(model) == ["alice like tea"]
    (request,) = server.asked
    assert request["model"] == "rules"
    assert request["response_format"]["json_schema"]["schema"] == ASKED[2]
    assert [each["content"] for each in request["messages"]] == [*ASKED[:2]]
    assert server.keys == ["Bearer sesame"]


@pytest.mark.parametrize(
    ("refuses", "taken"),
    [
        ({"temperature"}, ("json_schema", False)),
        ({"json_schema"}, ("json_object", True)),
        ({"json_schema", "json_object"}, ("text", True)),
        ({"json_schema", "json_object", "temperature"}, ("text", False)),
    ],
)
async def test_a_server_that_knows_less_is_asked_for_less_from_then_on(
    serve: Serve, refuses: set[str], taken: tuple[str, bool]
) -> None:
    server = serve(refuses=refuses, wraps="Sure!\n```json\n{}\n```\nAnything else?")
    model = OpenAIModel(settings_for(server))
    assert await texts(model) == ["alice like tea"]
    assert formats(server)[-1] == taken
    server.asked.clear()
    assert await texts(model) == ["alice like tea"]
    assert formats(server) == [taken]
    if taken[0] != "json_schema":
        assert json.dumps(SCHEMA) in server.asked[-1]["messages"][0]["content"]


BOUNDED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "maxItems": {"type": "string", "maxLength": 5},
        "list": {"anyOf": [{"type": "array", "items": {"type": "string"}, "maxItems": 3}]},
        "kind": {"enum": [{"maxLength": "5"}]},
    },
    "required": ["maxItems", "list", "kind"],
    "additionalProperties": False,
}


def without(*bounds: str) -> dict[str, Any]:
    """BOUNDED without these; what only looks like one is still there."""
    copy: dict[str, Any] = json.loads(json.dumps(BOUNDED))
    holders = {
        "maxLength": copy["properties"]["maxItems"],
        "maxItems": copy["properties"]["list"]["anyOf"][0],
    }
    for name in bounds:
        del holders[name][name]
    return copy


@pytest.mark.parametrize(
    ("refuses", "bounds", "cold"),
    [
        (set(), (), True),
        ({"temperature"}, (), False),
        ({"maxLength"}, ("maxLength",), True),
        ({"maxLength", "temperature"}, ("maxLength",), False),
        ({"maxItems", "maxLength"}, ("maxLength", "maxItems"), True),
    ],
)
async def test_a_schema_keeps_the_bounds_that_a_server_takes(
    serve: Serve, refuses: set[str], bounds: tuple[str, ...], cold: bool
) -> None:
    """OpenAI's own takes no maxLength."""
    server = serve(refuses=refuses)
    await OpenAIModel(settings_for(server)).fill(*ASKED[:2], BOUNDED)
    form = server.asked[-1]["response_format"]["json_schema"]
    assert form["schema"] == without(*bounds)
    assert form["strict"] is True
    assert ("temperature" in server.asked[-1]) == cold


async def test_a_callers_schema_that_is_refused_says_nothing_of_others(serve: Serve) -> None:
    server = serve()
    model = OpenAIModel(settings_for(server))
    server.statuses = [400] * 7
    await model.fill(*ASKED[:2], {"type": "object", "properties": {"title": {"type": "string"}}})
    assert server.asked[0]["response_format"]["json_schema"]["strict"] is False
    assert server.asked[-1]["response_format"]["type"] == "json_object"
    await model.fill(*ASKED[:2], BOUNDED)
    assert server.asked[-1]["response_format"]["json_schema"]["strict"] is True


async def test_a_format_that_a_server_answers_500_to_is_one_it_does_not_know(serve: Serve) -> None:
    """As llama-cpp-python's does, which takes the schema beside the word json_object."""
    server = serve(refuses={"json_schema"})
    server.refusal = 500
    model = OpenAIModel(settings_for(server))
    assert await texts(model) == ["alice like tea"]
    assert server.asked[-1]["response_format"] == {
        "type": "json_object",
        "schema": SCHEMA,
    }


async def test_what_goes_wrong_is_told_without_any_text(serve: Serve) -> None:
    server = serve()
    model = OpenAIModel(settings_for(server, deadline_s=5))
    for status, reason in ((500, "status 500"), (429, "status 429"), (401, "status 401")):
        server.statuses = [status]
        with pytest.raises(ModelUnavailable, match=reason) as raised:
            await model.fill(*ASKED)
        assert "tea" not in raised.value.message
        assert "told to" not in raised.value.message
    server.statuses = [400] * len(_ways({}, True))
    with pytest.raises(ModelUnavailable, match="refuses the request"):
        await model.fill(*ASKED)
    assert await texts(model) == ["alice like tea"]
    server.statuses, server.complaint = [400], "This model's maximum context length is 4096"
    with pytest.raises(UnfitAnswer, match="longer than the model's context"):
        await model.fill(*ASKED)
    assert server.statuses == []
    server.finish = "length"
    assert await texts(model) == ["alice like tea"]  # it was whole by then
    server.wraps = '{"facts": [{"text": "alice likes'
    with pytest.raises(ModelUnavailable, match="longer than its server allows"):
        await model.fill(*ASKED)
    server.finish = "stop"
    server.wraps = "tea is nice"
    with pytest.raises(ModelUnavailable, match="no JSON object"):
        await model.fill(*ASKED)
    server.stop()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await model.fill(*ASKED)


async def test_what_a_model_takes_is_measured(serve: Serve) -> None:
    server, meter = serve(), RecordingMeter()
    model = OpenAIModel(settings_for(server), meter)
    await model.fill(*ASKED)
    assert len(meter.seen("model_seconds", outcome="ok")) == 1
    assert meter.counted("model_tokens", kind="prompt") == 30
    assert meter.counted("model_tokens", kind="answer") == 5
    for server.usage in (None, {}, {"prompt_tokens": None}, []):
        await model.fill(*ASKED)
    assert meter.counted("model_tokens") == 35
    server.statuses = [500]
    with pytest.raises(ModelUnavailable):
        await model.fill(*ASKED)
    assert len(meter.seen("model_seconds", outcome="unavailable")) == 1


async def test_a_model_that_is_silent_is_not_waited_for_without_end() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(Llm(base_url=f"http://127.0.0.1:{port}", model="x", deadline_s=0.2))
        with pytest.raises(ModelUnavailable, match=r"in 0\.2 s"):
            await model.fill(*ASKED)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '```json\n{"a": 1}\n```',
        'a {set} of {"a": 1} and {"b": 2}',
        '<think>{"b": 2}?</think>{"a": 1}',
    ],
)
def test_an_object_is_found_in_what_is_said_around_it(text: str) -> None:
    assert json_object(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 1', "{" * 5_000])
def test_a_text_without_an_object_has_none(text: str) -> None:
    with pytest.raises(ModelUnavailable):
        json_object(text)


async def test_a_conversation_becomes_memories_that_follow_what_is_said(
    serve: Serve, settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    server = serve()
    model = open_language_model(settings_for(server))
    service = await started(settings, redis_server.url, embedder, model=model)
    caller, alice = Caller(DEFAULT_PROJECT), Scope(user_id="alice")

    async def say(text: str) -> Job:
        said = Conversation(messages=(Said("user", text, "alice"),), scope=alice)
        job = await service.jobs.remember(caller, said)
        assert job.state is JobState.PENDING
        async with asyncio.timeout(20):
            while not job.state.ended:
                await service.care.worked()
                job = await service.jobs.get(caller, job.id)
        return job

    told = []
    for text in ("I live in Oslo", "I live in Bergen", "I live in Bergen", "hello"):
        job = await say(text)
        assert job.state is JobState.SUCCEEDED, job.error
        told.append([(each.event, each.memory and each.memory.content) for each in job.outcomes])
    await service.care.close()
    assert told == [
        [("ADD", "alice live in Oslo")],
        [("UPDATE", "alice live in Bergen")],
        [("NONE", "alice live in Bergen")],
        [],
    ]
