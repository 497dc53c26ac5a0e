"""The graph itself, in Redis: memories with every version, relationships as adjacency sets."""

from config.settings import Settings
from graph_store.events.event_log import RedisEventLog
from graph_store.projects.projects import RedisProjects
from graph_store.redis.connection import Connection
from graph_store.redis.local_server import url_of
from graph_store.redis_graph import RedisGraph
from memory.ports.event_log import EventLog
from memory.ports.metrics import SILENT, Meter


def redis_url(settings: Settings) -> str:
    """Where the record is: the Redis of the settings, or the service's own valkey."""
    url = settings.redis.url
    return url.get_secret_value() if url else url_of(settings.data_dir)


def open_graph_store(settings: Settings, url: str, meter: Meter = SILENT) -> RedisGraph:
    """A graph store on redis://, rediss:// or unix:// ; it connects at its first use."""
    return RedisGraph(Connection(url, settings.redis, meter))


def open_event_log(settings: Settings, url: str, meter: Meter = SILENT) -> EventLog:
    """The event logs of the same Redis, over a connection of their own."""
    redis = Connection(url, settings.redis, meter)
    return RedisEventLog(redis, RedisProjects(redis), settings.vector_store.buckets)


__all__ = ["open_event_log", "open_graph_store", "redis_url"]
