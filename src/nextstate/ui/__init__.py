"""The playground: static pages that speak to the server they come from, and to nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service


def routes(service: Service) -> list[BaseRoute]:
    """``/`` and ``/ui/...``: the files of the package, read once, whatever the service holds; and what viewers ask for.

    There is nothing of anybody's in the files. The pages ask for a key where the server wants one.
    """
    from starlette.routing import Route

    from nextstate.ui import files, viewers

    every = files.read()

    async def answer(request: Request) -> Response:
        return files.response(every, request.path_params.get("path", files.INDEX), request.headers)

    return [
        *viewers.routes(service),
        Route("/", answer, methods=["GET"]),
        Route("/ui/{path:path}", answer, methods=["GET"]),
    ]
