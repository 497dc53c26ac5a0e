"""Points of versions: each text is embedded once, and none that is known already."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from memory.index.points import Points
from memory.ports.models import Vectors
from tests.memory.given import memory
from tests.word_embedder import WordEmbedder


class ListeningEmbedder(WordEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[list[str]] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.heard.append([*texts])
        return await super().embed(texts)


async def test_a_point_has_the_vector_the_words_and_the_tokens_of_its_memory() -> None:
    embedder = ListeningEmbedder()
    version = memory("likes green teas", metadata={"n": 1}, categories=("food",))
    (point,) = await Points(embedder).of([version], {})
    assert point.memory == version
    assert (point.vector == (await embedder.embed([version.content]))[0]).all()
    assert point.terms == ("like", "green", "tea")
    assert point.metadata_tokens == ("c=food", "m:1:n=n:1")


async def test_only_texts_without_a_vector_are_embedded_each_once_and_in_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("memory.index.points.BATCH", 2)
    embedder = ListeningEmbedder()
    (known,) = await embedder.embed(["known"])
    embedder.heard.clear()
    texts = ["known", "b", "a", "b", "c"]
    versions = [memory(text) for text in texts]
    points = await Points(embedder).of(versions, {"known": known})
    assert embedder.heard == [["b", "a"], ["c"]]
    assert [point.memory for point in points] == versions
    assert points[0].vector is known
    assert (points[1].vector == points[3].vector).all()
    assert (points[1].vector != points[2].vector).any()


async def test_nothing_is_embedded_for_no_memories() -> None:
    embedder = ListeningEmbedder()
    assert await Points(embedder).of([], {}) == []
    assert embedder.heard == []
