"""The oracle by itself, on timelines that can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.temporal.oracle import Timeline
from tests.temporal.versions import Draft, Scope, View, micros
from tests.temporal.worlds import depths, score, steps

TALK = Scope("s1")
Y2020, Y2021, Y2022, Y2023 = (micros(f"{year}-01-01") for year in range(2020, 2024))
NOW = micros("2026-01-01")


@pytest.fixture
def timeline() -> Timeline:
    """Oslo since 2020, then Bergen since 2022, said of it at 10 and 20 µs from now."""
    timeline = Timeline("ann", [NOW])
    timeline.create("oslo", NOW + 10, Draft("Oslo", TALK, valid_from=Y2020))
    bergen = Draft("Bergen", TALK, valid_from=Y2022, supersedes=("oslo",))
    timeline.create("bergen", NOW + 20, bergen)
    return timeline


def shown(timeline: Timeline, *view: Any) -> list[str]:
    return [*timeline.world(View(*view)).nodes]


def test_a_successor_ends_what_was_there_and_only_since_it_is_known(timeline: Timeline) -> None:
    assert shown(timeline) == ["bergen"]
    assert shown(timeline, Y2022 - 1) == ["oslo"]
    assert shown(timeline, Y2022) == ["bergen"]
    assert shown(timeline, None, NOW + 19) == ["oslo"]
    assert shown(timeline, None, NOW + 9) == []
    assert shown(timeline, None, None, True) == ["oslo", "bergen"]
    assert shown(timeline, None, None, False, True) == ["bergen"]
    (edge,) = timeline.world(View(superseded=True)).edges
    assert (edge["source"], edge["relation"], edge["target"]) == ("bergen", "SUPERSEDES", "oslo")
    assert timeline.get("oslo", View())["superseded_by"] == "bergen"
    assert "superseded" not in timeline.get("oslo", View(known_at=NOW + 19))
    assert timeline.get("oslo", View(as_of=Y2022)) is None


def test_what_cannot_be_superseded_or_corrected_so(timeline: Timeline) -> None:
    late, early = (Draft("Rome", valid_from=at, supersedes=("bergen",)) for at in (Y2023, Y2022))
    assert timeline.refuses_create(late) == set()
    assert timeline.refuses_create(early) == {409}
    assert timeline.refuses_create(Draft("Rome", supersedes=("oslo",))) == {409}
    assert timeline.refuses_create(Draft("Rome", supersedes=("rome",))) == {404}
    assert timeline.refuses_create(Draft("Rome", valid_to=Y2020)) == {400}
    assert timeline.refuses_correct("oslo", {"valid_to": None}) == {409}
    assert timeline.refuses_correct("oslo", {"valid_to": Y2021}) == set()
    assert timeline.refuses_correct("bergen", {"valid_from": Y2021}) == {409}
    timeline.erase("bergen", NOW + 30)
    assert timeline.refuses_correct("oslo", {"valid_to": None}) == set()
    assert shown(timeline, None, NOW + 25) == []


def test_equal_content_is_one_memory_while_it_overlaps(timeline: Timeline) -> None:
    assert timeline.twins(Draft(" OSLO!", TALK, valid_from=Y2021)) == {"oslo"}
    assert timeline.twins(Draft("Oslo", TALK, valid_from=Y2022)) == set()
    assert timeline.twins(Draft("Oslo", Scope("s2"), valid_from=Y2021)) == set()
    assert timeline.twins(Draft("Oslo", TALK, valid_from=Y2021, dedup=False)) == set()
    timeline.create("rome", NOW + 30, Draft("Rome", TALK, valid_from=micros("2200-01-01")))
    assert timeline.twins(Draft("Rome", TALK)) == set()
    assert timeline.twins(Draft("Rome", TALK, valid_from=micros("2201-01-01"))) == {"rome"}


def test_edges_are_ended_retracted_and_walked(timeline: Timeline) -> None:
    timeline.create("rome", NOW + 30, Draft("Rome", TALK))
    timeline.relate("e", NOW + 40, ("bergen", "KNOWS", "rome"), Y2023, None)
    assert timeline.equal_edges(("bergen", "KNOWS", "rome"), None, None) == {"e"}
    assert timeline.equal_edges(("bergen", "KNOWS", "rome"), Y2022, None) == set()
    links = timeline.world(View()).links(system=True)
    assert [each["relation"] for each in links] == ["KNOWS", "FOLLOWS"]
    assert depths("rome", steps(links, "out")) == {"rome": 0, "bergen": 1}
    assert depths("rome", steps(links[:1], "out")) == {"rome": 0}
    timeline.amend("e", NOW + 50, micros("2024-01-01"))
    assert timeline.world(View()).edges == []
    assert len(timeline.world(View(known_at=NOW + 49)).edges) == 1
    timeline.amend("e", NOW + 60, None)
    timeline.retract("e", NOW + 70)
    assert [len(timeline.world(View(None, NOW + at)).edges) for at in (69, 70)] == [1, 0]
    assert timeline.refuses_amend("e", None) == {404}


def test_a_difference_tells_began_ended_and_changed(timeline: Timeline) -> None:
    apart = timeline.difference(Y2021, Y2023, None, Scope())["nodes"]
    assert [each["id"] for each in apart["began"]] == ["bergen"]
    assert [each["id"] for each in apart["ended"]] == ["oslo"]
    timeline.correct("bergen", NOW + 30, {"content": "Bergen, by the sea"})
    (change,) = timeline.difference(NOW + 25, NOW + 35, None, Scope())["nodes"]["changed"]
    assert [change[side]["content"] for side in ("before", "after")] == [
        "Bergen",
        "Bergen, by the sea",
    ]
    assert timeline.difference(NOW + 25, NOW + 35, NOW + 29, Scope())["nodes"]["changed"] == []


def test_a_half_life_halves() -> None:
    node = {"content": "Ann lives in Oslo", "valid_from": "2020-01-01T00:00:00.000000Z"}
    whole, half = (score("Oslo", node, Y2021, days) for days in (None, 366))
    assert half == pytest.approx(whole / 2)
