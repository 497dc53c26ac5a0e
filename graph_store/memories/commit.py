"""Turns a transaction into the checks and writes that commit.lua carries out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import orjson

from graph_store.events.entries import events
from graph_store.format import packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.scripts import script
from memory.domain.clock import AT_COMMIT
from memory.domain.jobs import JobState
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.transaction import (
    ERASED,
    DedupClaim,
    EraseMemory,
    Expect,
    PutEdge,
    PutMemory,
    RetractEdge,
    Transaction,
    Write,
)

COMMIT = script("owner", "commit")
ANSWER_S, RESEND_S = 24 * 3600, 600
"""How long an operation is known: with an answer, and without one, where only a connection may
send it again."""
RUNNING = JobState.RUNNING.value
Command = list[str]


def script_call(transaction: Transaction) -> tuple[str | int, ...]:
    """Arguments of the EVAL that commits the transaction."""
    keys = OwnerKeys(transaction.slot)
    fresh = {write.memory.id for write in transaction.writes if isinstance(write, PutMemory)}
    checks: list[Command] = []
    writes: list[Command] = []
    if transaction.job is not None:
        checks.append([RUNNING, "HGET", keys.job(transaction.job), "state"])
    for claim in transaction.claims:
        _claim(keys, claim, checks, writes)
    for write in transaction.writes:
        checks += _checks(keys, write, fresh)
        writes += _writes(keys, write, transaction.now)
    content = {
        "checks": checks,
        "before": transaction.before,
        "events": events(transaction.writes),
        "writes": writes,
    }
    plan = orjson.dumps(content).decode()
    operation = keys.operation(transaction.operation)
    answer = transaction.answer
    told = ("", RESEND_S) if answer is None else (packing.pack_answer(answer), ANSWER_S)
    return ("EVAL", COMMIT, 2, keys.key("clock"), operation, keys.key(""), plan, *told)


def _claim(
    keys: OwnerKeys, claim: DedupClaim, checks: list[Command], writes: list[Command]
) -> None:
    key, field = keys.claim(claim.key), claim.key.field
    checks.append([packing.pack_holdings(claim.was), "HGET", key, field])
    if claim.becomes:
        writes.append(["HSET", key, field, packing.pack_holdings(claim.becomes)])
    else:
        writes.append(["HDEL", key, field])


def _checks(keys: OwnerKeys, write: Write, fresh: set[str]) -> Iterator[Command]:
    match write:
        case (
            PutMemory(previous=Memory() as last)
            | EraseMemory(memory=last)
            | Expect(thing=Memory() as last)
        ):
            yield _unchanged(keys.memory(last.id), last)
        case (
            PutEdge(previous=Edge() as last) | RetractEdge(edge=last) | Expect(thing=Edge() as last)
        ):
            yield _unchanged(keys.edge(last.id), last)
        case PutEdge(edge=edge):
            for end in {edge.source, edge.target} - fresh:
                yield [packing.FORMAT, "GETRANGE", keys.memory(end), "0", "0"]
            if edge.relation == SUPERSEDES:
                yield ["", "HGET", keys.key("sb"), edge.target]


def _unchanged(key: str, last: Memory | Edge) -> Command:
    return [packing.head(last), "GETRANGE", key, "0", str(packing.HEAD - 1)]


def _writes(keys: OwnerKeys, write: Write, now: int) -> Iterator[Command]:
    match write:
        case PutMemory(memory=memory, previous=previous):
            yield from _put_memory(keys, memory, previous, now)
        case EraseMemory(memory=memory):
            yield from _erase(keys, memory)
        case PutEdge(edge=edge, previous=previous):
            if previous is not None:
                gone = replace(previous, retracted_at=AT_COMMIT)
                yield from _leave_adjacency(keys, previous)
                yield ["ZADD", keys.key("ev", edge.id), packing.MICROS, packing.pack_edge(gone)]
            elif edge.relation == SUPERSEDES:
                yield ["HSET", keys.key("sb"), edge.target, packing.pack_successor(edge.source)]
            yield from _put_edge(keys, edge)
        case RetractEdge(edge=edge):
            yield from _leave_adjacency(keys, edge)
            gone = replace(edge, retracted_at=AT_COMMIT)
            yield ["SET", keys.edge(edge.id), packing.pack_edge(gone)]


def _put_memory(
    keys: OwnerKeys, memory: Memory, previous: Memory | None, now: int
) -> Iterator[Command]:
    if previous is None:
        created = packing.score(memory.created_at)
        yield ["ZADD", keys.key("ix"), created, memory.id]
        if memory.scope.session_id:
            yield ["ZADD", keys.session(memory.scope.session_id), created, memory.id]
    else:
        gone = replace(previous, retracted_at=AT_COMMIT)
        yield ["ZADD", keys.key("mv", memory.id), packing.MICROS, packing.pack_memory(gone)]
    yield ["SET", keys.memory(memory.id), packing.pack_memory(memory)]
    if memory.valid_to is not None or memory.valid_from > now:
        yield ["ZADD", keys.key("bd"), packing.score(memory.valid_to), memory.id]
    elif previous is not None:
        yield ["ZREM", keys.key("bd"), memory.id]
    yield ["HSET", keys.key("ob"), memory.id, str(memory.version)]


def _erase(keys: OwnerKeys, memory: Memory) -> Iterator[Command]:
    yield ["ERASE", memory.id]
    yield ["DEL", keys.memory(memory.id), keys.key("mv", memory.id)]
    yield ["ZREM", keys.key("ix"), memory.id]
    yield ["ZREM", keys.key("bd"), memory.id]
    if memory.scope.session_id:
        yield ["ZREM", keys.session(memory.scope.session_id), memory.id]
    yield ["HDEL", keys.key("sb"), memory.id, *memory.supersedes]
    yield ["ZADD", keys.key("tomb"), packing.MICROS, memory.id]
    yield ["HSET", keys.key("ob"), memory.id, ERASED]


def _put_edge(keys: OwnerKeys, edge: Edge) -> Iterator[Command]:
    end = packing.score(edge.valid_to)
    yield ["SET", keys.edge(edge.id), packing.pack_edge(edge)]
    for key, outgoing in _ends(keys, edge):
        yield ["ZADD", keys.key(key), end, packing.member(edge, outgoing)]


def _leave_adjacency(keys: OwnerKeys, edge: Edge) -> Iterator[Command]:
    """A version's members move to the retracted sets of both ends."""
    for key, outgoing in _ends(keys, edge):
        text = packing.member(edge, outgoing)
        yield ["ZREM", keys.key(key), text]
        yield ["ZADD", keys.key(f"x{key}"), packing.MICROS, text]


def _ends(keys: OwnerKeys, edge: Edge) -> tuple[tuple[str, bool], tuple[str, bool]]:
    return (f"o:{edge.source}", True), (f"i:{edge.target}", False)
