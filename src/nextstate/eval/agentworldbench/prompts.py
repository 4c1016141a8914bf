"""What judges are asked: our own prompts, or the official ones, read from a local copy of their repository.

Nothing of the official texts is part of this package. :func:`official_prompt` takes them from QwenLM/Qwen-AgentWorld
(Apache-2.0; read and checked at commit cd0aa83): ``prompts/{domain}/judge_system_prompt.txt``, the template
``JUDGE_USER_PROMPT`` and the table ``TASK_CONFIGS`` of ``eval/lwm_eval_utils/task_configs.py``, and the pieces that
``build_judge_messages`` of ``eval/eval.py`` fills into the template. The Python files are parsed, never executed: of
them only literals and the names in f-strings are used.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any, Protocol

from nextstate.errors import DataError, UsageError
from nextstate.eval.agentworldbench import official_text, official_verdict
from nextstate.eval.judge.verdicts import read_verdict
from nextstate.models import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nextstate.eval.agentworldbench.rows import BenchRow
    from nextstate.eval.judge import Prompt

TABLES, SCRIPT, SYSTEM = "eval/lwm_eval_utils/task_configs.py", "eval/eval.py", "prompts/{}/judge_system_prompt.txt"
MAX_FILE = 2 << 20
"""The longest file of a repository that is read, in bytes."""


class BenchPrompt(Protocol):
    """How a judge of benchmark rows is asked, and when its reply will do."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def reading(self) -> str:
        """By whose rules the prediction is read: ``strict`` or ``official``."""
        ...

    def predicted(self, line: Mapping[str, Any]) -> str | None:
        """The prediction of an inferred row's ``line``; ``None`` when there is nothing to judge."""
        ...

    def messages(self, row: BenchRow, predicted: str) -> list[dict[str, str]]:
        """The conversation that the judge is to continue. Raises :class:`DataError`."""
        ...

    def will_do(self, reply: str) -> bool:
        """Whether ``reply`` can be read; if not, the judge is asked again."""
        ...


@dataclass(frozen=True, slots=True)
class OwnPrompt:
    """A prompt made from the query. Only observations are judged: a model that failed has nothing to show."""

    prompt: Prompt
    reading: str = "strict"

    @property
    def name(self) -> str:
        """The prompt's name."""
        return self.prompt.name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the prompt's text."""
        return self.prompt.sha256

    def predicted(self, line: Mapping[str, Any]) -> str | None:
        """The observation."""
        observation = line.get("observation")
        return observation if isinstance(observation, str) else None

    def messages(self, row: BenchRow, predicted: str) -> list[dict[str, str]]:
        """The prompt's messages for the query of ``row``. Raises :class:`DataError`."""
        query, truth = row.question()
        return list(self.prompt.messages(query, predicted, truth))

    def will_do(self, reply: str) -> bool:
        """Whether all five marks are there."""
        return read_verdict(reply).outcome == "judged"


@dataclass(frozen=True, slots=True)
class OfficialPrompt:
    """The official prompts. Every reply that is not empty is judged, as the published script reads it."""

    systems: Mapping[str, str]
    template: str
    pieces: Mapping[str, ast.expr]
    header: ast.expr
    tables: Mapping[str, Mapping[str, str]]
    sha256: str
    name: str = "official"
    reading: str = "official"

    def predicted(self, line: Mapping[str, Any]) -> str | None:
        """The reply as the script reads it; a world model's observation stands as if between tags."""
        reply, observation = line.get("reply"), line.get("observation")
        if isinstance(reply, str) and reply:
            return official_text.prediction(reply, self._table(str(line["domain"]))["response_tag"])
        return observation.strip() if isinstance(observation, str) else None

    def messages(self, row: BenchRow, predicted: str) -> list[dict[str, str]]:
        """System prompt of the domain, and the template filled as the script fills it."""
        if row.domain not in self.systems:
            raise UsageError(f"the official prompts have none for {row.domain!r}; known: {', '.join(self.systems)}")
        marker = self._table(row.domain)["response_marker"]
        told = "".join(f"{prompt}\n{response}\n\n" for prompt, response in _before(row))
        known = {
            "context": told,
            "current_prompt": row.current,
            "model_output_clean": official_text.without_marker(predicted, marker),
            "ground_truth_clean": official_text.without_marker(row.responses[-1], marker),
        }
        known["context"] = _filled(self.header, known) if told else ""
        values = {name: _filled(piece, known) for name, piece in self.pieces.items()}
        user = "".join(text + values.get(name or "", "") for text, name, *_ in Formatter().parse(self.template))
        return [{"role": "system", "content": self.systems[row.domain]}, {"role": "user", "content": user.strip()}]

    def will_do(self, reply: str) -> bool:
        """Whether the script can read it, however much is missing."""
        return not official_verdict.read(reply).failed

    def _table(self, domain: str) -> Mapping[str, str]:
        known = {"response_tag": "predicted_observation", "response_marker": ""}
        return {**known, **self.tables.get(domain, {})}


def _before(row: BenchRow) -> Iterable[tuple[str, str]]:
    return zip(row.prompts[:-1], row.responses[:-1], strict=True)


def official_prompt(folder: Path) -> OfficialPrompt:
    """The official prompts from a local copy of the repository.

    Raises :class:`UsageError` when files are missing, and :class:`DataError` when they are laid out in another way.
    """
    tables_at, script_at = folder / TABLES, folder / SCRIPT
    names = _assigned(tables_at, "JUDGE_USER_PROMPT", "TASK_CONFIGS")
    template, tables = (_literal(names[name], tables_at) for name in ("JUDGE_USER_PROMPT", "TASK_CONFIGS"))
    if not isinstance(template, str) or not isinstance(tables, dict):
        raise _strange(tables_at, "a template and a table")
    systems = {name: _text(folder / SYSTEM.format(name)) for name in tables}
    pieces, header = _layout(script_at)
    fields = {name for _, name, spec, conversion in _parts(template, tables_at) if name is not None}
    if not fields <= pieces.keys():
        raise _strange(tables_at, f"only the fields {', '.join(sorted(pieces))} in the template")
    shapes = {name: ast.dump(piece) for name, piece in pieces.items()}
    digest = keys.digest(template, systems, shapes, ast.dump(header)).hex()
    return OfficialPrompt(systems, template, pieces, header, tables, digest)


def _parts(template: str, where: Path) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError as error:
        raise DataError(f"the judge's template is broken: {error}", where=str(where)) from error


def _layout(path: Path) -> tuple[dict[str, ast.expr], ast.expr]:
    """What the script fills into the template, by field, and the f-string that heads the history."""
    function = next((one for one in ast.walk(_tree(path)) if _is_named(one, "build_judge_messages")), None)
    nodes = list(ast.walk(function)) if function is not None else []
    calls = [one for one in nodes if isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "format"]
    headers = [
        one.value
        for one in nodes
        if isinstance(one, ast.Assign)
        and isinstance(one.value, ast.JoinedStr)
        and getattr(one.targets[0], "id", "") == "context"
    ]
    if len(calls) != 1 or len(headers) != 1:
        raise _strange(path, "a function build_judge_messages that fills one template")
    pieces = {one.arg: one.value for one in calls[0].keywords if one.arg is not None}
    for piece in (*pieces.values(), headers[0]):
        _filled(piece, dict.fromkeys(_KNOWN, ""), path)
    return pieces, headers[0]


_KNOWN = ("context", "current_prompt", "model_output_clean", "ground_truth_clean")


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _filled(piece: ast.expr, known: Mapping[str, str], where: Path | None = None) -> str:
    """The text of a constant, a name or an f-string of plain names."""
    if isinstance(piece, ast.Constant) and isinstance(piece.value, str):
        return piece.value
    if isinstance(piece, ast.Name) and piece.id in known:
        return known[piece.id]
    if isinstance(piece, ast.FormattedValue) and piece.conversion == -1 and piece.format_spec is None:
        return _filled(piece.value, known, where)
    if isinstance(piece, ast.JoinedStr):
        return "".join(_filled(part, known, where) for part in piece.values)
    raise _strange(where, f"nothing but the names {', '.join(known)} in what is filled in")


def _assigned(path: Path, *names: str) -> dict[str, ast.expr]:
    found = {
        target.id: node.value
        for node in _tree(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if any(name not in found for name in names):
        raise _strange(path, " and ".join(names))
    return found


def _literal(node: ast.expr, path: Path) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise _strange(path, "literals") from error


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"not a Python file: {error}", where=str(path)) from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"no such file: {path}; --prompts names a local copy of the repository QwenLM/Qwen-AgentWorld")
    if path.stat().st_size > MAX_FILE:
        raise DataError(f"the file is longer than {MAX_FILE} bytes", where=str(path))
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error}", where=str(path)) from error


def _strange(path: Path | None, expected: str) -> DataError:
    message = f"this copy is laid out in another way; expected {expected} (checked against commit cd0aa83)"
    return DataError(message, where=str(path or SCRIPT))
