"""A conversation as it stands: a memory of every message that somebody said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from memory.domain.caller import Caller
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import Refused
from memory.domain.jobs import Ending
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.write.add import Add

SYSTEM = "system"
# What only a language model can act on, as Mem0's clients call it, and in a Conversation.
_ONLY_INFERRED = {
    "custom_instructions": "instructions",
    "agent_custom_instructions": "agent_instructions",
    "includes": "includes",
    "excludes": "excludes",
    "custom_categories": "categories",
    "enable_graph": "graph",
}
_NO_MODEL = "none: no language model is configured"


def verbatim(conversation: Conversation) -> list[NewMemory]:
    """A draft for every message that somebody said, in order: what a system is told is none."""
    return [
        NewMemory(
            content=said.content,
            scope=conversation.scope,
            metadata=conversation.metadata,
            valid_from=conversation.said_at,
            valid_to=conversation.valid_to,
            supersedes=conversation.supersedes,
            dedup=conversation.infer,
            immutable=conversation.immutable,
            role=said.role,
            actor_id=said.name,
        )
        for said in spoken(conversation)
    ]


def packed(conversation: Conversation) -> dict[str, Any]:
    """As JSON that `unpacked` reads."""
    return asdict(conversation)


def unpacked(request: Mapping[str, Any]) -> Conversation:
    categories = request["categories"]
    fields = {
        **request,
        "messages": tuple(Said(**said) for said in request["messages"]),
        "scope": Scope(**request["scope"]),
        "categories": categories and tuple((name, text) for name, text in categories),
        "supersedes": tuple(request["supersedes"]),
        "unused": tuple(request["unused"]),
    }
    return Conversation(**fields)


def spoken(conversation: Conversation) -> list[Said]:
    return [said for said in conversation.messages if said.role != SYSTEM and said.content.strip()]


def how_remembered(conversation: Conversation) -> dict[str, Any]:
    """The details of a job that needed no language model: what of the request had no effect."""
    reason = _NO_MODEL if conversation.infer else "none: infer is false"
    if conversation.supersedes:
        reason = "none: the message says itself what it replaces"
    idle = [name for name, field in _ONLY_INFERRED.items() if getattr(conversation, field)]
    return {"inference": reason, "not_applied": [*idle, *conversation.unused]}


def event_of(added: Added) -> str:
    """What became of a draft (memory.domain.jobs.Outcome)."""
    if added.deduplicated:
        return "NONE"
    return "UPDATE" if added.memory.supersedes else "ADD"


async def stored(
    add: Add, caller: Caller, drafts: Sequence[NewMemory], details: dict[str, Any]
) -> tuple[Ending, dict[str, Memory]]:
    """Every draft as it stands. What is refused is told, unless nothing else was asked for."""
    answers = await add.add(caller, drafts)
    added = [answer for answer in answers if isinstance(answer, Added)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    if refused and not added:
        raise refused[0].error()
    if refused:
        details["refused"] = [
            {"message": index, "code": answer.code, "reason": answer.message}
            for index, answer in enumerate(answers)
            if isinstance(answer, Refused)
        ]
    outcomes = tuple((event_of(answer), answer.memory.id) for answer in added)
    return Ending(outcomes, (), details), {answer.memory.id: answer.memory for answer in added}
