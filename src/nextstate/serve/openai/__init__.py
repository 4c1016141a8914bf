"""The OpenAI-compatible surface: a world model, asked as a chat model is asked.

``GET /v1/models``, ``GET /v1/models/{id}`` and ``POST /v1/chat/completions``, whole or streamed, in the shapes of
OpenAI's API reference as the ``openai`` package 3.57 types them. A model's id is its public name, or
``NAME/DOMAIN``. How messages become the one question, and the answer a completion:

===================================  =================================================================================
request                              question
===================================  =================================================================================
``model``: ``NAME/DOMAIN``           the world model and the domain; with ``NAME`` alone, the domain is the one whose
                                     world prompt the system message begins with
system (or developer) messages       the set-up: the sections that :func:`nextstate.models.render.messages` writes
                                     behind the world prompt; other text is the initial state. Where a scenario of the
                                     catalogue begins with the same, its facts are known as well, and it is named in
                                     ``nextstate.scenario`` of the answer
user, assistant, user, assistant     the history: action, what was shown (worded as the domain words it, or as it is)
the last user message                the action, perhaps with notes for this step
assistant ``tool_calls``, and tool   the history of an agent's own transcript: each call and its result is a turn;
messages that answer them            ``tools`` are the set-up's tools; the one call that no message answers is the
                                     action; what the agent says besides, and what it is told, is no part of the world
``seed``                             the seed of the step (a session has its own)
``nextstate.domain``                 the domain, whatever the model's name
``nextstate.setup``                  the set-up as in a trajectory file, also with ``facts``, in the place of the
                                     system message; or ``nextstate.scenario``, a name of the server's catalogue
``nextstate.history``, ``.notes``    the turns as in a trajectory file, in the place of the earlier messages; notes
``nextstate.session``                the id of a session: the action is a step of it, and only the last message counts
``nextstate.form``                   ``reply`` (as the domain words it: what a chat model would say; the usual one
                                     for user messages) or ``observation`` (as it is: the usual one for tool calls)
===================================  =================================================================================

The reply's ``finish_reason`` is ``stop``, or ``length`` where the model was cut off; what a model or kernel declines is
a ``refusal``; a reply without a readable observation is given as it is; a broken model is the error 502. The field
``nextstate`` of a completion says who answered and why (``origin``, ``outcome``, ``why``, ``model``). A stream says the
same text, once it is certain: in pieces at the end; while the model writes, chunks with an empty delta carry what is
heard of it in ``nextstate.heard`` (an empty text: it begins, perhaps anew).

Sampling is the world model's own business: ``temperature``, ``max_tokens`` and the like are taken and have no effect.
What would change the shape of the answer is refused: ``n`` above 1, ``logprobs``, a ``response_format`` that is not
text, pictures. A request that says that earlier turns, or parts of a text, are left out is refused too: a world would
be computed from half of what happened.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from nextstate import domain as domains
from nextstate.data import store
from nextstate.errors import NextstateError, unknown_name
from nextstate.serve import problems
from nextstate.serve.openai import answers, streams, wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service
    from nextstate.types import Json


def routes(service: Service) -> list[BaseRoute]:
    """The addresses of this surface; the list of models, in the same shape, is one of REST's."""
    surface = _Surface(service)
    return [
        Route("/v1/models/{id:path}", _guarded(surface.model), methods=["GET"]),
        Route("/v1/chat/completions", _guarded(surface.chat), methods=["POST"]),
    ]


class _Surface:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._made = int(time.time())
        self._worlds = answers.Worlds.of(service)
        names = list(service.sessions.models)
        self._names = names + [f"{name}/{domain}" for name in names for domain in domains.names()]

    async def model(self, request: Request) -> Response:
        name = request.path_params["id"]
        if name not in self._names:
            raise problems.Refused(404, "model_not_found", str(unknown_name("model", name, self._names)))
        return _json(self._entry(name))

    async def chat(self, request: Request) -> Response:
        asked = wire.parse(await request.body())
        question = await answers.question(self._service, problems.owner(request), asked, self._worlds)
        if not asked.stream:
            return _json(answers.completion(question, await answers.answer(self._service, question)))
        return await streams.response(self._service, question, usage=asked.wants_usage)

    def _entry(self, name: str) -> Json:
        return {"id": name, "object": "model", "created": self._made, "owned_by": "nextstate"}


def _json(value: Json, status: int = 200) -> Response:
    return Response(store.dump(value), status, media_type="application/json")


def _guarded(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handle(request)
        except NextstateError as error:
            status = problems.status(error)
            return _json(wire.problem(error, status), status)

    return guarded
