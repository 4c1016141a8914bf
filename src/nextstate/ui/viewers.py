"""What the viewers of the playground ask a server for: trajectories, reports, and the game of real or simulated.

``/viewers/...`` speaks JSON and needs a key as every surface does. ``/ui/report/{ticket}`` is a page with a script of
its own; whoever has the ticket sees it, in a sandbox that reaches nothing. No request names a file: trajectories and
reports have names that the server gave them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from nextstate import domain as domains
from nextstate.data import lines, store
from nextstate.errors import DataError, NextstateError
from nextstate.serve.problems import Refused, owner
from nextstate.sim.scenario import Scenario
from nextstate.types import Origin
from nextstate.ui import blind, bodies, guesses, trajectories
from nextstate.ui.reports import Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service
    from nextstate.types import Trajectory

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of a report page (Content Security Policy, level 3): its own scripts, in an origin of its own, and no request."""
PART = 200
"""Entries, lines or turns of one answer."""
MAX_UNPACKED = 512 * 2**20
"""Bytes that a compressed file may become."""
IN_MEMORY = 8 * 2**20
MAX_SCREEN = 4_000_000
"""Characters of an observation that is drawn."""
PLAIN = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

Answer = Callable[["Request"], Awaitable[Response]]


def routes(service: Service) -> list[BaseRoute]:
    """All paths of the viewers."""
    return [
        *_trajectory_routes(service),
        *_report_routes(service),
        *_game_routes(service),
        Route("/viewers/picture", _picture, methods=["POST"]),
        Route("/viewers/unpack", _unpack, methods=["POST"]),
    ]


def _told(value: Any) -> Response:
    return Response(store.dump(value), media_type="application/json", headers=PLAIN)


# Trajectories


def _trajectory_routes(service: Service) -> list[BaseRoute]:
    shelf = trajectories.Shelf(service.catalogue)

    async def about(request: Request) -> Response:
        return _told(_about(service))

    async def listed(request: Request) -> Response:
        given = request.query_params
        wanted = trajectories.Wanted(*(bodies.text(given, name, "") for name in ("text", "domain", "origin", "failed")))
        offset, limit = bodies.whole(given, "offset", 0), bodies.whole(given, "limit", 100, most=PART)
        return _told(await asyncio.to_thread(shelf.listed, wanted, offset, limit))

    async def head(request: Request) -> Response:
        name = bodies.text(request.query_params, "name", limit=1_000)
        return _told(trajectories.head(name, service.catalogue.recorded(name)))

    def part(take: Callable[[Trajectory, int, int], list[dict[str, Any]]]) -> Answer:
        async def answer(request: Request) -> Response:
            given = request.query_params
            one = service.catalogue.recorded(bodies.text(given, "name", limit=1_000))
            start, count = bodies.whole(given, "from", 0), bodies.whole(given, "count", 1, most=PART)
            return _told({"turns": take(one, start, count)})

        return answer

    async def play(request: Request) -> Response:
        given = await bodies.json_object(request)
        scenario = _scenario(service, given)
        model = bodies.text(given, "model", "")
        view = await service.sessions.create(owner(request), scenario, model=model)
        return _told({"id": view.id})

    return [
        Route("/viewers/about", about, methods=["GET"]),
        Route("/viewers/trajectories", listed, methods=["GET"]),
        Route("/viewers/trajectory", head, methods=["GET"]),
        Route("/viewers/outline", part(trajectories.outline), methods=["GET"]),
        Route("/viewers/turns", part(trajectories.turns), methods=["GET"]),
        Route("/viewers/play", play, methods=["POST"]),
    ]


def _about(service: Service) -> dict[str, Any]:
    """What the viewers need to know of the installed domains and of the server."""
    installed = {name: domains.find(name) for name in domains.names()}
    return {
        "domains": {
            name: {"screens": one.screens, "picture": one.picture is not None} for name, one in installed.items()
        },
        "origins": [origin.value for origin in Origin],
        "models": list(service.sessions.models),
        "model": service.sessions.default_model,
        "trajectories": len(service.catalogue),
        "reports": len(service.reports),
    }


def _scenario(service: Service, given: Mapping[str, Any]) -> Scenario:
    """Where a session begins: after some turns of a trajectory that is named or given whole."""
    after = bodies.whole(given, "after", 0)
    if "trajectory" not in given:
        return service.catalogue.find(bodies.text(given, "name", limit=1_000), after=after)
    try:
        one = store.decode(given["trajectory"], "the trajectory")
    except DataError as error:
        raise Refused(400, "bad_request", str(error)) from None
    return Scenario.of(one, after=after)


async def _picture(request: Request) -> Response:
    """A screen as a page without scripts, which the playground shows in a frame that allows none."""
    given = await bodies.json_object(request)
    domain = domains.find(bodies.text(given, "domain"))
    screen = bodies.text(given, "observation", limit=MAX_SCREEN)
    if domain.picture is None:
        raise Refused(422, "no_picture", f"screens of the domain {domain.name!r} have no picture; they are texts")
    return _told({"html": await asyncio.to_thread(domain.picture, screen)})


# Compressed files


async def _unpack(request: Request) -> Response:
    """What a file in Zstandard's format (RFC 8878) holds, for browsers that cannot unpack it themselves.

    It comes in base64, for a gate in front looks at every body as at JSON.
    """
    packed = bodies.text(await bodies.json_object(request), "packed", limit=bodies.MAX_BODY)
    file = await asyncio.to_thread(_unpacked, packed)
    return StreamingResponse(_pieces(file), media_type="application/octet-stream", headers=PLAIN)


def _unpacked(packed: str) -> IO[bytes]:
    """The content, at its beginning. Raises :class:`Refused` where it is damaged or too long."""
    try:
        content = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "bad_request", "'packed' must be base64") from None
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # whoever reads it closes it
    try:
        _unpack_into(file, content)
    except Refused:
        file.close()
        raise
    file.seek(0)
    return file


def _unpack_into(file: IO[bytes], content: bytes) -> None:
    size = 0
    with tempfile.NamedTemporaryFile(suffix=".zst") as upload:
        upload.write(content)
        upload.flush()
        try:
            for piece in lines.chunks(upload.name):
                size += len(piece)
                if size > MAX_UNPACKED:
                    raise Refused(413, "too_large", f"unpacked, the file is longer than {MAX_UNPACKED:,} bytes")
                file.write(piece)
        except DataError as error:
            raise Refused(422, "damaged", str(error).removeprefix(f"{error.where}: ")) from None
    if not size:
        raise Refused(422, "damaged", "there is nothing in the compressed file")


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, 2**18):
            yield piece


# Reports


def _report_routes(service: Service) -> list[BaseRoute]:
    library = Library(service.reports, service.catalogue)

    async def listed(request: Request) -> Response:
        return _told(await asyncio.to_thread(library.listed))

    async def opened(request: Request) -> Response:
        ids = (await bodies.json_object(request)).get("ids")
        if not isinstance(ids, list) or len(ids) > PART or not all(isinstance(id, str) for id in ids):
            raise Refused(400, "bad_request", f"'ids' must be a list of at most {PART} texts")
        ticket = await asyncio.to_thread(library.opened, ids)
        return _told({"url": f"/ui/report/{ticket}"})

    async def page(request: Request) -> Response:
        try:
            path = library.page(request.path_params["ticket"])
        except NextstateError as error:
            return Response(f"{error}\n", 404, PLAIN, "text/plain")
        headers = {**PLAIN, "Content-Security-Policy": REPORT_POLICY}
        return FileResponse(path, media_type="text/html", headers=headers)

    return [
        Route("/viewers/reports", listed, methods=["GET"]),
        Route("/viewers/reports/open", opened, methods=["POST"]),
        Route("/ui/report/{ticket}", page, methods=["GET"]),
    ]


# The game


def _game_routes(service: Service) -> list[BaseRoute]:
    game = blind.Game(service.sessions, service.catalogue)

    async def state(request: Request) -> Response:
        player = game.player(owner(request))
        return _told(
            {
                "models": list(service.sessions.models),
                "domains": {name: sum(map(len, turns.values())) for name, turns in sorted(game.turns.items())},
                "open": player.open is not None,
                "figures": guesses.figures(player.lines),
            }
        )

    async def deal(request: Request) -> Response:
        given = await bodies.json_object(request)
        model, domain = bodies.text(given, "model", ""), bodies.text(given, "domain", "")
        return _told(await game.deal(owner(request), model=model, domain=domain))

    async def guess(request: Request) -> Response:
        given = await bodies.json_object(request)
        verdict = game.guess(owner(request), bodies.text(given, "round"), bodies.text(given, "guess"))
        return _told({**verdict, "figures": guesses.figures(game.player(owner(request)).lines)})

    async def export(request: Request) -> Response:
        played = blind.exported(list(game.player(owner(request)).lines))
        return StreamingResponse(_each(played), media_type="application/x-ndjson", headers=PLAIN)

    async def forget(request: Request) -> Response:
        game.forget(owner(request))
        return _told({})

    return [
        Route("/viewers/game", state, methods=["GET"]),
        Route("/viewers/game", forget, methods=["DELETE"]),
        Route("/viewers/game/deal", deal, methods=["POST"]),
        Route("/viewers/game/guess", guess, methods=["POST"]),
        Route("/viewers/game/export", export, methods=["GET"]),
    ]


async def _each(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for line in pieces:
        yield line
