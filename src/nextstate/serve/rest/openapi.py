"""The OpenAPI 3.1 document of the REST surface, made from the table of routes and the shapes of its bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from nextstate import __version__
from nextstate.serve.gate import HEALTH
from nextstate.serve.rest import shapes
from nextstate.serve.rest.operations import EVENTS, JSON

if TYPE_CHECKING:
    from nextstate.serve.rest.operations import Operation

COMPONENTS = "#/components/schemas/{name}"
_PART = re.compile(r"{(\w+)}")

PROBLEMS = {
    "no_such_session": (404, "There is no such session of yours."),
    "not_found": (404, "No name has this form."),
    "no_picture": (404, "The domain's observations are no screens."),
    "busy": (409, "A step of the session is under way."),
    "session_ended": (409, "The session takes no more steps."),
    "conflict": (409, "The session has another number of turns."),
    "bad_action": (422, "The action does not parse in its domain."),
    "quota_exceeded": (429, "What the key may use is used up."),
    "step_failed": (502, "The world model gave no observation; the session is as it was."),
    "store_failed": (507, "It could not be kept."),
}
"""Status and meaning of the codes that operations name."""

ALWAYS = {
    400: "The request does not fit.",
    401: "A key is needed.",
    403: "A page of another origin asks.",
    414: "The address is too long.",
    421: "The server does not answer to this name.",
    429: "The key asks too often.",
    431: "The header fields are too long.",
}
WITH_BODY = {408: "The body did not come in time.", 413: "The body is too long.", 415: "The body is no JSON."}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document, as JSON values."""
    operations = tuple(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nextstate",
            "version": __version__,
            "summary": "Simulated environments: create a session, step it, fork it, rewind it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Not needed on a server without keys."}
            },
            "schemas": _components(operations),
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": one.name, "summary": one.summary, "responses": _responses(one)}
    if parameters := [*_path(one), *_query(one)]:
        told["parameters"] = parameters
    if one.body is not None:
        content: dict[str, Any] = {"schema": _reference(one.body)}
        if one.example:
            content["examples"] = {"one": {"value": dict(one.example)}}
        told["requestBody"] = {"required": _needs(one.body), "content": {JSON: content}}
    if one.path in HEALTH:
        told["security"] = []
    return told


def _responses(one: Operation) -> dict[str, Any]:
    texts = [media for media in one.media if media != JSON or one.result is None]
    content: dict[str, Any] = {JSON: {"schema": _reference(one.result)}} if one.result is not None else {}
    content |= {
        media.replace("; ", ";"): {"schema": {"type": "string", "description": _TOLD.get(media, "")}} for media in texts
    }
    found: dict[int, list[str]] = {}
    for status, meaning in _problems(one):
        found.setdefault(status, []).append(meaning)
    problems = {
        str(status): {"description": " ".join(meanings), "content": {JSON: {"schema": _reference(shapes.Error)}}}
        for status, meanings in sorted(found.items())
    }
    return {str(one.status): {"description": "As asked for.", "content": content}, **problems}


_TOLD = {EVENTS: "Events `started`, `delta`, and at the end `observation` or `error`; data is JSON."}


def _problems(one: Operation) -> Iterator[tuple[int, str]]:
    yield from ALWAYS.items()
    if one.body is not None:
        yield from WITH_BODY.items()
    for code in one.problems:
        status, meaning = PROBLEMS[code]
        yield status, f"{meaning} (`{code}`)"


def _path(one: Operation) -> Iterator[dict[str, Any]]:
    for name in _PART.findall(one.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query(one: Operation) -> Iterator[dict[str, Any]]:
    if one.query is None:
        return
    schema = msgspec.json.schema(one.query)["$defs"][one.query.__name__]
    for name, found in schema["properties"].items():
        told = {"name": name, "in": "query", "required": False, "schema": found}
        if "description" in found:
            told["description"] = found.pop("description")
        yield told


def _needs(body: type[shapes.In]) -> bool:
    """Whether a body must be sent: some of its fields have no default."""
    return any(one.required for one in msgspec.structs.fields(body))


def _reference(shape: type | None) -> dict[str, str]:
    return {"$ref": COMPONENTS.format(name=shape.__name__)} if shape is not None else {}


def _components(operations: Iterable[Operation]) -> dict[str, Any]:
    found = {shape for one in operations for shape in (one.body, one.result) if shape is not None}
    ordered = sorted({*found, shapes.Error}, key=lambda shape: shape.__name__)
    return msgspec.json.schema_components(ordered, ref_template=COMPONENTS)[1]
