"""The shapes of answers, as /openapi.json tells them."""

from __future__ import annotations

from tests.deployments.api.documented import document


def test_what_is_not_always_there_is_not_required() -> None:
    schemas = document()["components"]["schemas"]
    memory = schemas["MemoryOut"]
    optional = {*memory["properties"]} - {*memory["required"]}
    assert optional == {"superseded", "superseded_by"}
    added, known = schemas["AddedOut"], schemas["DeduplicatedOut"]
    assert "similar_to" not in added["required"]
    assert {*known["required"]} - {*added["required"]} == {"deduplicated", "not_stored"}


def test_every_field_of_every_answer_has_a_type() -> None:
    schemas = document()["components"]["schemas"]
    shapes = [schema for name, schema in schemas.items() if name.endswith("Out")]
    fields = [field for shape in shapes for field in shape.get("properties", {}).values()]
    assert len(shapes) > 60
    assert len(fields) > 200
    for field in fields:
        assert field.keys() & {"type", "anyOf", "$ref"}, field
