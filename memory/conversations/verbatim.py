"""A conversation as it stands: every message that somebody said becomes a memory."""

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

# The role of instructions, which nobody said.
SYSTEM = "system"
# What only a language model can act on: Mem0's name of it, and the field of a Conversation.
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
    """A draft of every message that somebody said, in order."""
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
    """A conversation as JSON, which `unpacked` reads."""
    return asdict(conversation)


def unpacked(request: Mapping[str, Any]) -> Conversation:
    """The conversation that was `packed`."""
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
    """The messages that somebody said, without empty ones and those of the system."""
    return [said for said in conversation.messages if said.role != SYSTEM and said.content.strip()]


def how_remembered(conversation: Conversation) -> dict[str, Any]:
    """The details of a job that needed no language model. They name what had no effect."""
    reason = _NO_MODEL if conversation.infer else "none: infer is false"
    if conversation.supersedes:
        reason = "none: the message says itself what it replaces"
    idle = [name for name, field in _ONLY_INFERRED.items() if getattr(conversation, field)]
    return {"inference": reason, "not_applied": [*idle, *conversation.unused]}


def event_of(added: Added) -> str:
    """What became of a draft, as memory.domain.jobs.Outcome calls it."""
    if added.deduplicated:
        return "NONE"
    return "UPDATE" if added.memory.supersedes else "ADD"


async def stored(
    add: Add, caller: Caller, drafts: Sequence[NewMemory], details: dict[str, Any]
) -> tuple[Ending, dict[str, Memory]]:
    """Store every draft as it stands; returns the ending of the job, and the memories by id.

    Refusals are told in the details. If every draft is refused, the first refusal is raised.
    """
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
