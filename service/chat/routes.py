"""`/v1/models` and `/v1/chat/completions`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from yingzhi.clinical.words import Language
from yingzhi.service.chat.admission import Said, take_in
from yingzhi.service.chat.delivery import Delivery
from yingzhi.service.chat.errors import ChatRoute
from yingzhi.service.chat.progress import Progress
from yingzhi.service.chat.reply import Attended, Piece, narrate, only_said
from yingzhi.service.chat.tasks import answer_task, is_task
from yingzhi.service.chat.turns import read_turn
from yingzhi.service.chat.wire import MODELS, ChatRequest, Completion, ModelCard, ModelList, Usage
from yingzhi.service.context import Context, Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.problems import Problem

router = APIRouter(prefix="/v1", tags=["chat"], route_class=ChatRoute)
Who = Annotated[Principal, Depends(allowed("chat.use"))]
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers when it does not do what was asked."""
    return {
        s: {"description": "Not done; the reason in OpenAI's shape.", "content": {"application/json": {"schema": ERROR}}} for s in statuses
    }


@router.get("/models", responses=answers(401, 403, 429))
async def list_models(_: Who) -> ModelList:
    """The models: `yingzhi` answers in the note's language, the others in theirs."""
    return ModelList(data=[ModelCard(id=name) for name in MODELS])


@router.get("/models/{model}", responses=answers(401, 403, 404, 429))
async def get_model(_: Who, model: str) -> ModelCard:
    """One model."""
    if model not in MODELS:
        raise Problem(404, "Model not found", "there is no such model; GET /v1/models names them", field="model")
    return ModelCard(id=model)


@router.post(
    "/chat/completions",
    response_model=None,
    responses=answers(400, 401, 403, 404, 409, 422, 429, 500, 503)
    | {200: {"description": "The reply.", "content": {"application/json": {}, "text/event-stream": {"schema": {"type": "string"}}}}},
)
async def complete_chat(
    here: Here,
    who: Who,
    body: ChatRequest,
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200, description="For a new consultation.")] = None,
    x_progress: Annotated[Progress, Header(description="How progress is shown in a stream.")] = "quote",
    x_on_disconnect: Annotated[
        Literal["cancel", "continue"], Header(description="What becomes of the run when its reader leaves.")
    ] = "cancel",
) -> Response:
    """The first turn is the note of a new consultation; what follows is added to its record."""
    language = body.language()
    body.check()
    completion = Completion(body.model, with_usage=bool(body.stream_options and body.stream_options.include_usage))
    place = here.limits.streams.take(who.tenant)
    try:
        run, pieces = await _reply(here, who, body, language, idempotency_key, x_progress)
    except BaseException:
        place.free()
        raise
    delivery = Delivery(here, who, place, run, pieces, completion, x_progress, cancels=x_on_disconnect == "cancel")
    return delivery.stream() if body.stream else await delivery.whole(request)


async def _reply(
    here: Context, who: Principal, body: ChatRequest, language: Language | None, key: str | None, progress: Progress
) -> tuple[Attended | None, AsyncGenerator[Piece | Usage]]:
    last = body.messages[-1]
    if last.role == "user" and is_task(last.text()):
        return None, only_said(answer_task(last.text(), language))
    turn = read_turn(body.messages, body.metadata.consultation if body.metadata else None)
    taken = await take_in(turn, here, who, language, key)
    if isinstance(taken, Said):
        return None, only_said(taken.text)
    run = Attended(taken)
    return run, narrate(run, here.consultations, who, progress)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing_else(path: str) -> None:
    """What else OpenAI has."""
    method = "POST" if path == "chat/completions" else "GET" if path.split("/")[0] == "models" else None
    if method is not None:
        raise Problem(405, "Method not allowed", f"{method} is the method here", headers={"Allow": method})
    raise Problem(404, "Not found", "only /v1/models and /v1/chat/completions are here")
