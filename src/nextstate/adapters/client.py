"""A client of a running server, in the standard library alone: what every adapter speaks through.

It waits in the calling thread and may be used from several at once; asynchronous code calls it with
``asyncio.to_thread``. The paths and bodies are those of the server's REST interface, which its ``/openapi.json`` tells.
"""

from __future__ import annotations

import http.client
import json
import selectors
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from nextstate.errors import ActionError, NextstateError, SessionEnded, StepFailed, UsageError
from nextstate.types import Outcome, Prediction, Tool

SECONDS = 660.0
"""The longest wait for one answer; a server gives a step ten minutes unless it was told otherwise."""
MAX_ANSWER = 256_000_000
"""Bytes of the longest answer that is read."""


class ServerError(NextstateError):
    """The server answered with an error that has no class of its own here, or could not be reached.

    ``status`` is the HTTP status (0: there was no answer) and ``code`` the name that the server gave:
    ``no_such_session``, ``busy``, ``quota_exceeded``, ``unauthorized``; ``unreachable`` without an answer.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Client:
    """A server at ``url`` (``http://`` or ``https://``, with or without a path), asked with the bearer ``key``."""

    def __init__(self, url: str, key: str | None = None, *, timeout: float = SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no address of a server; give one such as http://127.0.0.1:8000")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._path = parts.path.rstrip("/")
        self._headers = {"Accept": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._local = threading.local()

    def create(
        self,
        *,
        scenario: str | Mapping[str, Any] = "",
        after: int = 0,
        model: str = "",
        seed: int = 0,
        instruction: str | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> Remote:
        """A new session of a scenario that the server offers; an empty name takes the server's first one.

        The session begins after the first ``after`` recorded turns of it. A mapping is a scenario that is brought
        along: ``domain`` and ``setup`` as in a trajectory file. ``limits``,
        such as ``{"turns": 20}``, can be tighter than the server's. Raises :class:`~nextstate.errors.UsageError` for a
        name that the server does not know, and :class:`ServerError`.
        """
        body: dict[str, Any] = {"scenario": scenario or self._first(), "model": model, "seed": seed}
        body |= {"after": after} if after else {}
        body |= {} if instruction is None else {"instruction": instruction}
        body |= {} if limits is None else {"limits": dict(limits)}
        return Remote(self, self.request("POST", "/v1/sessions", body))

    def session(self, id: str) -> Remote:
        """A session that exists. Raises :class:`ServerError` (``no_such_session``)."""
        return Remote(self, self.request("GET", f"/v1/sessions/{quote(id, safe='')}"))

    def scenarios(self, *, domain: str = "", offset: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """A page of the scenarios that the server offers, each with ``name``, ``domain``, ``title``, ``turns``."""
        query = urlencode({"domain": domain, "offset": offset, "limit": limit})
        found: list[dict[str, Any]] = self.request("GET", f"/v1/scenarios?{query}")["scenarios"]
        return found

    def _first(self) -> str:
        if found := self.scenarios(limit=1):
            return str(found[0]["name"])
        raise UsageError(f"the server at {self.url} offers no scenarios; start it with a file of recordings")

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request and its answer, a JSON object. Raises what :func:`error_of` gives, or :class:`ServerError`."""
        headers, content = self._headers, None
        if body is not None:
            headers, content = {**headers, "Content-Type": "application/json"}, json.dumps(body).encode()
        try:
            status, text = self._exchange(method, self._path + path, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ServerError(0, "unreachable", f"no answer from {self.url}: {error or type(error).__name__}") from None
        answer = _object(text)
        if status >= 400 or answer is None:
            raise error_of(status, answer or {})
        return answer

    def close(self) -> None:
        """Close this thread's connection; the next request opens another."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connection()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read(MAX_ANSWER + 1)
        if len(text) > MAX_ANSWER:
            raise http.client.HTTPException(f"the answer is longer than {MAX_ANSWER} bytes")
        return response.status, text

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None or _hung_up(connection):
            self.close()
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._local.connection = connection = kind(self._host, self._port, timeout=self.timeout)
        return connection


@dataclass(slots=True)
class Remote:
    """A session on a server. ``view`` is what it last told: ``id``, ``domain``, ``turns``, ``ending`` and more."""

    client: Client
    view: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.view["id"])

    def step(self, action: str) -> dict[str, Any]:
        """The turn that ``action`` makes.

        Keys: ``observation``, ``index`` (from 0), ``origin`` (who answered), ``why`` (it was not computed; may be
        absent), ``shared``, ``seconds``, ``action``, and ``meta`` with whatever else is known. Raises
        :class:`~nextstate.errors.ActionError`, :class:`~nextstate.errors.SessionEnded`,
        :class:`~nextstate.errors.StepFailed` and :class:`ServerError`; the session is then as it was.
        """
        return self._step({"action": action})

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The turn that the call of a tool makes; otherwise like :meth:`step`."""
        return self._step({"call": {"name": tool, "arguments": dict(arguments)}})

    def tools(self) -> tuple[Tool, ...]:
        """The tools that an agent has in this session."""
        found = self._get("tools")["tools"]
        return tuple(
            Tool(one["name"], one.get("description", ""), one.get("inputSchema", {}), one.get("outputSchema", {}))
            for one in found
        )

    def fork(self, *, at: int | None = None, seed: int | None = None) -> Remote:
        """A session with the same past, of the first ``at`` turns or of all, and its own future."""
        body = {name: value for name, value in (("at", at), ("seed", seed)) if value is not None}
        return Remote(self.client, self._post("fork", body))

    def rewind(self, turns: int = 1) -> dict[str, Any]:
        """Take back the last ``turns`` turns; gives what the server tells of the session then."""
        self.view = self._post("rewind", {"turns": turns})
        return self.view

    def instruct(self, instruction: str) -> dict[str, Any]:
        """Put ``instruction`` in the place of the simulation instruction, for the turns that follow."""
        self.view = self._post("instruct", {"instruction": instruction})
        return self.view

    def refresh(self) -> dict[str, Any]:
        """What the server tells of the session now."""
        self.view = self.client.request("GET", self._path())
        return self.view

    def ending(self) -> str | None:
        """Why the session takes no more steps, as the server tells now; ``None`` while it does."""
        ending: str | None = self.refresh()["ending"]
        return ending

    def shown(self) -> str:
        """What can be seen before the next action: the last observation or, where actions are done to a screen that
        was there before the first one, that screen; empty where nothing was."""
        trajectory = self.trajectory()
        if turns := trajectory["turns"]:
            return str(turns[-1]["observation"])
        kinds = self.client.request("GET", "/v1/domains")["domains"]
        screens = {kind["name"] for kind in kinds if kind["screens"]}
        return str(trajectory["setup"]["initial_state"]) if trajectory["domain"] in screens else ""

    def trajectory(self) -> dict[str, Any]:
        """The episode so far, as an object of the trajectory file."""
        return self._get("trajectory")

    def close(self) -> dict[str, Any]:
        """End the session under the name ``closed``; it can still be read and forked."""
        self.view = self.client.request("DELETE", self._path())
        return self.view

    def _path(self, what: str = "") -> str:
        return f"/v1/sessions/{quote(self.id, safe='')}" + (f"/{what}" if what else "")

    def _step(self, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            taken = self._post("step", body)
        except ServerError as error:
            if error.code != "unreachable":
                raise
            # The answer was lost, perhaps not the step: with its index it is taken at most once.
            taken = self._post("step", {**body, "turn": self.view["turns"]})
        turn = taken.pop("turn")
        self.view["turns"] = taken["index"] + 1
        told = {name: turn["meta"][name] for name in ("origin", "why") if name in turn["meta"]}
        return {**turn, **taken, **told}

    def _get(self, what: str) -> dict[str, Any]:
        return self.client.request("GET", self._path(what))

    def _post(self, what: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.client.request("POST", self._path(what), body)


def error_of(status: int, answer: Mapping[str, Any]) -> NextstateError:
    """The error that an answer is: ``{"error": {"code", "message", ...}}`` in the words of this package."""
    told = answer.get("error")
    told = told if isinstance(told, dict) else {}
    code, message = str(told.get("code", "unknown")), str(told.get("message") or f"the server answered {status}")
    if code == "bad_action":
        return ActionError(message)
    if code == "session_ended" and "ending" in told:
        return SessionEnded(str(told["ending"]))
    if code == "step_failed" and told.get("outcome") in set(Outcome) - {Outcome.OK}:
        return StepFailed(Prediction(Outcome(told["outcome"]), detail=message))
    if code == "bad_request":
        return UsageError(message)
    return ServerError(status, code, message)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed a connection that waits for its next request: then it is readable, at its end.

    A request is never sent twice (a step would be taken twice), so this is asked before each.
    """
    if connection.sock is None:
        return False
    with selectors.DefaultSelector() as watched:
        watched.register(connection.sock, selectors.EVENT_READ)
        return bool(watched.select(0))
