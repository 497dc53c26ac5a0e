"""The memory service as its callers see it, such as the HTTP edge: in process or by a Ray handle.

The service has parts, each a protocol here. Every call names its caller, and so its project. These
hold for every call, and are not said again:

* It raises NotFound if an id is malformed, missing or another project's.
* It raises Forbidden if the caller is bound to a user, and a scope or a filter names another one.
* It raises StoreUnavailable if a dependency is down. Nothing is changed then.
* Instants are microseconds since 1970, UTC. A record time is an instant by Redis's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from memory.domain.caller import Caller
from memory.domain.conversation import Conversation
from memory.domain.erasures import Erasure, Inspection, ReceiptFields
from memory.domain.errors import Refused
from memory.domain.feedback import Feedback
from memory.domain.jobs import Job, JobKind, JobPage
from memory.domain.memory import Correction, Edge, Memory, NewEdge, NewMemory, Owner, Scope, Unset
from memory.domain.records import Entry, Record
from memory.domain.reports import Schema, Summary
from memory.domain.results import (
    Added,
    Found,
    GraphDifference,
    GraphPage,
    Neighbourhood,
    Page,
    Path,
    Relationships,
)
from memory.domain.selections import Entity, Selected
from memory.domain.tasks import Task
from memory.domain.transfer import Brought, Inventory, Mark, OwnerPage
from memory.query.filter_parser import Filters
from memory.query.views import ANY_EDGE, NOW, Query, Selection, View, Walk

Method = TypeVar("Method", bound=Callable[..., Any])


def finished(method: Method) -> Method:
    """Marks a write. Once begun, it is carried to its end even if its caller goes away."""
    method.finished = True  # type: ignore[attr-defined]
    return method


class Memories(Protocol):
    """Memories one by one, several at once, and in lists."""

    @finished
    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        """Store memories; returns one answer a draft, in order. Each draft is stored wholly or not
        at all."""
        ...

    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        """The version that was known at the view's known_at, valid now or not. Raises NotFound if
        the view names an as_of at which it was not valid."""
        ...

    @finished
    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        """Record a new version of a memory, unless nothing changes; returns the last version.

        Raises VersionMismatch if if_version is not the last version, Immutable if the memory is
        not to be changed, and SupersedeConflict if it would then be valid at the same time as a
        memory that supersedes it or that it supersedes.
        """
        ...

    @finished
    async def erase(self, caller: Caller, memory_id: str) -> int:
        """Remove a memory with its vectors, its versions and its edges, from every past as well;
        returns the record time."""
        ...

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        """Correct memories by their ids; returns one answer each, in order. None if it is done. A
        refusal does not keep the others back."""
        ...

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        """Erase memories; returns the same answers as correct_each."""
        ...

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        """Erase a memory and all memories behind it: those that it superseded, those that they
        superseded, and so on.

        The oldest goes first. Returns the record time, and how many memories were behind it. That
        number is None if the memory had been erased before.
        """
        ...

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""
        ...

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        """At most `limit` memories of the view, by created_at. A cursor keeps the instants of its
        first page. Raises InvalidInput if the cursor is of another list."""
        ...

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        """The memories of a selection, newest valid_from first. Raises ScopeRequired if its scope
        names no entity and a branch of its condition names none either."""
        ...

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        """The entities that memories name, by kind and value. If `only` is given, no other one."""
        ...

    @finished
    async def rate(self, caller: Caller, memory_id: str, feedback: Feedback | None) -> None:
        """Say what the caller thinks of a memory. The last feedback stands; None takes it back."""
        ...

    async def feedback(self, caller: Caller, memory_id: str) -> Feedback | None:
        """The feedback that stands. None if there is none."""
        ...


class Search(Protocol):
    """Memories by meaning and by words."""

    async def find(self, caller: Caller, query: Query) -> list[Found]:
        """Memories of the query's view that score at or above its threshold, best first. Each is
        judged by the text that was known then."""
        ...


class Graph(Protocol):
    """Relationships between memories, and walks along them."""

    @finished
    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        """Make an edge between two memories of one owner; returns it, and whether it is new.

        Raises InvalidInput if the relation is one that the service makes itself, or if both ends
        are one memory.
        """
        ...

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        """The edges of a memory in the view, by created_at.

        A memory that the view does not show has no edges. If the view names an instant, such a
        memory raises NotFound. Both hold for `related` and `path` as well.
        """
        ...

    @finished
    async def amend_edge(
        self,
        caller: Caller,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        """Record a new version of an edge of this memory, unless nothing changes; returns the last
        version. valid_to None reopens the edge. Raises Conflict if the edge follows from
        `supersedes`."""
        ...

    @finished
    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        """Withdraw an edge of this memory: it is not known from now on. Returns the record time.
        Raises Conflict if the edge follows from `supersedes`."""
        ...

    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        """The memories that a walk reaches, nearest first, each once, without the start."""
        ...

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        """A shortest way of at most walk.depth edges. It is the same one each time, and empty if
        there is none."""
        ...

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> GraphPage:
        """At most `limit` memories of the view, newest first, with the edges between them and the
        memories of the pages before."""
        ...

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
        """What changed in the graph between the instants `start` and `end`, as it is known at
        known_at. A page looks at `limit` memories. Raises InvalidInput if `start` is not earlier
        than `end`."""
        ...


class Jobs(Protocol):
    """Work that may outlive its request."""

    @finished
    async def remember(self, caller: Caller, conversation: Conversation) -> Job:
        """Make memories of a conversation; returns the job.

        If the conversation asks for `infer`, `supersedes` nothing, and there is a language model,
        the job is PENDING and is carried out later. Otherwise every message is stored as it stands,
        and the job has SUCCEEDED. If every message is refused, the first refusal is raised. Raises
        InvalidInput if `supersedes` does not come with exactly one message.
        """
        ...

    @finished
    async def forget(self, caller: Caller, kind: JobKind, filters: Filters) -> Job:
        """Erase every memory that meets the filters; returns the job, which has ended if it ends
        soon. Raises ScopeRequired, before anything is erased, if a branch of the filters names no
        entity."""
        ...

    async def get(self, caller: Caller, job_id: str) -> Job:
        """The job as it stands. It is kept for seven days after it has ended."""
        ...

    async def page(self, caller: Caller, offset: int, limit: int) -> JobPage:
        """At most `limit` jobs beyond the first `offset`, newest first, and how many there are."""
        ...


class Erasures(Protocol):
    """Erases whole entities, with a receipt."""

    @finished
    async def erase(self, caller: Caller, scope: Scope, known: bool = False) -> Erasure:
        """Remove every memory that names the one entity of the scope, with all that hangs on it.

        The answer comes within half of the deadline. What takes longer goes on, and `get` tells how
        far it is. If `known`, raises NotFound if no memory names the entity. Raises InvalidInput if
        the scope does not name exactly one entity.
        """
        ...

    async def get(self, caller: Caller, erasure_id: str) -> Inspection:
        """The erasure with this id, and what there is of its entity now."""
        ...

    async def check(self, caller: Caller, receipt: ReceiptFields, scope: Scope) -> Inspection:
        """Check a receipt that somebody kept, and count what there is of its entity now.

        If the scope names the entity, memories of owners that the erasure did not touch count as
        well. Raises InvalidInput if the scope names another entity.
        """
        ...


class Transfer(Protocol):
    """Export and import, backup and restore."""

    async def export(
        self, caller: Caller, scope: Scope, mark: Mark | None = None, known_at: int | None = None
    ) -> OwnerPage:
        """A page of the owner that the scope names with one field. The first page pins the record
        time: now, or an earlier known_at. Raises InvalidInput if the scope names no single owner,
        or if the mark is another owner's."""
        ...

    @finished
    async def import_records(
        self, caller: Caller, scope: Scope | None, records: Sequence[Record]
    ) -> list[Brought | Refused]:
        """Put records into the caller's project; returns one answer a record, in order.

        If there is a scope, of one field, the records become that owner's. An id stays if its
        project and its owner stay; else it becomes a new one, the same each time. The same records
        again change nothing. What was imported can be searched for afterwards.
        """
        ...

    async def inventory(self, caller: Caller) -> Inventory:
        """Begin a backup: what it consists of, as of now."""
        ...

    async def owner_pages(self, caller: Caller, marks: Sequence[Mark]) -> list[OwnerPage]:
        """The next page of each owner, in order. Together they are no larger than one page."""
        ...

    @finished
    async def restore_entries(
        self, caller: Caller, entries: Sequence[Entry]
    ) -> list[Brought | Refused]:
        """Put back what belongs to no owner; returns one answer an entry, in order. An entry is
        refused if it stands here with another secret that is in use."""
        ...

    @finished
    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        """Put back records, each with the id of its project; returns one answer a record, in
        order. Every id stays."""
        ...


class Reports(Protocol):
    """Memories in the shape of a schema, or told in a few sentences."""

    @finished
    async def save(
        self, caller: Caller, filters: Filters, schema: Schema, instructions: str = ""
    ) -> str:
        """Save what a report asks for; returns its id. It is kept for seven days. Raises
        InvalidInput if nothing here can fill the schema."""
        ...

    async def read(
        self, caller: Caller, report_id: str | None, filters: Filters | None = None
    ) -> Any:
        """The report with this id, or else the last one saved with these filters: JSON that fits
        its schema.

        Raises NotFound if there is no such report, or if the caller is bound to a user and no such
        caller saved it. Raises InvalidInput if there are too many memories, and ModelUnavailable
        if the language model does not answer in time.
        """
        ...

    async def summarise(self, caller: Caller, filters: Filters) -> Summary:
        """The newest memories that meet the filters, told in a few sentences."""
        ...


class Maintenance(Protocol):
    """Upkeep of the stores, which runs as tasks.

    A call answers its task at once. If a task of its kind and project runs already, it answers that
    one. `project_id` None is all projects. The HTTP edge has checked that the caller may administer
    the project. Every call raises Forbidden if the caller is bound to a user, and NotFound if there
    is no such project.
    """

    @finished
    async def verify(self, caller: Caller, project_id: str | None, dry_run: bool = False) -> Task:
        """Compare record and index, and mend what differs. A `dry_run` mends nothing."""
        ...

    @finished
    async def rebuild(self, caller: Caller, project_id: str | None) -> Task:
        """Index everything again from the record, beside the old index, which is then dropped."""
        ...

    @finished
    async def compact(self, caller: Caller, project_id: str | None) -> Task:
        """Make erasure physical: overwrite what was erased in the files of both stores."""
        ...

    @finished
    async def erase_project(self, caller: Caller, project_id: str) -> Task:
        """Erase a project; of the default project its contents only."""
        ...

    async def task(self, caller: Caller, task_id: str) -> Task:
        """The task as it stands. It is kept for a week after it began."""
        ...

    async def tasks(self, caller: Caller) -> list[Task]:
        """The tasks of the last week, newest first."""
        ...


class Health(Protocol):
    """Whether the service can work."""

    async def ready(self) -> dict[str, str]:
        """The state of each dependency, by name. It begins with "ok", or says what is wrong."""
        ...


class Service(Protocol):
    """All parts. A remote operation is named "part.method", such as "memories.add"."""

    memories: Memories
    search: Search
    graph: Graph
    jobs: Jobs
    erasures: Erasures
    transfer: Transfer
    reports: Reports
    maintenance: Maintenance
    health: Health


# The parts by their names in Service.
PARTS: Mapping[str, type] = {
    "memories": Memories,
    "search": Search,
    "graph": Graph,
    "jobs": Jobs,
    "erasures": Erasures,
    "transfer": Transfer,
    "reports": Reports,
    "maintenance": Maintenance,
    "health": Health,
}
