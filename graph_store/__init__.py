"""The graph itself, in Redis: memories with every version, relationships as adjacency sets."""

from config.settings import Settings
from graph_store.connection import Connection
from graph_store.redis_graph import RedisGraph
from memory.ports import GraphStore


def open_graph_store(settings: Settings, url: str) -> GraphStore:
    """A graph store on redis://, rediss:// or unix:// ; connects at its first use."""
    return RedisGraph(Connection(url, settings.redis))


__all__ = ["open_graph_store"]
