"""Versions as strings: nothing is lost, and text order is time order."""

from hypothesis import given
from hypothesis import strategies as st

from graph_store.format import packing
from memory.domain.clock import AT_COMMIT, EARLIEST, LATEST
from memory.domain.memory import Memory, Scope, VersionEvent
from memory.domain.transaction import Holding

instants = st.integers(EARLIEST, LATEST - 1)
ends = st.none() | instants
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
memories = st.builds(
    Memory,
    id=st.just("mem_1"),
    content=texts.filter(bool),
    scope=st.builds(Scope, user_id=texts.filter(bool), session_id=st.none() | texts.filter(bool)),
    metadata=st.dictionaries(texts, json, max_size=3),
    categories=st.lists(texts, max_size=3).map(tuple),
    supersedes=st.lists(texts, max_size=2).map(tuple),
    created_at=instants,
    recorded_at=instants,
    retracted_at=ends,
    valid_from=instants,
    valid_to=ends,
    version=st.integers(1, 10**8 - 1),
    event=st.sampled_from(VersionEvent),
)


@given(memories)
def test_a_memory_comes_back_as_it_was(memory: Memory) -> None:
    packed = packing.pack_memory(memory)
    assert packing.unpack_memory("mem_1", packed) == memory
    assert packed.startswith(packing.head(memory))
    assert packing.STAMP not in packed
    assert packing.MICROS not in packed


@given(instants, instants)
def test_stamps_sort_as_the_instants_do(one: int, two: int) -> None:
    assert (packing.stamp(one) < packing.stamp(two)) == (one < two)
    assert packing.stamp(one) < packing.stamp(None)
    assert float(packing.score(one)) == one


@given(st.lists(st.builds(Holding, st.just("mem_1"), instants, ends), max_size=4).map(tuple))
def test_holdings_come_back(holdings: tuple[Holding, ...]) -> None:
    assert packing.unpack_holdings(packing.pack_holdings(holdings)) == holdings


def test_the_record_time_is_left_to_the_script() -> None:
    memory = Memory(id="mem_1", content="a\\u0000b", scope=Scope(user_id="u"))
    assert packing.pack_memory(memory).count(packing.STAMP) == 3
    assert packing.score(AT_COMMIT) == packing.MICROS
