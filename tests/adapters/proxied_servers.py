"""Five real MCP servers: what is recorded of each, and ways to use what simulates it, with calls that were not.

No answer stands here: what is right is asked of the real server, started anew and brought to the same state.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from proxied import Call, Case

DATES = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05+0000", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+0000"}
"""Two repositories that are made alike have the same hashes."""


def cases(environment: Path, folder: Path) -> list[Case]:
    """The servers of an environment, at work in ``folder``, which each of them gets fresh."""
    programs, modules = environment / "bin", environment / "node_modules" / ".bin"
    return [
        _time(str(programs / "mcp-server-time")),
        _git(str(programs / "mcp-server-git"), folder / "work"),
        _filesystem(str(modules / "mcp-server-filesystem"), folder / "work"),
        _memory(str(modules / "mcp-server-memory"), folder / "work"),
        _everything(str(modules / "mcp-server-everything")),
    ]


def _time(program: str) -> Case:
    script: tuple[Call, ...] = (
        ("tools/list", {}),
        ("convert_time", {"source_timezone": "Europe/Paris", "time": "25:00", "target_timezone": "Asia/Tokyo"}),
        ("convert_time", {"source_timezone": "Nowhere/X", "time": "10:00", "target_timezone": "Asia/Tokyo"}),
        ("get_current_time", {"timezone": "Nowhere/Z"}),
        ("get_current_time", {}),
        ("convert_time", {"source_timezone": "Europe/Paris"}),
        ("convert_time", {"source_timezone": "Europe/Paris", "time": "10:00", "target_timezone": "Asia/Tokyo"}),
        ("convert_time", {"source_timezone": "Europe/Paris", "time": "11:30", "target_timezone": "Asia/Kolkata"}),
        ("convert_time", {"source_timezone": "UTC", "time": "00:15", "target_timezone": "Asia/Tokyo"}),
        ("nothing", {}),
    )
    more: tuple[Call, ...] = (
        ("convert_time", {"source_timezone": "Asia/Tokyo"}),
        ("convert_time", {"time": "10:00", "target_timezone": "Asia/Tokyo"}),
        ("nothing_else", {}),
        ("convert_time", {"source_timezone": "Europe/Paris", "time": "10:30", "target_timezone": "Asia/Tokyo"}),
    )
    return Case("time", (program, "--local-timezone", "Europe/Paris"), script, ((*script, *more),))


def _git(program: str, work: Path) -> Case:
    repo = str(work / "repo")
    here = {"repo_path": repo}
    script: tuple[Call, ...] = (
        ("tools/list", {}),
        ("git_status", here),
        ("git_log", here),
        ("git_diff_unstaged", here),
        ("git_branch", {**here, "branch_type": "local"}),
        ("git_add", {**here, "files": ["n.txt"]}),
        ("git_status", here),
        ("git_diff_staged", here),
        ("git_commit", {**here, "message": "add n"}),
        ("git_status", here),
        ("git_log", {**here, "max_count": 1}),
        ("git_create_branch", {**here, "branch_name": "topic"}),
        ("git_branch", {**here, "branch_type": "local"}),
        ("git_checkout", {**here, "branch_name": "topic"}),
        ("git_branch", {**here, "branch_type": "local"}),
        ("git_checkout", {**here, "branch_name": "nope"}),
        ("git_show", {**here, "revision": "HEAD"}),
        ("git_status", {"repo_path": "/nowhere"}),
        ("git_log", {}),
        ("nothing", {}),
        ("git_add", {**here, "files": ["a.txt"]}),
        ("git_status", here),
    )
    more: tuple[Call, ...] = (
        ("git_diff", {}),
        ("git_show", {"repo_path": repo}),
        ("nothing_else", {}),
        ("git_commit", {**here, "message": "more"}),
        ("git_create_branch", {**here, "branch_name": "other"}),
    )
    looks: tuple[Call, ...] = (
        ("git_log", here),
        ("git_branch", {**here, "branch_type": "local"}),
        ("git_status", here),
    )
    return Case(
        "git",
        (program, "--repository", repo),
        script,
        ((*script, *more), (*looks, *looks, script[5], ("git_status", here), ("git_log", here))),
        lambda: _repository(work),
        DATES,
    )


def _repository(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    repo = work / "repo"
    repo.mkdir(parents=True)
    (repo / "a.txt").write_text("hi\n")
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.email", "ann@example.org"),
        ("config", "user.name", "Ann"),
        ("add", "."),
        ("commit", "-qm", "first"),
    ):
        subprocess.run(("git", *words), cwd=repo, check=True, env={**os.environ, **DATES})
    (repo / "a.txt").write_text("hi\nmore\n")
    (repo / "n.txt").write_text("new\n")


def _filesystem(program: str, work: Path) -> Case:
    top = str(work / "files")
    script: tuple[Call, ...] = (
        ("tools/list", {}),
        ("list_allowed_directories", {}),
        ("list_directory", {"path": top}),
        ("read_text_file", {"path": f"{top}/a.txt"}),
        ("read_text_file", {"path": f"{top}/missing.txt"}),
        ("write_file", {"path": f"{top}/new.txt", "content": "first\nsecond\n"}),
        ("read_text_file", {"path": f"{top}/new.txt"}),
        ("list_directory", {"path": top}),
        ("create_directory", {"path": f"{top}/made"}),
        ("list_directory", {"path": f"{top}/made"}),
        ("read_text_file", {"path": f"{top}/sub/b.txt", "head": 2}),
        ("read_text_file", {"path": f"{top}/sub/b.txt"}),
        ("move_file", {"source": f"{top}/new.txt", "destination": f"{top}/made/moved.txt"}),
        ("read_text_file", {"path": f"{top}/made/moved.txt"}),
        ("read_text_file", {"path": f"{top}/new.txt"}),
        ("write_file", {"path": f"{top}/a.txt", "content": "hello\n"}),
        ("edit_file", {"path": f"{top}/a.txt", "edits": [{"oldText": "hello", "newText": "good day"}]}),
        ("read_text_file", {"path": f"{top}/a.txt"}),
        ("read_file", {"path": f"{top}/a.txt"}),
        ("directory_tree", {"path": top}),
        ("search_files", {"path": top, "pattern": "*.txt"}),
        ("read_multiple_files", {"paths": [f"{top}/a.txt", f"{top}/sub/b.txt"]}),
        ("write_file", {"path": "/etc/x", "content": "no"}),
        ("nothing", {}),
    )
    more: tuple[Call, ...] = (
        ("write_file", {"path": f"{top}/made/c.txt", "content": "alpha\nbeta\ngamma\n"}),
        ("read_text_file", {"path": f"{top}/made/c.txt"}),
        ("read_text_file", {"path": f"{top}/made/c.txt", "head": 2}),
        ("read_file", {"path": f"{top}/made/c.txt"}),
        ("list_directory", {"path": f"{top}/made"}),
        ("write_file", {"path": f"{top}/made/c.txt", "content": "delta"}),
        ("read_text_file", {"path": f"{top}/made/c.txt"}),
        ("write_file", {"path": f"{top}/d.txt", "content": "one\n"}),
        ("list_directory", {"path": top}),
        ("create_directory", {"path": f"{top}/made/deep"}),
        ("list_directory", {"path": f"{top}/made"}),
        ("list_directory", {"path": f"{top}/made/deep"}),
        ("move_file", {"source": f"{top}/d.txt", "destination": f"{top}/made/deep/e.txt"}),
        ("read_text_file", {"path": f"{top}/made/deep/e.txt"}),
        ("read_text_file", {"path": f"{top}/d.txt"}),
        ("list_directory", {"path": top}),
        ("list_directory", {"path": f"{top}/made/deep"}),
        ("read_text_file", {"path": f"{top}/unheard.txt"}),
        ("read_text_file", {}),
        ("write_file", {"path": f"{top}/nowhere/f.txt", "content": "x"}),
    )
    other: tuple[Call, ...] = (
        ("read_text_file", {"path": f"{top}/sub/b.txt"}),
        ("list_directory", {"path": top}),
        ("read_text_file", {"path": f"{top}/a.txt"}),
        ("write_file", {"path": f"{top}/z.txt", "content": "mine\n"}),
        ("list_directory", {"path": top}),
        ("read_text_file", {"path": f"{top}/z.txt"}),
        ("read_text_file", {"path": f"{top}/sub/b.txt"}),
    )
    return Case("filesystem", (program, top), script, ((*script, *more), other), lambda: _files(Path(top)))


def _files(top: Path) -> None:
    shutil.rmtree(top, ignore_errors=True)
    (top / "sub").mkdir(parents=True)
    (top / "a.txt").write_text("hi\nthere\n")
    (top / "sub" / "b.txt").write_text("one\ntwo\nthree\n")


def _memory(program: str, work: Path) -> Case:
    def entity(name: str, *observations: str) -> dict[str, object]:
        return {"name": name, "entityType": "person", "observations": list(observations)}

    script: tuple[Call, ...] = (
        ("tools/list", {}),
        ("resources/list", {}),
        ("read_graph", {}),
        ("create_entities", {"entities": [entity("Ada", "writes programs"), entity("Charles")]}),
        ("read_graph", {}),
        ("create_relations", {"relations": [{"from": "Ada", "to": "Charles", "relationType": "knows"}]}),
        ("read_graph", {}),
        ("search_nodes", {"query": "Ada"}),
        ("open_nodes", {"names": ["Charles"]}),
        ("add_observations", {"observations": [{"entityName": "Ada", "contents": ["likes maths"]}]}),
        ("open_nodes", {"names": ["Ada"]}),
        ("add_observations", {"observations": [{"entityName": "Nobody", "contents": ["x"]}]}),
        ("delete_observations", {"deletions": [{"entityName": "Ada", "observations": ["likes maths"]}]}),
        ("open_nodes", {"names": ["Ada"]}),
        ("delete_entities", {"entityNames": ["Charles"]}),
        ("read_graph", {}),
        ("open_nodes", {"names": ["Charles"]}),
        ("resources/read", {"uri": "memory://knowledge-graph"}),
    )
    more: tuple[Call, ...] = (
        ("create_entities", {"entities": [entity("Grace", "reads")]}),
        ("read_graph", {}),
        ("open_nodes", {"names": ["Grace"]}),
        ("create_relations", {"relations": [{"from": "Ada", "to": "Grace", "relationType": "admires"}]}),
        ("read_graph", {}),
        ("delete_entities", {"entityNames": ["Grace"]}),
        ("read_graph", {}),
        ("open_nodes", {"names": ["Grace"]}),
        ("search_nodes", {"query": "chess"}),
    )
    other: tuple[Call, ...] = (
        ("read_graph", {}),
        ("create_entities", {"entities": [entity("Eve", "listens")]}),
        ("read_graph", {}),
        ("open_nodes", {"names": ["Eve"]}),
        ("open_nodes", {"names": ["Ada"]}),
    )
    variables = {"MEMORY_FILE_PATH": str(work / "memory.jsonl")}
    return Case("memory", (program,), script, ((*script, *more), other), _emptied(work), variables)


def _emptied(work: Path) -> Callable[[], None]:
    def prepare() -> None:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)

    return prepare


def _everything(program: str) -> Case:
    ref = {"type": "ref/prompt", "name": "completable-prompt"}
    script: tuple[Call, ...] = (
        ("tools/list", {}),
        ("prompts/list", {}),
        ("resources/list", {}),
        ("resources/templates/list", {}),
        ("prompts/get", {"name": "args-prompt", "arguments": {"city": "Bonn"}}),
        ("completion/complete", {"ref": ref, "argument": {"name": "department", "value": "E"}}),
        ("resources/read", {"uri": "demo://resource/static/document/features.md"}),
        ("resources/read", {"uri": "demo://nothing"}),
        ("echo", {"message": "hello"}),
        ("echo", {"message": "second one"}),
        ("get-sum", {"a": 1, "b": 2}),
        ("get-sum", {"a": 30, "b": 12}),
        ("get-sum", {"a": "x", "b": 2}),
        ("get-tiny-image", {}),
        ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ("get-structured-content", {"location": "Chicago"}),
        ("get-resource-links", {"count": 2}),
        ("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
        ("nothing", {}),
    )
    more: tuple[Call, ...] = (
        ("echo", {"message": "a third"}),
        ("get-sum", {"a": 5, "b": 70}),
        ("get-sum", {"a": "y", "b": 2}),
        ("echo", {}),
        ("get-structured-content", {"location": "New York"}),
        ("nothing_else", {}),
    )
    other: tuple[Call, ...] = (
        ("echo", {"message": "second one"}),
        ("get-tiny-image", {}),
        ("echo", {"message": "new words"}),
        ("get-sum", {"a": 30, "b": 12}),
        ("prompts/get", {"name": "args-prompt", "arguments": {"city": "Bonn"}}),
    )
    return Case("everything", (program,), script, ((*script, *more), other))
