"""The files of the playground: only what is in the package, and under a policy that lets nothing else run."""

from __future__ import annotations

import gzip
import re
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from nextstate.ui import files

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

EVERY = files.read()


@pytest.fixture(scope="module")
def client() -> TestClient:
    async def answer(request: Request) -> Response:
        return files.response(EVERY, request.path_params.get("path", files.INDEX), request.headers)

    return TestClient(Starlette(routes=[Route("/", answer), Route("/ui/{path:path}", answer)]))


def test_the_page_and_every_module_and_style_that_it_names_are_there(client: TestClient) -> None:
    page = client.get("/").text
    named = re.findall(r'(?:href|src)="(/ui/[^"]+)"', page)
    assert "/ui/main.js" in named
    assert [path for path in named if client.get(path).status_code != 200] == []


def test_every_import_of_every_module_leads_to_a_file() -> None:
    missing = []
    for path, file in EVERY.items():
        folder = path.rpartition("/")[0]
        for name in re.findall(r'(?:from|import\()\s*"(\.[^"]+)"', file.body.decode() if path.endswith(".js") else ""):
            parts = [part for part in (*folder.split("/"), *name.split("/")) if part not in ("", ".")]
            while ".." in parts:
                at = parts.index("..")
                del parts[at - 1 : at + 1]
            if "/".join(parts) not in EVERY:
                missing.append((path, name))
    assert missing == []


def test_a_file_has_its_type_and_no_other_reading_of_it_is_allowed(client: TestClient) -> None:
    assert client.get("/ui/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/ui/css/theme.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/ui/icon.svg").headers["content-type"] == "image/svg+xml"
    assert client.get("/ui/main.js").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["../__init__.py", "%2e%2e/files.py", "..%2f..%2ferrors.py", "lib/", "lib", "nothing.js", "/etc/passwd"]
)
def test_what_is_no_file_of_the_package_is_not_found_in_words(client: TestClient, path: str) -> None:
    response = client.get(f"/ui/{path}")
    assert response.status_code == 404
    assert "import" not in response.text


def test_the_tag_of_a_file_spares_its_transfer(client: TestClient) -> None:
    first = client.get("/ui/main.js")
    again = client.get("/ui/main.js", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/ui/main.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "packed"), [("gzip, br", True), ("br", False), ("gzip;q=0", False), ("gzip;q=0.5", True), ("", False)]
)
def test_a_file_is_compressed_for_those_who_take_it(accepted: str, packed: bool) -> None:
    found = files.response(EVERY, "main.js", {"accept-encoding": accepted})
    assert found.headers.get("content-encoding") == ("gzip" if packed else None)
    assert (gzip.decompress(bytes(found.body)) if packed else found.body) == EVERY["main.js"].body
    assert found.headers["vary"] == "Accept-Encoding"


def test_the_policy_of_the_page_allows_scripts_and_styles_of_this_server_only(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy


def test_the_frame_that_screens_are_drawn_in_allows_no_script(client: TestClient) -> None:
    policy = client.get("/ui/frame.html").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-same-origin" in policy
    assert "allow-scripts" not in policy


def test_no_file_makes_markup_of_text_or_names_another_server() -> None:
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc")
    elsewhere = re.compile(r"https?://(?!www\.w3\.org/)[\w.-]+")
    own = {path: file.body.decode() for path, file in EVERY.items() if not path.startswith("viewers/")}
    assert {path for path, text in own.items() if sinks.search(text) or elsewhere.search(text)} == set()
    assert {
        path
        for path, text in own.items()
        if path.endswith(".html") and re.search(r"<style|style=|onload|<script(?! type)", text)
    } == set()


def test_what_is_sent_first_is_small() -> None:
    play = [
        file for path, file in EVERY.items() if path.startswith(("index", "main", "views", "lib/", "css/", "play/"))
    ]
    assert sum(len(file.packed) for file in play) < 64_000


def test_the_shared_module_is_made_of_the_scripts_of_the_report_page() -> None:
    text = EVERY[files.SHARED_NAME].body.decode()
    folder = resources.files("nextstate.eval.reports") / "assets"
    assert all((folder / name).read_text("utf-8") in text for name in files.SHARED)
