"""Routes of feedback on memories."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from deployments.api.mem0.schemas.fields import Mem0Fields
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas import limits
from deployments.api.schemas.serialize import Json
from memory.domain.feedback import Feedback, Verdict
from memory.service.api import Memories

Reason = Annotated[str, Field(max_length=4_096), AfterValidator(limits.storable)]


class FeedbackIn(Mem0Fields):
    """Without a feedback the last one is taken back."""

    memory_id: str
    feedback: Verdict | None = None
    feedback_reason: Reason | None = None


class FeedbackOut(TypedDict):
    """`id` is the memory's: it has one feedback, the last."""

    id: str
    feedback: Verdict | None
    feedback_reason: str | None


def routes(memories: Memories) -> APIRouter:
    router = new_router("mem0")

    @router.post("/v1/feedback", response_model=FeedbackOut)
    async def rate(body: FeedbackIn, who: Who) -> Json:
        """Say what a memory was worth. It is kept beside the memory and goes with it; searches do
        not look at it."""
        verdict = body.feedback
        given = None if verdict is None else Feedback(verdict, body.feedback_reason)
        await memories.rate(who, body.memory_id, given)
        return Json(feedback_out(body.memory_id, given))

    @router.get("/v1/feedback/{memory_id}", response_model=FeedbackOut)
    async def get(memory_id: str, who: Who) -> Json:
        """The last feedback on a memory."""
        return Json(feedback_out(memory_id, await memories.feedback(who, memory_id)))

    return router


def feedback_out(memory_id: str, feedback: Feedback | None) -> FeedbackOut:
    return {
        "id": memory_id,
        "feedback": None if feedback is None else feedback.verdict,
        "feedback_reason": None if feedback is None else feedback.reason,
    }
