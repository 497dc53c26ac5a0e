"""What an imported record becomes in its new project, and the rules that it must keep.

These are pure functions. Their refusals quote nothing of the record, because an answer is kept for
an Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from memory.domain.errors import Conflict, InvalidInput
from memory.domain.ids import Project, adopt, owner_hash_of
from memory.domain.memory import (
    FOLLOWS,
    NAMES_OF_SCOPES,
    SCOPE_FIELDS,
    SUPERSEDES,
    Edge,
    Memory,
    Owner,
    Scope,
    VersionEvent,
)
from memory.domain.records import EdgeRecord, MemoryRecord, Record

# The least record time, microseconds. All have sixteen digits: the commit script compares them as
# text.
FIRST_RECORD = 10**15

_KINDS = {"mem": "memory", "rel": "relationship"}


def only_owner(scope: Scope) -> Owner:
    """The owner that a scope names by itself. Raises InvalidInput if it names none, or more."""
    if scope.entity is None:
        raise InvalidInput(f"name exactly one of {NAMES_OF_SCOPES}")
    return scope.entity


def adopted(project: Project, target: Owner | None, record: Record) -> Record:
    """The record as the target owner's. If there is no target, it is the record of the owner that
    it names within the project.

    Raises InvalidInput if an id is malformed, and Forbidden if the project is bound to another
    user.
    """
    if isinstance(record, MemoryRecord):
        first = record.versions[0]
        scope = _scope(first.scope, target or project.narrow(first.scope).owner)
        owner_hash = project.owner_hash(scope.owner)
        return replace(
            record,
            versions=tuple(
                replace(
                    version,
                    id=_here(project, owner_hash, "mem", version.id),
                    scope=scope,
                    supersedes=tuple(
                        _here(project, owner_hash, "mem", old_id) for old_id in version.supersedes
                    ),
                )
                for version in record.versions
            ),
        )
    owner = target or project.narrow(_scope(Scope(), record.owner)).owner
    owner_hash = project.owner_hash(owner)
    return EdgeRecord(
        owner,
        tuple(
            replace(
                version,
                id=_here(project, owner_hash, "rel", version.id),
                source=_here(project, owner_hash, "mem", version.source),
                target=_here(project, owner_hash, "mem", version.target),
            )
            for version in record.versions
        ),
    )


def kept(project: Project, record: Record) -> Record:
    """The record as it is. Raises Conflict if it would have other ids in this project."""
    here = adopted(project, None, record)
    if here != record:
        raise Conflict(f"{record.id} was not made with the secret of project {project.id!r}")
    return here


def _scope(scope: Scope, owner: Owner) -> Scope:
    """The scope with this owner. Fields that would make another entity its owner are left out."""
    own = SCOPE_FIELDS.index(f"{owner.kind}_id")
    rest = {name: getattr(scope, name) for name in SCOPE_FIELDS[own + 1 :]}
    return Scope(**{SCOPE_FIELDS[own]: owner.value}, **rest)


def _here(project: Project, owner_hash: str, prefix: str, identifier: str) -> str:
    """The id in this project. It stays if it is an id of this owner already."""
    was = owner_hash_of(identifier, prefix)
    if was is None:
        raise InvalidInput(f"an id of the record is none of a {_KINDS[prefix]}")
    return identifier if was == owner_hash else adopt(project, prefix, owner_hash, identifier)


def check(record: Record, now: int) -> None:
    """Raises InvalidInput if the service could not have recorded it by `now`, microseconds."""
    versions: Sequence[Memory] | Sequence[Edge] = record.versions
    for version in versions:
        if version.valid_to is not None and version.valid_to <= version.valid_from:
            raise InvalidInput("valid_to must be later than valid_from")
        if version.created_at != versions[0].recorded_at:
            raise InvalidInput("created_at must be the first recorded_at")
    for previous, following in pairwise(versions):
        if previous.retracted_at != following.recorded_at:
            raise InvalidInput("a version must be retracted when the next one is recorded")
    times = [version.recorded_at for version in versions]
    if versions[-1].retracted_at is not None:
        times.append(versions[-1].retracted_at)
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise InvalidInput("record times must increase from version to version")
    if times[0] < FIRST_RECORD or times[-1] > now:
        raise InvalidInput("record times must lie between 2001-09-09 and now")
    if isinstance(record, MemoryRecord):
        _check_memory(record.versions)
    else:
        _check_edge(record.versions)


def _check_memory(versions: Sequence[Memory]) -> None:
    first, last = versions[0], versions[-1]
    if [version.version for version in versions] != [*range(1, len(versions) + 1)]:
        raise InvalidInput("versions must count from 1")
    if any((version.event is VersionEvent.ADD) != (version is first) for version in versions):
        raise InvalidInput("the first version, and no other, is an ADD")
    if last.retracted_at is not None:
        raise InvalidInput("the last version of a memory is not retracted")
    if any(version.supersedes != first.supersedes for version in versions):
        raise InvalidInput("what a memory supersedes does not change from version to version")
    if first.id in first.supersedes:
        raise InvalidInput("a memory cannot supersede itself")


def _check_edge(versions: Sequence[Edge]) -> None:
    last = versions[-1]
    if last.relation == FOLLOWS:
        raise InvalidInput("FOLLOWS is derived and never stored")
    if last.source == last.target:
        raise InvalidInput("a memory cannot be related to itself")
    if last.relation == SUPERSEDES and (last.retracted_at is not None or last.valid_to is not None):
        raise InvalidInput("a SUPERSEDES edge has no end")


def check_succession(edge: Edge, source: Memory | None, target: Memory | None) -> None:
    """Raises InvalidInput if a SUPERSEDES edge says something else than its two memories.

    `source` and `target` are as they stand, None if they are missing.
    """
    if source is None or target is None:
        return  # the store refuses such an edge itself
    ended = target.valid_to is not None and target.valid_to <= source.valid_from
    if edge.target not in source.supersedes or edge.valid_from != source.valid_from or not ended:
        raise InvalidInput("its source does not supersede its target like this")


def same(one: Record, other: Record) -> bool:
    """Whether two records say the same as JSON. In Python True equals 1, in JSON it does not."""
    return one == other and _metadata(one) == _metadata(other)


def _metadata(record: Record) -> list[str]:
    return [repr(_ordered(version.metadata)) for version in record.versions]


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [*map(_ordered, value)] if isinstance(value, list) else value
