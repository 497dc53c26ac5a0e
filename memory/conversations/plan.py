"""What a language model decided about a conversation: kept as JSON, then made into changes.

These are pure functions. A plan is kept before it is applied, so that every attempt applies the
same one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from memory.conversations.extraction_prompt import Fact, Link, Reading
from memory.domain.conversation import Conversation, Said
from memory.domain.memory import RESERVED_RELATIONS, Memory, NewEdge, NewMemory

# The relation of a relationship whose words make no relation.
_UNLABELLED = "related_to"


def packed_plan(model: str, at: int, shown: Sequence[Memory], reading: Reading) -> dict[str, Any]:
    """A plan as JSON. `at` is when the conversation was held, microseconds, and `shown` are the
    memories that the model saw, in the order in which the reading counts them."""
    return {
        "model": model,
        "at": at,
        "shown": [memory.id for memory in shown],
        "facts": [asdict(fact) for fact in reading.facts],
        "links": [asdict(link) for link in reading.links],
    }


def reading_of(plan: Mapping[str, Any]) -> Reading:
    """The facts and the links that a plan keeps."""
    facts = [
        Fact(
            **{
                **fact,
                "categories": tuple(fact["categories"]),
                "speaker": Said(**fact["speaker"]) if fact["speaker"] else None,
            }
        )
        for fact in plan["facts"]
    ]
    links = [
        Link(
            link["source"],
            link["relationship"],
            link["target"],
            (link["source_in"][0], link["source_in"][1]),
            (link["target_in"][0], link["target_in"][1]),
        )
        for link in plan["links"]
    ]
    return Reading(tuple(facts), tuple(links))


def drafts(
    conversation: Conversation, facts: Sequence[Fact], targets: Sequence[Memory | None], at: int
) -> dict[int, NewMemory]:
    """The memories to add, each by the position of its fact.

    `targets` are the memories that the facts are about, as they stand. Each is replaced at most
    once; a fact whose target cannot be replaced is added beside it.
    """
    found: dict[int, NewMemory] = {}
    replaced: set[str] = set()
    for position, (fact, target) in enumerate(zip(facts, targets, strict=True)):
        if fact.decision in ("ADD", "UPDATE"):
            old = target if fact.decision == "UPDATE" else None
            if old and (old.id in replaced or not replaceable(old)):
                old = None
            found[position] = _draft(conversation, fact, old, at)
            replaced.update(found[position].supersedes)
    return found


def replaceable(memory: Memory) -> bool:
    """Whether a fact may replace a memory or end it."""
    return not memory.immutable and memory.superseded_by is None and memory.valid_to is None


def edge_of(link: Link, source: str, target: str) -> NewEdge:
    """The edge between the two memories that tell of the ends of a link."""
    told = {"source": link.source, "relationship": link.relationship, "target": link.target}
    return NewEdge(source=source, target=target, relation=_label(link.relationship), metadata=told)


def _draft(conversation: Conversation, fact: Fact, old: Memory | None, at: int) -> NewMemory:
    """A fact as a memory. It supersedes `old` if the conversation's times allow that."""
    since = at if fact.valid_from is None else fact.valid_from
    valid_to = conversation.valid_to
    if valid_to is not None and since >= valid_to:
        since = min(at, valid_to - 1)
    if old is not None and valid_to is not None and old.valid_from + 1 >= valid_to:
        old = None
    if old is not None and since <= old.valid_from:
        since = old.valid_from + 1
    speaker = fact.speaker
    return NewMemory(
        content=fact.text,
        scope=conversation.scope,
        metadata={**(old.metadata if old else {}), **conversation.metadata},
        categories=fact.categories or (old.categories if old else ()),
        valid_from=since,
        valid_to=valid_to,
        supersedes=(old.id,) if old else (),
        immutable=conversation.immutable,
        role=speaker.role if speaker else None,
        actor_id=speaker.name if speaker else None,
    )


def _label(relationship: str) -> str:
    """A relation that the graph takes. The words themselves stay in the edge's metadata."""
    found = re.sub(r"[^A-Za-z0-9_.-]+", "_", relationship).strip("_.-")[:64]
    if not re.match(r"[A-Za-z]", found):
        return _UNLABELLED
    return found.lower() if found in RESERVED_RELATIONS else found
