"""A real MCP server, recorded: tool calls in, a trajectory with what the server really answered out.

The server is reached with the MCP SDK, over the standard input and output of a command or at a Streamable HTTP address.
What a turn shows is the text that an agent sees, as :mod:`nextstate.data.sources.mcp_recording` words it: the texts of
``content``, one below the other; the JSON of ``structuredContent`` where there is no content; a part that is no text is
named (``[image image/png]``). ``meta`` of a turn holds ``error`` (the mark ``isError``, or true for an error of
JSON-RPC, whose ``code`` is kept), ``structured`` and ``not_text``. Results are recorded as they come: one that
breaks the tool's output schema as well. A command runs as the user that starts it, without a sandbox.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TextIO

from nextstate.data.scrub import scrub
from nextstate.domain import calls
from nextstate.errors import NextstateError, SessionEnded, UsageError
from nextstate.types import Action, Json, Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from mcp.client.session import MessageHandlerFnT
    from mcp_types import CallToolResult, ContentBlock

    from mcp import Client

PAGES = 100
"""Pages of a server's list of tools."""
START = 30.0
"""Seconds that a server has for each answer until its tools are listed."""


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is reached: the words of a ``command``, or a ``url``.

    ``env`` is added to the few variables that a command inherits (the SDK's safe ones); ``cwd`` is its directory.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None

    def __post_init__(self) -> None:
        if bool(self.command) == bool(self.url):
            raise UsageError("an MCP server is a command or a url, not both; give one of them")


@dataclass(slots=True)
class Recording:
    """A session with a server under way. ``trajectory`` is what is finished, scrubbed of secrets, at any time."""

    id: str
    setup: Setup
    source: Source
    meta: Mapping[str, Json]
    _client: Client
    _timeout: float
    ending: str = ""
    """Why no more calls are taken: ``timeout``, ``closed`` or ``malformed_result``; empty while they are."""
    turns: list[Turn] = field(default_factory=list)

    async def step(self, action: Action) -> Turn | None:
        """Let the server see ``action``; ``None`` where it gave no answer, which ends the session.

        Raises :class:`~nextstate.errors.ActionError` for what is no tool call (the server does not see it), and
        :class:`SessionEnded` once ``ending`` is set.
        """
        if self.ending:
            raise SessionEnded(self.ending)
        call = calls.parse(action)
        found = await _called(self._client, call, self._timeout)
        if isinstance(found, str):
            self.ending = found
            return None
        self.turns.append(Turn(action, *found))
        return self.turns[-1]

    @property
    def trajectory(self) -> Trajectory:
        meta = {**self.meta, "ending": self.ending or "end"}
        return scrub(Trajectory(self.id, "mcp", self.setup, tuple(self.turns), self.source, meta))


async def record(
    server: Server,
    actions: Iterable[Action],
    *,
    id: str,
    initial_state: str | None = None,
    facts: Mapping[str, Json] | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 - a limit of each call, not of this one
    source: Source | None = None,
) -> Trajectory:
    """Play ``actions`` (tool calls as JSON) to a real server and return what it answered.

    ``initial_state`` is the text that a model reads about the state before the first call (the server's own
    instructions, if it is ``None``), ``facts`` the same for a kernel. ``timeout`` is in seconds a call. Where the
    server gives no answer the trajectory ends: ``meta["ending"]`` says how, ``meta["left"]`` how many calls were not
    made.
    """
    waiting = list(actions)
    async with session(
        server, id=id, initial_state=initial_state, facts=facts, timeout=timeout, source=source
    ) as recording:
        while waiting and not recording.ending:
            await recording.step(waiting.pop(0))
        found = recording.trajectory
    return replace(found, meta={**found.meta, "left": len(waiting)}) if waiting else found


@contextlib.asynccontextmanager
async def session(
    server: Server,
    *,
    id: str,
    initial_state: str | None = None,
    facts: Mapping[str, Json] | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 - a limit of each call
    source: Source | None = None,
) -> AsyncIterator[Recording]:
    """Connect to a server, list its tools, and record the calls that are made; parameters as in :func:`record`.

    Raises :class:`UsageError` where the command does not start or nothing answers, with the end of what a command
    wrote to its standard error.
    """
    async with contextlib.AsyncExitStack() as stack:
        log = stack.enter_context(_log())
        client = await stack.enter_async_context(connected(server, log))
        tools = await _tools(client)
        about = client.server_info
        setup = Setup(
            initial_state=(client.instructions or "") if initial_state is None else initial_state,
            tools=tuple(tools),
            facts=facts or {},
        )
        meta: dict[str, Json] = {"protocol": client.protocol_version}
        if about is not None:
            meta |= {"environment": about.name, "version": about.version}
        yield Recording(id, setup, source or Source(dataset="recorded"), meta, client, timeout)


# The SDK


@contextlib.asynccontextmanager
async def connected(
    server: Server, log: TextIO, *, seconds: float = START, heard: MessageHandlerFnT | None = None, mode: str = "auto"
) -> AsyncIterator[Client]:
    """A client of the server; what a command writes to its standard error goes to ``log``, a file that can be read.

    An answer may take ``seconds``; ``heard`` is called with what the server announces; ``mode`` is the era of the
    protocol, ``auto`` or ``legacy``. Raises :class:`UsageError`.
    """
    try:
        from mcp.client.stdio import stdio_client

        from mcp import Client, StdioServerParameters
    except ImportError:
        raise UsageError("recording an MCP server needs the MCP SDK: pip install 'nextstate[mcp]'") from None
    if server.url:
        client = Client(server.url, read_timeout_seconds=seconds, cache=None, message_handler=heard, mode=mode)
    else:
        words = StdioServerParameters(
            command=server.command[0], args=list(server.command[1:]), env=dict(server.env), cwd=server.cwd
        )
        transport = stdio_client(words, errlog=log)
        client = Client(transport, read_timeout_seconds=seconds, cache=None, message_handler=heard, mode=mode)
    failures: tuple[type[BaseException], ...] = (*_connection_errors(), BaseExceptionGroup)
    raised: NextstateError | None = None
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(client)
        except failures as error:
            if (reason := _reason(error)) is None:
                raise
            raise UsageError(_unreachable(server, reason, log)) from error
        try:
            yield client
        except NextstateError as error:
            raised = error  # carried past the SDK's task groups, which would make a group of exceptions of it
    if raised is not None:
        raise raised


def _reason(error: BaseException) -> str | None:
    """Why a connection failed, in words; ``None`` where the error is none of a connection."""
    if isinstance(error, BaseExceptionGroup):
        reasons = [_reason(inner) for inner in error.exceptions]
        return None if None in reasons else "; ".join(str(reason) for reason in reasons)
    return str(error) or type(error).__name__ if isinstance(error, _connection_errors()) else None


def _connection_errors() -> tuple[type[Exception], ...]:
    import httpx2  # what the SDK reaches a url with

    from mcp import MCPError

    return OSError, MCPError, ValueError, httpx2.HTTPError, httpx2.InvalidURL


def _unreachable(server: Server, reason: str, log: TextIO) -> str:
    said = ""
    if log.seekable():
        log.seek(0)
        said = log.read()[-500:].strip()
    return f"no MCP server answers at {server.url or ' '.join(server.command)}: {reason}" + (
        f"\n{said}" if said else ""
    )


@contextlib.contextmanager
def _log() -> Iterator[TextIO]:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        yield file


async def _tools(client: Client) -> list[Tool]:
    from mcp import MCPError

    found: list[Tool] = []
    cursor: str | None = None
    if client.server_capabilities.tools is None:
        return found
    for _ in range(PAGES):
        try:
            page = await client.list_tools(cursor=cursor)
        except MCPError as error:
            raise NextstateError(f"the server does not list its tools: {error.message}") from error
        found += [
            Tool(one.name, one.description or "", one.input_schema, one.output_schema or {}) for one in page.tools
        ]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise NextstateError(f"the server's list of tools has more than {PAGES} pages")


async def _called(client: Client, call: calls.Call, seconds: float) -> tuple[str, dict[str, Json]] | str:
    """What the call showed and its meta, or the name of the ending where there was no answer."""
    import mcp_types as types
    from pydantic import ValidationError

    from mcp import MCPError

    # Not Client.call_tool: that raises for a result against its output schema, and the result would be lost.
    request = types.CallToolRequest(params=types.CallToolRequestParams(name=call.name, arguments=dict(call.arguments)))
    try:
        result = await client.session.send_request(request, types.CallToolResult, seconds)
    except MCPError as error:
        if error.code in (types.REQUEST_TIMEOUT, types.CONNECTION_CLOSED):
            return "timeout" if error.code == types.REQUEST_TIMEOUT else "closed"
        data = {} if error.data is None else {"data": error.data}
        return error.message, {"error": True, "code": error.code, **data}
    except ValidationError:
        return "malformed_result"
    return shown(result)


# What a result shows


def shown(result: CallToolResult) -> tuple[str, dict[str, Json]]:
    """The text that an agent sees of a result, and the meta of its turn."""
    meta: dict[str, Json] = {"error": result.is_error}
    structured: Any = result.structured_content
    if not result.content and structured is not None:
        return json.dumps(structured, ensure_ascii=False), meta
    if structured is not None:
        meta["structured"] = structured
    texts = [_text(part) for part in result.content]
    if None in texts:
        meta["not_text"] = True
    named = [_named(part) if text is None else text for part, text in zip(result.content, texts, strict=True)]
    return "\n".join(named), meta


def _text(part: ContentBlock) -> str | None:
    inner: object = getattr(part, "resource", part)
    text = getattr(inner, "text", None)
    return text if isinstance(text, str) else None


def _named(part: ContentBlock) -> str:
    inner: object = getattr(part, "resource", part)
    words = (getattr(part, "type", "blob"), getattr(inner, "uri", None), getattr(inner, "mime_type", None))
    return f"[{' '.join(str(word) for word in words if word)}]"
