"""A world model behind another server of this package, asked in full: ``served:NAME@URL``.

A chat model is asked in messages, which hold neither the facts of a set-up nor what answered programs inside earlier
actions. This one sends the query itself (in the field ``nextstate`` of a chat request, see
:mod:`nextstate.serve.openai`) and gets the prediction itself, so that it evaluates as the model behind the server does.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.models import keys
from nextstate.models.chat import KEY_VARIABLE, completion
from nextstate.models.endpoint import Endpoint, EndpointError, Patience, address
from nextstate.types import Origin, Outcome, Prediction, Trajectory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Query


class ServedModel:
    """The world model that a server at ``url`` calls ``name``. The key is found as :class:`ChatEndpoint` finds it.

    What the server does wrong is the outcome ``PROVIDER_ERROR``. Belongs to the event loop of its first call; close it
    with :meth:`aclose`.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        api_key: str | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.name = f"served:{name}@{url.partition('?')[0]}"
        self._model = name
        self._address = address(url, "/chat/completions")
        key = api_key or os.environ.get(KEY_VARIABLE)
        self._endpoint = Endpoint(self._address, key=key, patience=patience, sleep=sleep)

    @property
    def fingerprint(self) -> str:
        """Name and address."""
        return f"{self.name}#{keys.digest(self._address).hex()[:16]}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        started = time.perf_counter()
        try:
            prediction = _prediction(await self._endpoint.post(_body(self._model, query, seed)))
        except EndpointError as error:
            prediction = Prediction(Outcome.PROVIDER_ERROR, detail=str(error))
        return replace(prediction, model=self.name, seconds=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()


def _body(model: str, query: Query, seed: int | None) -> dict[str, Any]:
    from nextstate.data import store

    whole = store.encode(Trajectory("-", query.domain, query.setup, query.history))
    told = {
        "domain": query.domain,
        "setup": whole["setup"],
        "history": whole["turns"],
        "notes": query.notes,
        "form": "observation",
    }
    body = {"model": model, "messages": [{"role": "user", "content": query.action}], "nextstate": told}
    return body if seed is None else {**body, "seed": seed}


def _prediction(payload: Mapping[str, Any]) -> Prediction:
    """The prediction that a completion carries; raises :class:`EndpointError` where it comes from another server."""
    said, told = completion(payload), payload.get("nextstate")
    try:
        outcome = Outcome(told["outcome"]) if isinstance(told, dict) else None
        origin = Origin(told["origin"]) if isinstance(told, dict) and told.get("origin") else None
    except (KeyError, ValueError):
        outcome = None
    if outcome is None or not isinstance(told, dict):
        raise EndpointError("the reply does not say how it ended: no server of nextstate; ask it as chat:NAME@URL")
    answers = told.get("answers")
    return Prediction(
        outcome,
        said.text if outcome is Outcome.OK else None,
        origin,
        reply="" if outcome is Outcome.OK else said.text,
        reasoning=said.reasoning,
        usage=said.usage,
        detail=str(told.get("detail", "")),
        answers=tuple(map(str, answers)) if isinstance(answers, list) else (),
        why=str(told.get("why", "")),
    )
