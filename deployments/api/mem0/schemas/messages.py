"""A conversation as Mem0's clients write it: a text, a message, or a list of messages, whose
content is a text, a part, or a list of parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from deployments.api.errors import invalid
from deployments.api.schemas.fields import Content, Entity, Role
from memory.domain.conversation import Said
from memory.domain.errors import InvalidInput

MAX_MESSAGES = 1_000

_CONTENT: TypeAdapter[str] = TypeAdapter(Content)
_ROLE: TypeAdapter[str] = TypeAdapter(Role)
_NAME: TypeAdapter[str] = TypeAdapter(Entity)
_ROLES_BY_TYPE = {"human": "user", "ai": "assistant"}


def said(messages: Any) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """The messages that have a text, and what of them is none: images and documents are not
    stored. Messages without content are calls of tools, and say nothing. Raises InvalidInput."""
    if isinstance(messages, str | Mapping):
        messages = [messages]
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise InvalidInput(f"messages: a list of 1 to {MAX_MESSAGES} messages")
    spoken: list[Said] = []
    unused: list[str] = []
    for number, message in enumerate(messages):
        field = f"messages[{number}]"
        if isinstance(message, str):
            message = {"content": message}
        if not isinstance(message, Mapping):
            raise InvalidInput(f"{field}: an object with role and content, or a text")
        texts, others = _parts(message.get("content"), field)
        unused += [f"{field}: {kind}" for kind in others]
        if any(text.strip() for text in texts):
            spoken.append(_said(message, "\n".join(texts), field))
    return tuple(spoken), tuple(unused)


def _said(message: Mapping[str, Any], text: str, field: str) -> Said:
    role = message.get("role") or "user"
    name = message.get("name")
    if isinstance(role, str):
        role = _ROLES_BY_TYPE.get(role.lower(), role.lower())
    return Said(
        _valid(_ROLE, role, f"{field}.role"),
        _valid(_CONTENT, text, f"{field}.content"),
        None if name in (None, "") else _valid(_NAME, name, f"{field}.name"),
    )


def _valid(kind: TypeAdapter[str], value: Any, field: str) -> str:
    try:
        return kind.validate_python(value, strict=True)
    except ValidationError as error:
        raise InvalidInput(f"{field}: {invalid(error.errors()).message}") from None


def _parts(content: Any, field: str) -> tuple[list[str], list[str]]:
    """The texts of a content, and the types of its other parts."""
    texts, others = [], []
    for part in _listed(content):
        match part:
            case str():
                texts.append(part)
            case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
                texts.append(text)
            case {"type": str(kind)}:
                others.append(kind[:64])
            case _:
                raise InvalidInput(f"{field}.content: a text, or parts that each have a type")
    return texts, others


def _listed(content: Any) -> Iterator[Any]:
    if content is None:
        return
    if isinstance(content, list):
        yield from content
    else:
        yield content
