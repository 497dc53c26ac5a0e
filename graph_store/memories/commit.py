"""Commits: a transaction becomes the checks and writes that commit.lua carries out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson

from graph_store.events.entries import events
from graph_store.format import layout, packing
from graph_store.format.keys import OwnerKeys
from graph_store.format.layout import WriteCommand
from graph_store.memories import versions
from graph_store.memories.clock import now_call
from graph_store.redis.connection import Command, Connection
from graph_store.redis.scripts import script
from memory.domain.clock import AT_COMMIT
from memory.domain.idempotency import Commit
from memory.domain.jobs import JobState
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.transaction import (
    Briefing,
    DedupClaim,
    DedupKey,
    EraseMemory,
    Expect,
    Holding,
    PutEdge,
    PutMemory,
    RetractEdge,
    Standing,
    Transaction,
    Write,
)

# How long an operation is known: with an answer, and without one, when only a connection may send
# it again.
ANSWER_S, RESEND_S = 24 * 3600, 600
_COMMIT = script("lib/owner", "memories/commit")
_RUNNING = JobState.RUNNING.value
# What a command has to answer, and the command.
_Check = list[str]


class RedisCommits:
    """What a write reads first, and what it writes then."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def brief(
        self, slot: str, claims: Sequence[DedupKey] = (), memory_ids: Sequence[str] = ()
    ) -> Briefing:
        owner = OwnerKeys(slot)
        commands: list[Command] = [("HGET", owner.claim(claim), claim.field) for claim in claims]
        if memory_ids:
            commands += [
                *versions.memory_commands(owner, memory_ids),
                ("HMGET", owner.outbox, *memory_ids),
            ]
        # The clock comes last, so that it is not behind anything that was read.
        *answers, (now, _) = await self._redis.run(*commands, now_call(owner))
        held: dict[DedupKey, tuple[Holding, ...]] = {
            claim: packing.unpack_holdings(text)
            for claim, text in zip(claims, answers, strict=False)
        }
        standings = {}
        if memory_ids:
            memories = versions.take_memories(memory_ids, iter(answers[-3:-1]))
            pending = dict(zip(memory_ids, answers[-1], strict=True))
            standings = {
                memory_id: Standing(memory, pending[memory_id] is not None)
                for memory_id, memory in memories.items()
            }
        return Briefing(int(now), held, standings)

    async def commit(self, transactions: Sequence[Transaction]) -> list[Commit | None]:
        marks = {
            transaction.slot: layout.dirty_mark(transaction.slot, transaction.now)
            for transaction in transactions
            if any(isinstance(write, PutMemory | EraseMemory) for write in transaction.writes)
        }
        answers = await self._redis.run(*marks.values(), *map(_commit_call, transactions))
        return [
            packing.unpack_commit(*kept) if done else None for done, *kept in answers[len(marks) :]
        ]

    async def committed(self, operations: Sequence[tuple[str, str]]) -> list[Commit | None]:
        answers = await self._redis.run(
            *(("GET", OwnerKeys(slot).operation(operation)) for slot, operation in operations)
        )
        return [None if kept is None else packing.unpack_commit(kept) for kept in answers]


def _commit_call(transaction: Transaction) -> Command:
    owner = OwnerKeys(transaction.slot)
    fresh = {write.memory.id for write in transaction.writes if isinstance(write, PutMemory)}
    checks: list[_Check] = []
    writes: list[WriteCommand] = []
    if transaction.job is not None:
        checks.append([_RUNNING, "HGET", owner.job(transaction.job), "state"])
    for claim in transaction.claims:
        checks.append(_holds(owner, claim))
        writes.append(layout.put_claim(owner, claim.key, claim.becomes))
    for write in transaction.writes:
        checks += _checks(owner, write, fresh)
        writes += _writes(owner, write, transaction.now)
    content = {
        "checks": checks,
        "before": transaction.before,
        "events": events(transaction.writes),
        "writes": writes,
    }
    plan = orjson.dumps(content).decode()
    answer = transaction.answer
    told = ("", RESEND_S) if answer is None else (packing.pack_answer(answer), ANSWER_S)
    names = (owner.clock, owner.operation(transaction.operation))
    return _COMMIT.call(names, owner.prefix, plan, *told)


def _checks(owner: OwnerKeys, write: Write, fresh: set[str]) -> Iterator[_Check]:
    match write:
        case (
            PutMemory(previous=Memory() as last)
            | EraseMemory(memory=last)
            | Expect(thing=Memory() as last)
        ):
            yield _unchanged(owner.memory(last.id), last)
        case (
            PutEdge(previous=Edge() as last) | RetractEdge(edge=last) | Expect(thing=Edge() as last)
        ):
            yield _unchanged(owner.edge(last.id), last)
        case PutEdge(edge=edge):
            for end in {edge.source, edge.target} - fresh:
                yield [packing.FORMAT, "GETRANGE", owner.memory(end), "0", "0"]
            if edge.relation == SUPERSEDES:
                yield ["", "HGET", owner.successors, edge.target]


def _unchanged(key: str, last: Memory | Edge) -> _Check:
    return [packing.head(last), "GETRANGE", key, "0", str(packing.HEAD - 1)]


def _holds(owner: OwnerKeys, claim: DedupClaim) -> _Check:
    return [packing.pack_holdings(claim.was), "HGET", owner.claim(claim.key), claim.key.field]


def _writes(owner: OwnerKeys, write: Write, now: int) -> Iterator[WriteCommand]:
    match write:
        case PutMemory(memory=memory, previous=previous):
            yield from _put_memory(owner, memory, previous, now)
        case EraseMemory(memory=memory):
            yield from layout.erase_memory(owner, memory)
        case PutEdge(edge=edge, previous=previous):
            if previous is not None:
                gone = replace(previous, retracted_at=AT_COMMIT)
                yield from layout.leave_ends(owner, previous)
                yield from layout.join_ends(owner, gone)
                yield layout.put_earlier_edge(owner, gone)
            elif edge.relation == SUPERSEDES:
                yield layout.put_successor(owner, edge)
            yield layout.put_edge(owner, edge)
            yield from layout.join_ends(owner, edge)
        case RetractEdge(edge=edge):
            gone = replace(edge, retracted_at=AT_COMMIT)
            yield from layout.leave_ends(owner, edge)
            yield from layout.join_ends(owner, gone)
            yield layout.put_edge(owner, gone)


def _put_memory(
    owner: OwnerKeys, memory: Memory, previous: Memory | None, now: int
) -> Iterator[WriteCommand]:
    if previous is None:
        yield from layout.list_memory(owner, memory)
    else:
        yield layout.put_earlier_memory(owner, replace(previous, retracted_at=AT_COMMIT))
    yield layout.put_memory(owner, memory)
    if memory.valid_to is not None or memory.valid_from > now:
        yield layout.bound(owner, memory)
    elif previous is not None:
        yield layout.unbound(owner, memory)
    yield layout.put_in_outbox(owner, memory)
