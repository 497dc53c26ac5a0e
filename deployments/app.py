"""The only place where the deployments are wired: `import_path: deployments.app:build`.

Numbers are in serve_config.yaml. Each deployment gets the raw `args` and loads its settings in its
own process, so that no secret ever passes through Ray.
"""

from typing import Any

from ray import serve
from ray.serve import Application

from config.settings import Settings
from deployments.embedder import Embedder
from deployments.ingress import Ingress
from deployments.local_valkey import local_valkey
from deployments.refusal import refusals
from deployments.store import Store

# Serve's own annotations only describe decorators.
_deployment: Any = serve.deployment
_asgi: Any = serve.ingress()


def build(args: dict[str, Any]) -> Application:
    """Ingress → Store → Embedder. A bad setting fails the deploy here, in one line."""
    with refusals():
        settings = Settings.load(args)
    actors = [] if settings.redis.url else [local_valkey(args)]
    embedder = _deployment(Embedder, name="Embedder").bind(args)
    store = _deployment(Store, name="Store", deployment_actors=actors).bind(args, embedder)
    application: Application = _deployment(_asgi(Ingress), name="Ingress").bind(args, store)
    return application
