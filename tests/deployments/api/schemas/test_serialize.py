"""Answers as they are written: exactly the fields of their shapes, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_type_hints

import orjson

from deployments.api.schemas import responses, serialize
from memory.domain.errors import NotFound
from memory.domain.memory import Edge, Memory, Scope
from memory.domain.results import Added, Found, Neighbourhood, Related, Relationships, Similar

TIMES = {"valid_from": 1, "recorded_at": 1, "created_at": 1}
MEMORY = Memory(id="mem_1", content="likes tea", scope=Scope("alice"), **TIMES)
EDGE = Edge(id="rel_1", source="mem_1", target="mem_2", relation="KNOWS", **TIMES)
OPTIONAL = {"superseded", "superseded_by"}


def fields(shape: Any) -> list[str]:
    return [name for name in get_type_hints(shape) if name not in OPTIONAL]


def test_fields_come_in_the_order_of_their_shape() -> None:
    assert [*serialize.memory_out(MEMORY)] == fields(responses.MemoryOut)
    assert [*serialize.version_out(MEMORY)] == fields(responses.VersionOut)
    assert [*serialize.edge_out(EDGE)] == fields(responses.RelationshipOut)
    assert [*serialize.found_out(Found(MEMORY, 0.5, 0.5, 0.5))] == fields(responses.FoundOut)
    assert [*serialize.error_out(NotFound("x"), "id")] == fields(responses.ErrorOut)


def test_a_successor_is_told_only_if_there_is_one() -> None:
    out = serialize.memory_out(replace(MEMORY, superseded_by="mem_2"))
    assert (out["superseded"], out["superseded_by"]) == (True, "mem_2")
    assert OPTIONAL.isdisjoint(serialize.memory_out(MEMORY))


def test_an_add_tells_what_was_there_already_and_what_is_similar() -> None:
    plain = serialize.added_out(Added(MEMORY))
    assert {"deduplicated", "similar_to"}.isdisjoint(plain)
    near = Similar(MEMORY, 0.9999999)
    whole: Any = serialize.added_out(Added(MEMORY, True, ("metadata",), [near]))
    assert (whole["deduplicated"], [*whole["not_stored"]]) == (True, ["metadata"])
    assert whole["similar_to"] == [{"id": "mem_1", "content": "likes tea", "cosine": 1.0}]


def test_a_hit_without_its_edge_is_an_id_and_a_path() -> None:
    way = ("mem_0", "mem_1")
    bare = Related(MEMORY, "KNOWS", 1, way, None)
    found = serialize.neighbourhood_out(Neighbourhood([bare], truncated=False))
    assert found["memories"] == [{"id": "mem_1", "relation": "KNOWS", "depth": 1, "path": way}]
    whole = serialize.related_out(Related(MEMORY, "KNOWS", 1, way, EDGE))
    assert [*whole] == fields(responses.RelatedOut)


def test_a_list_of_edges_says_only_that_it_was_cut() -> None:
    assert serialize.relationships_out(Relationships([])) == {"relationships": []}
    assert serialize.relationships_out(Relationships([EDGE], True))["truncated"] is True


def test_a_derived_edge_has_no_id() -> None:
    assert serialize.edge_out(replace(EDGE, id="", relation="FOLLOWS"))["id"] is None


def test_answers_are_plain_data() -> None:
    answer = serialize.Json(serialize.memory_out(MEMORY))
    assert orjson.loads(answer.body)["content"] == "likes tea"
    assert answer.headers["content-type"] == "application/json"
