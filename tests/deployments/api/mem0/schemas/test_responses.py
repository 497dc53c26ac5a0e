"""The shapes of answers to Mem0's clients, as /openapi.json tells them."""

from __future__ import annotations

from tests.deployments.api.documented import document


def test_a_memory_has_all_that_ours_has_and_more() -> None:
    schemas = document()["components"]["schemas"]
    ours, theirs = schemas["MemoryOut"], schemas["Mem0MemoryOut"]
    assert {*theirs["properties"]} - {*ours["properties"]} == {
        "hash",
        "structured_attributes",
        "replaced_by",
        "synthesized",
        "lifecycle_state",
    }
    assert {*ours["required"]} <= {*theirs["required"]}


def test_of_a_listed_memory_only_the_id_is_always_there() -> None:
    schemas = document()["components"]["schemas"]
    listed, found = schemas["ListedOut"], schemas["Mem0FoundOut"]
    assert listed["properties"].keys() == schemas["Mem0MemoryOut"]["properties"].keys()
    assert listed["required"] == found["required"] == ["id"]
    assert {"score", "score_breakdown", "score_details"} <= found["properties"].keys()
