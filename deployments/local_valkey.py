"""The actor that owns the local valkey-server: one for all replicas of Store, started before them.

Serve pickles this module by value, so what it does lives in graph_store/redis/local_server.py.
"""

from typing import Any

import ray
from ray.serve.config import DeploymentActorConfig


class LocalValkey:
    """Runs the server for as long as the actor lives."""

    def __init__(self, args: dict[str, Any]) -> None:
        from config.settings import Settings
        from deployments.refusal import refusals
        from graph_store.redis.local_server import ValkeyServer

        with refusals():
            settings = Settings.load(args)
            cluster = ray.get_runtime_context().get_session_name()
            self._server = ValkeyServer(settings.data_dir, cluster, settings.redis.fsync)
            self._server.start()


def local_valkey(args: dict[str, Any]) -> DeploymentActorConfig:
    return DeploymentActorConfig(
        name="valkey",
        actor_class=ray.remote(LocalValkey),
        init_args=(args,),
        actor_options={"num_cpus": 0},
    )
