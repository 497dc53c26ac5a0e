"""Puts the memory service together. Only this module knows every part and every port."""

from __future__ import annotations

import logging

from memory.context.background import Background
from memory.context.extents import Extents
from memory.context.idempotency import Idempotency
from memory.context.known_memories import KnownMemories
from memory.context.projects import Projects
from memory.conversations.inference import Inference
from memory.conversations.remember import Remember
from memory.erasure.erase_by_filter import EraseByFilter
from memory.erasure.erase_entity import EraseEntity
from memory.erasure.erase_owner import EraseOwner
from memory.erasure.inspect import Inspect
from memory.erasure.owner_contents import OwnerContents
from memory.graph.diff import GraphDiff
from memory.graph.follows import Follows
from memory.graph.graph_page import GraphPages
from memory.graph.neighbours import Neighbours
from memory.graph.relationships import RelationshipEdits
from memory.graph.traversal import Traversal
from memory.index.outbox import Index
from memory.index.points import Points
from memory.index.repair import Repair
from memory.jobs.forget import Forget
from memory.jobs.workers import Workers
from memory.maintenance.admin import Maintenance
from memory.maintenance.chores import Chores
from memory.maintenance.reindex import Reindex
from memory.maintenance.task_runner import TaskRunner
from memory.maintenance.verify import Verify
from memory.ports.graph_store import GraphStore
from memory.ports.metrics import SILENT, Meter
from memory.ports.models import Embedder, LanguageModel, ModelCard
from memory.ports.vector_store import VectorStore
from memory.read.entities import Entities
from memory.read.filtered_lists import FilteredLists
from memory.read.jobs import JobReader
from memory.read.listings import Listings
from memory.read.pages import Pages
from memory.reports.reports import Reports
from memory.search.ranking import Ranking
from memory.search.search import Search
from memory.service import api
from memory.service.care import Care
from memory.service.health import Health
from memory.service.parts import Erasures, Graph, Jobs, Memories, Transfer
from memory.service.settings import ServiceSettings
from memory.transfer.export import Export
from memory.transfer.import_records import ImportRecords
from memory.write.add import Add
from memory.write.batches import Batches
from memory.write.correct_and_erase import CorrectAndErase
from memory.write.feedback import Ratings
from memory.write.replay import Replay
from memory.write.similar import SimilarTexts

log = logging.getLogger(__name__)


class MemoryService:
    """All parts of memory.service.api.Service, and the care that keeps them going."""

    def __init__(
        self,
        memories: api.Memories,
        search: api.Search,
        graph: api.Graph,
        jobs: api.Jobs,
        erasures: api.Erasures,
        transfer: api.Transfer,
        reports: api.Reports,
        maintenance: api.Maintenance,
        health: api.Health,
        care: Care,
    ) -> None:
        self.memories, self.search, self.graph = memories, search, graph
        self.jobs, self.erasures, self.transfer = jobs, erasures, transfer
        self.reports, self.maintenance, self.health = reports, maintenance, health
        self.care = care


async def open_service(
    graph: GraphStore,
    vectors: VectorStore,
    embedder: Embedder,
    settings: ServiceSettings,
    meter: Meter = SILENT,
    model: LanguageModel | None = None,
) -> MemoryService:
    """Open the stores, and build the service over them.

    Raises StartupRefused if something is wrong that will not mend by itself, and Unavailable if a
    dependency is down. Either way the stores are closed.
    """
    try:
        card = await embedder.card()
        await graph.open(card)
        await vectors.open(card)
    except BaseException:
        for store in (vectors, graph):
            try:
                await store.close()
            except Exception:
                log.exception("a store does not close")
        raise
    return build_service(graph, vectors, embedder, card, settings, meter, model)


def build_service(
    graph: GraphStore,
    vectors: VectorStore,
    embedder: Embedder,
    card: ModelCard,
    settings: ServiceSettings,
    meter: Meter = SILENT,
    model: LanguageModel | None = None,
) -> MemoryService:
    """Build the service over stores that are open. `card` is the embedder's."""
    deadline_s = settings.deadline_s
    calibration = settings.calibrations.get(card.name)

    # What every part is handed.
    projects = Projects(graph.projects, settings.buckets)
    known = KnownMemories(graph.memories)
    extents = Extents(graph.owners, graph.memories)
    idempotency = Idempotency(graph.idempotency)
    index = Index(
        graph.memories,
        graph.owners,
        graph.outbox,
        graph.projects,
        projects.fresh,
        vectors,
        Points(embedder),
    )

    # Reads.
    ranking = Ranking(settings.lexical_weight, settings.half_life_days, calibration)
    search = Search(projects, extents, graph.memories, vectors, embedder, ranking, meter)
    listings = Listings(projects, extents, graph.memories)
    lists = FilteredLists(projects, extents, graph.memories, vectors)
    job_reader = JobReader(projects, graph.jobs, graph.memories, graph.edges)

    # Writes.
    replay = Replay(graph.commits, graph.memories, graph.edges, index)
    similar = SimilarTexts(graph.memories, vectors, settings.similar_cosine)
    add = Add(
        projects,
        idempotency,
        replay,
        graph.commits,
        index,
        vectors,
        embedder,
        similar,
        deadline_s,
        meter,
    )
    changes = CorrectAndErase(
        projects,
        idempotency,
        replay,
        known,
        graph.commits,
        graph.outbox,
        graph.memories,
        graph.edges,
        index,
        vectors,
        embedder,
    )

    # The graph.
    follows = Follows(graph.memories, settings.follows)
    neighbours = Neighbours(graph.memories, graph.edges, follows)
    relationships = RelationshipEdits(
        projects, idempotency, replay, known, graph.commits, graph.edges, neighbours
    )
    graph_pages = GraphPages(listings, known, graph.edges, follows)

    # Erasures and reports.
    reports = Reports(projects, extents, lists, graph.reports, model, deadline_s)
    contents = OwnerContents(graph.memories, vectors)
    erase_owner = EraseOwner(
        projects,
        graph.erasures,
        graph.owner_erasure,
        graph.owners,
        graph.memories,
        graph.outbox,
        graph.jobs,
        contents,
        index,
    )
    erase_entity = EraseEntity(
        projects,
        extents,
        idempotency,
        graph.projects,
        graph.erasures,
        graph.leases,
        graph.owners,
        graph.memories,
        graph.outbox,
        contents,
        erase_owner,
        vectors,
        [reports.forget_entity],
        deadline_s,
    )

    # Jobs.
    inference = Inference(
        projects,
        idempotency,
        graph.commits,
        graph.memories,
        graph.jobs,
        search,
        add,
        changes,
        relationships,
        model,
    )
    workers = Workers(
        graph.jobs,
        graph.calls,
        inference,
        EraseByFilter(lists, erase_entity, changes),
        settings.job_attempts,
        settings.job_patience_s,
        meter,
    )

    # Upkeep.
    verify = Verify(
        graph.projects,
        projects.fresh,
        graph.owners,
        graph.memories,
        graph.outbox,
        graph.consistency,
        vectors,
        index,
    )
    reindex = Reindex(graph.projects, projects.fresh, graph.owners, vectors, index, verify)
    chores = Chores(
        projects,
        graph.projects,
        graph.owners,
        graph.consistency,
        graph.compaction,
        graph.leases,
        vectors,
        verify,
        reindex,
        deadline_s,
    )
    runner = TaskRunner(graph.tasks, chores.carry_out)
    repair = Repair(
        graph.outbox,
        graph.leases,
        graph.projects,
        projects.fresh,
        index,
        vectors,
        deadline_s,
        meter,
    )

    return MemoryService(
        Memories(
            add,
            changes,
            Batches(projects, known, changes, Background()),
            Pages(projects, known, graph.memories, listings),
            lists,
            Entities(projects, vectors),
            Ratings(projects, known, graph.feedback),
        ),
        search,
        Graph(
            relationships,
            Traversal(projects, known, graph.memories, neighbours),
            graph_pages,
            GraphDiff(listings, known, graph.memories, graph.edges, graph_pages),
        ),
        Jobs(
            Remember(
                projects,
                idempotency,
                graph.owners,
                graph.jobs,
                job_reader,
                add,
                model is not None,
                workers.begin,
            ),
            Forget(projects, extents, idempotency, graph.jobs, job_reader, workers, deadline_s),
            job_reader,
        ),
        Erasures(
            erase_entity,
            Inspect(projects, extents, graph.erasures, graph.owner_erasure, contents),
        ),
        Transfer(
            Export(projects, graph.owners, graph.memories, graph.archive, graph.entries),
            ImportRecords(
                projects,
                idempotency,
                replay,
                graph.commits,
                graph.memories,
                graph.archive,
                graph.entries,
                index,
                vectors,
                deadline_s,
            ),
        ),
        reports,
        Maintenance(projects, graph.projects, graph.tasks, runner),
        Health(graph, vectors, embedder, card, calibration is not None),
        Care(graph, vectors, index, repair, erase_entity, workers, runner, chores),
    )
