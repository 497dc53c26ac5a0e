"""The graph itself, in Redis: memories with every version, relationships as adjacency sets."""

from config.settings import Settings
from graph_store.connection import Connection
from graph_store.redis_graph import RedisGraph
from graph_store.valkey_server import url_of
from memory.ports import GraphStore


def redis_url(settings: Settings) -> str:
    """Where the record is: the Redis of the settings, or the service's own valkey."""
    url = settings.redis.url
    return url.get_secret_value() if url else url_of(settings.data_dir)


def open_graph_store(settings: Settings, url: str) -> GraphStore:
    """A graph store on redis://, rediss:// or unix:// ; connects at its first use."""
    return RedisGraph(Connection(url, settings.redis))


__all__ = ["open_graph_store", "redis_url"]
