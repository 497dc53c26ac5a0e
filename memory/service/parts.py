"""The parts of the service that consist of several concerns. Each call goes to its concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memory.conversations.remember import Remember
from memory.domain.caller import Caller
from memory.domain.conversation import Conversation
from memory.domain.erasures import Erasure, Inspection, ReceiptFields
from memory.domain.errors import Refused
from memory.domain.feedback import Feedback
from memory.domain.jobs import Job, JobKind, JobPage
from memory.domain.memory import Correction, Edge, Memory, NewEdge, NewMemory, Owner, Scope, Unset
from memory.domain.records import Entry, Record
from memory.domain.results import (
    Added,
    GraphDifference,
    GraphPage,
    Neighbourhood,
    Page,
    Path,
    Relationships,
)
from memory.domain.selections import Entity, Selected
from memory.domain.transfer import Brought, Inventory, Mark, OwnerPage
from memory.erasure.erase_entity import EraseEntity
from memory.erasure.inspect import Inspect
from memory.graph.diff import GraphDiff
from memory.graph.graph_page import GraphPages
from memory.graph.relationships import RelationshipEdits
from memory.graph.traversal import Traversal
from memory.jobs.forget import Forget
from memory.query.filter_parser import Filters
from memory.query.views import ANY_EDGE, NOW, Selection, View, Walk
from memory.read.entities import Entities
from memory.read.filtered_lists import FilteredLists
from memory.read.jobs import JobReader
from memory.read.pages import Pages
from memory.transfer.export import Export
from memory.transfer.import_records import ImportRecords
from memory.write.add import Add
from memory.write.batches import Batches
from memory.write.correct_and_erase import CorrectAndErase
from memory.write.feedback import Ratings


class Memories:
    """Implements memory.service.api.Memories."""

    def __init__(
        self,
        add: Add,
        changes: CorrectAndErase,
        batches: Batches,
        pages: Pages,
        lists: FilteredLists,
        entities: Entities,
        ratings: Ratings,
    ) -> None:
        self._add = add
        self._changes = changes
        self._batches = batches
        self._pages = pages
        self._lists = lists
        self._entities = entities
        self._ratings = ratings

    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        return await self._add.add(caller, drafts)

    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        return await self._pages.get(caller, memory_id, view)

    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        return await self._changes.correct(caller, memory_id, correction)

    async def erase(self, caller: Caller, memory_id: str) -> int:
        return await self._changes.erase(caller, memory_id)

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        return await self._batches.correct_each(caller, corrections)

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        return await self._batches.erase_each(caller, memory_ids)

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        return await self._batches.erase_line(caller, memory_id)

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        return await self._pages.history(caller, memory_id)

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        return await self._pages.page(caller, scope, limit, cursor, newest, view)

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        return await self._lists.select(caller, selection)

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        return await self._entities.entities(caller, only)

    async def rate(self, caller: Caller, memory_id: str, feedback: Feedback | None) -> None:
        return await self._ratings.rate(caller, memory_id, feedback)

    async def feedback(self, caller: Caller, memory_id: str) -> Feedback | None:
        return await self._ratings.feedback(caller, memory_id)


class Graph:
    """Implements memory.service.api.Graph."""

    def __init__(
        self,
        relationships: RelationshipEdits,
        traversal: Traversal,
        pages: GraphPages,
        diff: GraphDiff,
    ) -> None:
        self._relationships = relationships
        self._traversal = traversal
        self._pages = pages
        self._diff = diff

    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        return await self._relationships.relate(caller, edge)

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        return await self._relationships.relationships(caller, memory_id, walk, view)

    async def amend_edge(
        self,
        caller: Caller,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        return await self._relationships.amend_edge(caller, memory_id, edge_id, valid_to, metadata)

    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        return await self._relationships.retract_edge(caller, memory_id, edge_id)

    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        return await self._traversal.related(caller, memory_id, walk, limit, view)

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        return await self._traversal.path(caller, start_id, end_id, walk, view)

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> GraphPage:
        return await self._pages.page(caller, scope, limit, cursor, walk, view)

    async def difference(
        self,
        caller: Caller,
        scope: Scope,
        start: int,
        end: int,
        limit: int,
        cursor: str | None = None,
        known_at: int | None = None,
    ) -> GraphDifference:
        return await self._diff.difference(caller, scope, start, end, limit, cursor, known_at)


class Jobs:
    """Implements memory.service.api.Jobs."""

    def __init__(
        self,
        remember: Remember,
        forget: Forget,
        reader: JobReader,
    ) -> None:
        self._remember = remember
        self._forget = forget
        self._reader = reader

    async def remember(self, caller: Caller, conversation: Conversation) -> Job:
        return await self._remember.remember(caller, conversation)

    async def forget(self, caller: Caller, kind: JobKind, filters: Filters) -> Job:
        return await self._forget.forget(caller, kind, filters)

    async def get(self, caller: Caller, job_id: str) -> Job:
        return await self._reader.get(caller, job_id)

    async def page(self, caller: Caller, offset: int, limit: int) -> JobPage:
        return await self._reader.page(caller, offset, limit)


class Erasures:
    """Implements memory.service.api.Erasures."""

    def __init__(
        self,
        entities: EraseEntity,
        inspect: Inspect,
    ) -> None:
        self._entities = entities
        self._inspect = inspect

    async def erase(self, caller: Caller, scope: Scope, known: bool = False) -> Erasure:
        return await self._entities.erase(caller, scope, known)

    async def get(self, caller: Caller, erasure_id: str) -> Inspection:
        return await self._inspect.get(caller, erasure_id)

    async def check(self, caller: Caller, receipt: ReceiptFields, scope: Scope) -> Inspection:
        return await self._inspect.check(caller, receipt, scope)


class Transfer:
    """Implements memory.service.api.Transfer."""

    def __init__(
        self,
        export: Export,
        import_records: ImportRecords,
    ) -> None:
        self._export = export
        self._import_records = import_records

    async def export(
        self, caller: Caller, scope: Scope, mark: Mark | None = None, known_at: int | None = None
    ) -> OwnerPage:
        return await self._export.export(caller, scope, mark, known_at)

    async def import_records(
        self, caller: Caller, scope: Scope | None, records: Sequence[Record]
    ) -> list[Brought | Refused]:
        return await self._import_records.import_records(caller, scope, records)

    async def inventory(self, caller: Caller) -> Inventory:
        return await self._export.inventory(caller)

    async def owner_pages(self, caller: Caller, marks: Sequence[Mark]) -> list[OwnerPage]:
        return await self._export.owner_pages(caller, marks)

    async def restore_entries(
        self, caller: Caller, entries: Sequence[Entry]
    ) -> list[Brought | Refused]:
        return await self._import_records.restore_entries(caller, entries)

    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        return await self._import_records.restore_records(caller, records)
