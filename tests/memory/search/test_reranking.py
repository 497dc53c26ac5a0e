"""A second look at the best: each is judged by its nearest sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.memory import NewMemory
from memory.query.views import Query, Scale
from memory.search.reranking import sentences
from memory.service.build import MemoryService
from tests.memory.search.searches import ALICE, DEFAULT, add


async def test_a_second_look_finds_the_sentence_that_a_long_memory_hides(
    service: MemoryService,
) -> None:
    long = (
        "Ann went to the harbour on Monday with a basket. The boats were painted blue and white. "
        "Her violin teacher is called Rasmus! Later it rained for hours, and everyone sat inside."
    )
    others = [f"teacher of violin players number{n} somewhere near town" for n in range(9)]
    hidden, *_ = await add(
        service, [NewMemory(content=each, scope=ALICE) for each in [long, *others]]
    )
    query = Query(text="violin teacher Rasmus", scope=ALICE, limit=1, threshold=0)
    lexical = replace(query, scale=Scale.COSINE)
    for each in (query, lexical):
        first = await service.search.find(DEFAULT, replace(each, limit=10))
        (best,) = await service.search.find(DEFAULT, replace(each, rerank=True))
        assert best.memory.id == hidden
        before = next(hit for hit in first if hit.memory.id == hidden)
        assert best.score > before.score
        assert best.cosine > before.cosine
        assert best.coverage == before.coverage
    # what had too low a score as a whole is let through by its sentence
    assert before.score + 0.1 < best.score
    barred = replace(lexical, threshold=before.score + 0.1)
    assert await service.search.find(DEFAULT, barred) == []
    let = await service.search.find(DEFAULT, replace(barred, rerank=True))
    assert [hit.memory.id for hit in let] == [hidden]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three", ["One.", "Two!", "Three"]),
        ("a line\n\nanother", ["a line", "another"]),
        ("她住在奥斯陆。她喜欢茶。", ["她住在奥斯陆。", "她喜欢茶。"]),
        ("pi is 3.14 at least", []),
        ("only one.", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
