"""How the service is configured, by the routes of Mem0's open source server: to be read only,
and without secrets or addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from config.settings import Settings
from deployments.api.mem0.schemas.fields import Mem0Fields
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Content
from deployments.api.schemas.serialize import Json
from memory.domain.errors import InvalidInput

_LLMS = ("openai",)
_EMBEDDERS = ("sentence_transformers",)
_STORES = ("embedded", "weaviate")


class ProviderOut(BaseModel):
    provider: str
    config: dict[str, Any]


class ConfigurationOut(BaseModel):
    """`llm` is null where there is none."""

    version: str
    vector_store: ProviderOut
    embedder: ProviderOut
    llm: ProviderOut | None


class ProvidersOut(BaseModel):
    """What there is to choose from."""

    llm: list[str]
    embedder: list[str]
    vector_store: list[str]


class UseCaseIn(Mem0Fields):
    use_case: Annotated[Content, Field(max_length=2_000)]


class InstructionsOut(BaseModel):
    custom_instructions: str
    test_message: str


def routes(settings: Settings) -> APIRouter:
    router = new_router("mem0")

    @router.get("/configure", response_model=ConfigurationOut)
    async def configuration() -> Json:
        """What is configured."""
        return Json(_configuration(settings))

    @router.get("/configure/providers", response_model=ProvidersOut)
    async def providers() -> Json:
        """What could be."""
        return Json({"llm": _LLMS, "embedder": _EMBEDDERS, "vector_store": _STORES})

    @router.post("/configure", response_model=ConfigurationOut, dependencies=[HOLDS_RIGHT])
    async def configure() -> Json:
        """Refused: settings are of the service's start."""
        raise InvalidInput(
            "the configuration is read only: set MEM0G_ variables, or serve_config.yaml, and"
            " restart the service"
        )

    @router.post("/generate-instructions", response_model=InstructionsOut)
    async def generate_instructions(body: UseCaseIn) -> Json:
        """A first draft of custom_instructions for a use case, by rule and without a model."""
        case = " ".join(body.use_case.split())
        return Json(
            {
                "custom_instructions": (
                    f"The memories are for this use: {case}\n"
                    "Keep what will matter for it later: facts, preferences, plans and decisions"
                    " of the people who speak, with names, places, amounts and dates.\n"
                    "Leave out greetings, small talk, guesses, and whatever has no use there."
                ),
                "test_message": f"Hello! I would like your help with this: {case}",
            }
        )

    return router


def _configuration(settings: Settings) -> dict[str, Any]:
    store, llm = settings.vector_store, settings.llm
    return {
        "version": "v1.1",
        "vector_store": {"provider": store.backend, "config": {"buckets": store.buckets}},
        "embedder": {"provider": _EMBEDDERS[0], "config": {"model": settings.embedder.model}},
        "llm": ({"provider": _LLMS[0], "config": {"model": llm.model}} if llm.base_url else None),
    }
