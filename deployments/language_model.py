"""The language model behind an OpenAI-compatible API: OpenAI itself, or a server of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from config.settings import Llm
from deployments import logs
from memory.errors import ModelUnavailable
from memory.language import LanguageModel
from memory.metering import SILENT, Meter, measured

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_SCHEMA = "answer"
_FORMAT = "response_format"
_NOT_UNDERSTOOD = (400, 404, 415, 422)
_CUT = "length"
_BOUNDS = ("maxItems", "maxLength")
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
        ways = _ways(schema)
        for number in range(self._way, len(ways)):
            way, told = ways[number]
            try:
                answer = await self._asked(instructions + told, text, way)
            except _NotUnderstoodError:
                continue
            self._way = number
            return json_object(answer)
        self._way = 0
        raise ModelUnavailable("the language model refuses the request")

    async def _asked(self, instructions: str, text: str, way: Mapping[str, Any]) -> str:
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
            if (usage := completion.usage) is not None:
                self._meter.count("model_tokens", usage.prompt_tokens, kind="prompt")
                self._meter.count("model_tokens", usage.completion_tokens, kind="answer")
            choice = completion.choices[0]
            if choice.finish_reason == _CUT:
                raise ModelUnavailable(
                    "the language model's answer is longer than its server allows"
                )
            return choice.message.content or ""
        except APITimeoutError:
            limit = self._settings.deadline_s
            raise ModelUnavailable(f"no answer from the language model in {limit:g} s") from None
        except APIConnectionError:
            raise ModelUnavailable("the language model cannot be reached") from None
        except APIStatusError as error:
            if error.status_code in _NOT_UNDERSTOOD or _FORMAT in error.response.text:
                raise _NotUnderstoodError from None  # some servers answer 500 to a format
            message = f"the language model answers with status {error.status_code}"
            raise ModelUnavailable(message, _wait(error.response.headers)) from None
        except (OpenAIError, ValueError, IndexError, AttributeError, TypeError):
            raise ModelUnavailable("the language model's answer is no completion") from None

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


def _ways(schema: Mapping[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Forms of a request, the strictest first, and what the instructions say besides. Some servers
    take no bounds in a schema, which keep a small model from going on for ever; some models take
    no temperature; some servers take a schema elsewhere, none, or no format at all."""
    cold = {"temperature": 0}
    told = f"\n\nAnswer with one JSON object after this JSON schema:\n{json.dumps(schema)}"
    return [
        ({**_strict(schema), **cold}, ""),
        ({**_strict(_unbounded(schema)), **cold}, ""),
        (_strict(_unbounded(schema)), ""),
        ({"response_format": {"type": "json_object", "schema": dict(schema)}, **cold}, told),
        ({"response_format": {"type": "json_object"}, **cold}, told),
        (cold, told),
        ({}, told),
    ]


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    form = {"name": _SCHEMA, "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def _unbounded(schema: Any) -> Any:
    """A bound is a number: a property may have the same name."""
    if isinstance(schema, list):
        return [_unbounded(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: _unbounded(value)
        for name, value in schema.items()
        if not (name in _BOUNDS and isinstance(value, int))
    }


def json_object(text: str) -> dict[str, Any]:
    """The first JSON object in a text, whatever is said around it. Raises ModelUnavailable."""
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
    raise ModelUnavailable("the language model's answer holds no JSON object")


def _wait(headers: Mapping[str, str]) -> int:
    """Seconds that the server asks for; 1 where it does not say."""
    asked = headers.get("retry-after", "")
    return min(max(int(asked), 1), _LONGEST_WAIT_S) if asked.isdecimal() else 1
