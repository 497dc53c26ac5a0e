"""The language model behind an OpenAI-compatible API: OpenAI itself, or a server of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from config.settings import Llm
from deployments.observability import logs
from memory.domain.errors import ModelUnavailable, UnfitAnswer
from memory.ports.metrics import SILENT, Meter, measured
from memory.ports.models import LanguageModel

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_SCHEMA = "answer"
_FORMAT = "response_format"
_TOO_MUCH = re.compile(r"context.?(length|size|window)", re.IGNORECASE)
_NOT_UNDERSTOOD = (400, 404, 415, 422)
_CUT = "length"
_TOO_LONG = "the language model's answer is longer than its server allows"

# Keywords of a schema that hold schemas by any name.
_NAMED = ("properties", "patternProperties", "$defs", "definitions")

# Those that hold no schemas.
_VALUES = ("const", "enum", "default", "examples", "required")
_LONGEST_WAIT_S = 300


def open_language_model(settings: Llm, meter: Meter = SILENT) -> LanguageModel | None:
    """The model of the settings, or none; connects at its first use."""
    return None if settings.base_url is None else OpenAIModel(settings, meter)


class OpenAIModel:
    """Asks for an answer after the schema; a server that refuses such a request is asked in other
    forms, for any JSON, at last for text. What it took is what it is asked for from then on."""

    def __init__(self, settings: Llm, meter: Meter = SILENT) -> None:
        self._settings, self._meter = settings, meter
        self._way = 0
        self._client: AsyncOpenAI | None = None

    @property
    def name(self) -> str:
        return self._settings.model

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        def tell(seconds: float, outcome: str) -> None:
            self._meter.observe("model_seconds", seconds, outcome=outcome)

        return await measured(tell, self._filled(instructions, text, schema))

    async def _filled(
        self, instructions: str, text: str, schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        closed = _closed(dict(schema))
        ways = _ways(dict(schema), closed)
        for number in range(self._way, len(ways)):
            way, told = ways[number]
            try:
                answer, cut = await self._asked(instructions + told, text, way)
            except _NotUnderstoodError:
                continue
            if closed:  # else it may be the caller's schema that was refused
                self._way = number
            try:
                return json_object(answer)
            except UnfitAnswer:
                if cut:
                    raise UnfitAnswer(_TOO_LONG) from None
                raise
        self._way = 0
        raise UnfitAnswer("the language model refuses the request")

    async def _asked(
        self, instructions: str, text: str, way: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """The answer, and whether it was cut off."""
        # Here, not where the module is loaded: most installations have no model.
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        try:
            completion = await self._connected().chat.completions.create(
                model=self._settings.model,
                messages=[
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": text},
                ],
                **way,
            )
            choice = completion.choices[0]
            answer, cut = choice.message.content or "", choice.finish_reason == _CUT
        except APITimeoutError:
            limit = self._settings.deadline_s
            raise ModelUnavailable(f"no answer from the language model in {limit:g} s") from None
        except APIConnectionError:
            raise ModelUnavailable("the language model cannot be reached") from None
        except APIStatusError as error:
            if _TOO_MUCH.search(error.response.text):
                raise UnfitAnswer("the conversation is longer than the model's context") from None
            if error.status_code in _NOT_UNDERSTOOD or _FORMAT in error.response.text:
                raise _NotUnderstoodError from None  # some servers answer 500 to a format
            message = f"the language model answers with status {error.status_code}"
            raise ModelUnavailable(message, _wait(error.response.headers)) from None
        except (OpenAIError, ValueError, IndexError, AttributeError, TypeError):
            raise ModelUnavailable("the language model's answer is no completion") from None
        self._count(completion.usage)
        return answer, cut

    def _count(self, usage: Any) -> None:
        """As far as the server tells: some leave it out, whole or in part."""
        for kind, name in (("prompt", "prompt_tokens"), ("answer", "completion_tokens")):
            tokens = getattr(usage, name, None)
            if isinstance(tokens, int):
                self._meter.count("model_tokens", tokens, kind=kind)

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI

            logs.discreet()  # the package sets its log level, by its own variable, when imported
            key = self._settings.api_key
            self._client = AsyncOpenAI(
                base_url=self._settings.base_url,
                api_key=key.get_secret_value() if key else "none",
                timeout=self._settings.deadline_s,
                max_retries=0,  # a job is tried again as a whole
            )
        return self._client


class _NotUnderstoodError(Exception):
    """The server does not take a request of this form."""


def _ways(schema: dict[str, Any], closed: bool) -> list[tuple[dict[str, Any], str]]:
    """Forms of a request, the strictest first, and what the instructions say besides. Some servers
    take no bounds in a schema, which keep a small model from going on for ever; some take a
    schema elsewhere, none, or no format at all; and some models take no temperature."""
    asked = f"\n\nAnswer with one JSON object after this JSON schema:\n{json.dumps(schema)}"
    bounds = ((), ("maxLength",), ("maxLength", "maxItems"))
    forms = [
        *(({"response_format": _strict(_without(schema, *words), closed)}, "") for words in bounds),
        ({"response_format": {"type": "json_object", "schema": schema}}, asked),
        ({"response_format": {"type": "json_object"}}, asked),
        ({}, asked),
    ]
    return [({**form, **heat}, told) for form, told in forms for heat in ({"temperature": 0}, {})]


def _strict(schema: dict[str, Any], closed: bool) -> dict[str, Any]:
    form = {"name": _SCHEMA, "schema": schema, "strict": closed}
    return {"type": "json_schema", "json_schema": form}


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all within it."""
    if isinstance(schema, list):
        for part in schema:
            yield from _schemas(part)
    if isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            if name in _NAMED and isinstance(value, dict):
                yield from _schemas([*value.values()])
            elif name not in _VALUES:
                yield from _schemas(value)


def _closed(schema: dict[str, Any]) -> bool:
    """Whether every object in it has all of its properties and no others: the schemas that
    OpenAI's servers take as strict, and all of our own."""
    return all(
        part.get("additionalProperties") is False
        and {*part.get("required", ())} == {*part.get("properties", ())}
        for part in _schemas(schema)
        if part.get("type") == "object"
    )


def _without(schema: Mapping[str, Any], *words: str) -> dict[str, Any]:
    """A copy without these keywords; what is only called so stays."""
    copy = deepcopy(dict(schema))
    for part in [*_schemas(copy)]:
        for word in words:
            part.pop(word, None)
    return copy


def json_object(text: str) -> dict[str, Any]:
    """The first JSON object in a text, whatever is said around it. Raises UnfitAnswer."""
    text = text.rpartition("</think>")[2]  # what a model says to itself
    decoder = json.JSONDecoder(strict=False)  # some write line breaks as they are
    begin = text.find("{")
    while begin >= 0:
        try:
            found, _ = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            begin = text.find("{", begin + 1)
        else:
            return dict(found)
    raise UnfitAnswer("the language model's answer holds no JSON object")


def _wait(headers: Mapping[str, str]) -> int:
    """Seconds that the server asks for; 1 if it does not say."""
    asked = headers.get("retry-after", "")
    return min(max(int(asked), 1), _LONGEST_WAIT_S) if asked.isdecimal() else 1
