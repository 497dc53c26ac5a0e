"""What Mem0's clients read of a memory besides what ours do."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from deployments.api.mem0.schemas import serialize
from memory.domain.clock import now, parse_instant
from memory.domain.jobs import Job, JobKind, JobState
from memory.domain.memory import Memory, Scope, VersionEvent
from memory.domain.results import Found

SUNDAY = parse_instant("2026-03-01T09:30:00Z", "sunday")
MEMORY = Memory(
    id="mem_1",
    scope=Scope("alice"),
    created_at=now(),
    version=1,
    event=VersionEvent.ADD,
    content="likes tea",
    valid_from=SUNDAY,
    valid_to=None,
    recorded_at=now(),
)


def test_a_memory_was_created_when_it_became_valid() -> None:
    out = serialize.memory_out(MEMORY)
    assert out["created_at"] == "2026-03-01T09:30:00.000000Z"
    parts = out["structured_attributes"]
    assert (parts["day_of_week"], parts["is_weekend"], parts["quarter"]) == ("Sun", True, 1)
    assert (parts["day_of_year"], parts["week_of_year"], parts["hour"]) == (60, 9, 9)
    assert out["hash"] == hashlib.md5(b"likes tea", usedforsecurity=False).hexdigest()


def test_what_became_of_a_memory() -> None:
    assert serialize.memory_out(MEMORY)["lifecycle_state"] == "active"
    over = replace(MEMORY, valid_to=SUNDAY + 1)
    assert serialize.memory_out(over)["lifecycle_state"] == "expired"
    out = serialize.memory_out(replace(over, superseded_by="mem_2"))
    assert (out["lifecycle_state"], out["replaced_by"]) == ("superseded", "mem_2")


def test_a_score_is_between_0_and_1() -> None:
    for score, told in ((1.7, 1.0), (-0.2, 0.0), (0.1234567, 0.123457)):
        found = Found(MEMORY, score, cosine=0.5, coverage=0.25)
        out = serialize.found_out(found)
        assert out["score"] == told
        assert out["score_breakdown"] == {"semantic": 0.5, "bm25": 0.25, "entity": 0.0}


def test_a_memory_has_its_id_and_the_fields_asked_for() -> None:
    memories = [{"id": "a", "memory": "x", "hash": "h"}]
    assert serialize.projected(memories, ["memory", "unknown"]) == [{"id": "a", "memory": "x"}]
    assert serialize.projected(memories, None) == memories


def test_an_add_that_goes_on_is_pending() -> None:
    job = Job(id="job", kind=JobKind.ADD, state=JobState.RUNNING)
    assert serialize.added_out(job, graph=True) == {
        "message": "Memory processing has been queued",
        "status": "PENDING",
        "event_id": "job",
    }
    done = serialize.added_out(replace(job, state=JobState.SUCCEEDED), graph=True)
    assert (done["message"], done.get("relations")) == ("nothing to store", [])
