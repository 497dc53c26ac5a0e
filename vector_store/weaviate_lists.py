"""Lists and counts what a Weaviate tenant holds, without any search."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from weaviate.classes.aggregate import GroupByAggregate, Metrics
from weaviate.classes.query import Filter, FilterReturn, Sort

from memory.ports.vector_store import Listed, Named
from vector_store.weaviate_writes import Tenant

# Entities that Weaviate may group by. The time that it takes grows with their square.
MOST_GROUPS = 1000

# The properties of an object that were asked for. One that it lacks is None or missing.
Row: TypeAlias = Mapping[str, Any]

_ORDER = (
    Sort.by_property("valid_from", ascending=False)
    .by_property("memory_id", ascending=False)
    .by_property("version", ascending=False)
)


def page(
    matching: FilterReturn | None, after: Listed | None, limit: int, *fields: str
) -> Callable[[Tenant], Awaitable[list[Row]]]:
    """Reads at most MOST_MATCHES rows, in the order of a list. They have what `listed` needs, and
    these fields."""
    both = [each for each in (matching, _below(after)) if each is not None]

    async def read(collection: Tenant) -> list[Row]:
        answer = await collection.query.fetch_objects(
            filters=Filter.all_of(both) if both else None,
            sort=_ORDER,
            limit=limit,
            return_properties=["valid_from", "memory_id", "version", *fields],
        )
        return [each.properties for each in answer.objects]

    return read


def listed(row: Row) -> Listed:
    return Listed(int(row["valid_from"]), str(row["memory_id"]), int(row["version"]))


def count(matching: FilterReturn | None) -> Callable[[Tenant], Awaitable[int]]:
    async def read(collection: Tenant) -> int:
        answer = await collection.aggregate.over_all(filters=matching, total_count=True)
        return answer.total_count or 0

    return read


def named(field: str, matching: FilterReturn | None) -> Callable[[Tenant], Awaitable[list[Named]]]:
    """Reads the entities that a field names. If they are MOST_GROUPS, there may be more."""

    async def read(collection: Tenant) -> list[Named]:
        answer = await collection.aggregate.over_all(
            filters=matching,
            group_by=GroupByAggregate(prop=field, limit=MOST_GROUPS),
            return_metrics=[
                Metrics("valid_from").integer(minimum=True),
                Metrics("recorded_at").integer(maximum=True),
            ],
        )
        return [_named(each) for each in answer.groups]

    return read


def counted(field: str, row: Row, found: dict[str, Named]) -> None:
    """Count a row, which has recorded_at, in the entities that were found."""
    name, begun, recorded = row.get(field), int(row["valid_from"]), int(row["recorded_at"])
    if name:
        known = found.get(name, Named(name, 0, begun, recorded))
        first, last = min(known.first, begun), max(known.last, recorded)
        found[name] = replace(known, versions=known.versions + 1, first=first, last=last)


def _named(group: Any) -> Named:
    first, last = group.properties["valid_from"], group.properties["recorded_at"]
    name, versions = str(group.grouped_by.value), int(group.total_count)
    return Named(name, versions, int(first.minimum), int(last.maximum))


def _below(after: Listed | None) -> FilterReturn | None:
    """The rows that come after `after` in the order of a list."""
    if after is None:
        return None
    begun, memory_id, version = map(Filter.by_property, ("valid_from", "memory_id", "version"))
    same = memory_id.equal(after.memory_id) & version.less_than(after.version)
    tied = begun.equal(after.valid_from) & (same | memory_id.less_than(after.memory_id))
    return tied | begun.less_than(after.valid_from)
