"""Metadata as tokens that both vector stores index alike."""

from __future__ import annotations

from memory.domain.metadata_tokens import metadata_tokens


def test_tokens_tell_types_apart_but_not_1_from_1_0() -> None:
    def token(value: object) -> tuple[str, ...]:
        return metadata_tokens({"k": value}, ())

    assert token(1) == token(1.0)
    assert len({token(1), token("1"), token(True), token(None), token(1.5), token("true")}) == 6
    assert set(metadata_tokens({"k": ["a", "b", {"x": 1}]}, ["c"])) == {
        *token("a"),
        *token("b"),
        "c=c",
    }
    assert metadata_tokens({"a=s:b": "c"}, ()) != metadata_tokens({"a": "b=s:c"}, ())
    assert metadata_tokens({"k": {"deep": 1}}, ()) == ()


def test_long_and_blank_ended_values_are_hashed_apart() -> None:
    long, longer = "x" * 300, "x" * 301
    found = {metadata_tokens({"k": value}, ())[0] for value in (long, longer, " a", "a ", "a")}
    assert len(found) == 5
    assert max(map(len, found)) <= 256
