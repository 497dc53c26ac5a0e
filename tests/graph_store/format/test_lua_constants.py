"""What Lua is told of the format is what Python writes."""

from __future__ import annotations

from graph_store.format import layout, packing
from graph_store.format.keys import KeyKind
from graph_store.format.lua_constants import CONSTANTS, prelude
from memory.domain.memory import Edge, Memory, Scope

MEMORY = Memory(
    id="mem_1", content="a", scope=Scope(user_id="u"), created_at=1, recorded_at=2, retracted_at=3,
    valid_from=4, valid_to=5, version=6,
)  # fmt: skip


def sub(text: str, name: str) -> str:
    """As string.sub in Lua: from 1, with the last character."""
    first, last = CONSTANTS[f"{name}_FIRST"], CONSTANTS[f"{name}_LAST"]
    assert isinstance(first, int)
    assert isinstance(last, int)
    return text[first - 1 : last]


def test_each_time_of_a_head_is_where_lua_looks_for_it() -> None:
    packed = packing.pack_memory(MEMORY)
    for name in packing.HEAD_TIMES:
        assert sub(packed, name.upper()) == packing.stamp(getattr(MEMORY, name))


def test_each_part_of_a_member_is_where_lua_looks_for_it() -> None:
    edge = Edge(
        id="rel_1", source="mem_1", target="mem_2", relation="LIKES",
        valid_from=1, valid_to=2, recorded_at=3,
    )  # fmt: skip
    packed = packing.pack_member(edge, outgoing=True)
    for name in packing.MEMBER_TIMES:
        assert sub(packed, f"MEMBER_{name.upper()}") == packing.stamp(getattr(edge, name))
    first = CONSTANTS["MEMBER_RELATION_FIRST"]
    assert isinstance(first, int)
    assert packed[first - 1 :] == "LIKES|mem_2|rel_1"


def test_a_version_is_where_getrange_looks_for_it() -> None:
    start, end = CONSTANTS["VERSION_START"], CONSTANTS["HEAD_END"]
    assert isinstance(start, int)
    assert isinstance(end, int)
    packed = packing.pack_memory(MEMORY)
    assert packed[start : end + 1] == "00000006"
    assert packed[end + 1] == "{"


def test_a_script_is_told_what_it_names_and_no_more() -> None:
    assert prelude("return redis.call('GET', KEYS[1])") == ""
    text = prelude("redis.call('GET', ARGV[1] .. KEY_MEMORY .. id, 0, HEAD_END)")
    assert text == f"local HEAD_END, KEY_MEMORY = {packing.HEAD - 1}, '{KeyKind.MEMORY}'\n"
    assert prelude("MIRRORS").count("=") == 1 + len(layout.MIRRORS)


def test_no_constant_could_break_out_of_its_quotes() -> None:
    assert not any("'" in str(value) for value in CONSTANTS.values() if isinstance(value, str))
