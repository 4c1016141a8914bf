"""The files of the playground: all that are in the package, held in memory as they are sent.

A name is looked up in a table that was made from the package's own folder, so no path from a request reaches the file
system. The pages' policy (Content Security Policy, level 3) allows scripts and styles of this server only, and no text
that becomes markup: Trusted Types are demanded and no policy may make them.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

INDEX = "index.html"
FRAME = "frame.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""The endings that are served; files with another one are not."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)
"""Of the empty page that screens are drawn in: styles of the drawing, no script, no request."""

SHARED = ("base.js", "words.js", "text.js", "difference.js")
"""Scripts of the report page whose texts and differences the playground shows too; one module is made of them."""
SHARED_NAME = "lib/shared.js"
EXPORTED = "make, visible, byId, whole, plain, time, wordMarks, textBox, plainText, titled, copied, difference"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent: its bytes, and the same compressed."""

    type: str
    body: bytes
    packed: bytes
    tag: str
    policy: str


@cache
def read() -> Mapping[str, File]:
    """Every file by its path below ``/ui/``."""
    found = dict(_found(resources.files("nextstate.ui") / "static", ""))
    found[SHARED_NAME] = _file(SHARED_NAME, _shared())
    early = "".join(f'<link rel="modulepreload" href="/ui/{path}">\n' for path in sorted(found) if _early(path))
    page = found[INDEX].body.replace(b"</head>", early.encode() + b"</head>")
    return {**found, INDEX: _file(INDEX, page)}


def _early(path: str) -> bool:
    """Whether a module belongs to what is seen first: it is asked for at once, not when another one imports it."""
    return path.endswith(".js") and path.startswith(("lib/", "play/"))


def _found(folder: Traversable, above: str) -> Iterator[tuple[str, File]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _found(one, f"{above}{one.name}/")
        elif _ending(one.name) in TYPES:
            yield above + one.name, _file(above + one.name, one.read_bytes())


def _shared() -> bytes:
    folder = resources.files("nextstate.eval.reports") / "assets"
    scripts = [(folder / name).read_text("utf-8") for name in SHARED]
    return "\n".join((*scripts, f"export {{ {EXPORTED} }};\n")).encode()


def _file(path: str, body: bytes) -> File:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    policy = FRAME_POLICY if path == FRAME else PAGE_POLICY
    return File(TYPES[_ending(path)], body, gzip.compress(body, 9, mtime=0), tag, policy)


def _ending(name: str) -> str:
    return name[name.rfind(".") :] if "." in name else ""


def response(files: Mapping[str, File], path: str, asked: Mapping[str, str]) -> Response:
    """The answer to a request for ``path`` with the headers ``asked``; 404 in words for a name that is none."""
    file = files.get(path)
    if file is None:
        return Response("there is no such page; the playground is at /\n", 404, media_type="text/plain")
    headers = {
        "ETag": file.tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": file.policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if _matches(asked.get("if-none-match", ""), file.tag):
        return Response(None, 304, headers)
    body = file.body
    if _takes_gzip(asked.get("accept-encoding", "")):
        body, headers["Content-Encoding"] = file.packed, "gzip"
    return Response(body, 200, {**headers, "Content-Type": file.type})


def _matches(wanted: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names the tag (RFC 9110, 13.1.2: compared weakly)."""
    names = {one.strip().removeprefix("W/") for one in wanted[:2_000].split(",")}
    return tag in names or "*" in names


def _takes_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip (RFC 9110, 12.5.3); a weight of 0 forbids it."""
    for one in accepted[:1_000].lower().split(","):
        name, _, weight = one.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False
