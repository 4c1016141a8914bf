"""Commands about the index: add, rm, mv, restore, reset of paths, ls-files."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import Absent, Dir, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.committing import refreshed
from nextstate.domains.terminal.kernel.tools.git.model import Blob, ordered
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec, Spec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.revisions import commit_of
from nextstate.domains.terminal.kernel.tools.git.words import Stop, error, fatal, parse, quoted, relative
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_ADD = {
    "-A": "all", "--all": "all", "-u": "update", "--update": "update", "-v": "verbose", "--verbose": "verbose",
    "-f": "force", "--force": "force", "-n": "dry", "--dry-run": "dry",
}  # fmt: skip
_NOTHING = """\
Nothing specified, nothing added.
hint: Maybe you wanted to say 'git add .'?
hint: Turn this message off by running
hint: "git config advice.addEmptyPathspec false"
"""
_IGNORED = """\
hint: Use -f if you really want to add them.
hint: Turn this message off by running
hint: "git config advice.addIgnoredFile false"
"""


def add(request: Request) -> Out:
    given = parse("add", request.args, _ADD)
    place = request.place()
    if given.has("all") and given.has("update"):
        raise fatal("options '-A' and '-u' cannot be used together")
    if not given.operands and not given.has("all", "update"):
        return Out(stderr=_NOTHING)
    worktree, old = Worktree(place), place.repo.index
    paths = Pathspec.of(place, given.operands)
    chosen = {path: blob for path, blob in old.items() if paths.matches(path)}
    now = refreshed(worktree, chosen)
    fresh, refused = ([], []) if given.has("update") else _fresh(place, worktree, paths, force=given.has("force"))
    for spec in paths.specs:
        _check(worktree, spec, [*chosen, *fresh, *refused], update=given.has("update"))
    added = {path: worktree.blob(path) for path in fresh}
    index = {path: blob for path, blob in old.items() if path not in chosen}
    index |= now
    for path, blob in added.items():
        assert blob is not None
        index = {other: kept for other, kept in index.items() if not _clash(other, path)} | {path: blob}
    lines = _verbose(old, now, chosen, sorted(added)) if given.has("verbose", "dry") else ""
    if not given.has("dry"):
        place.save(replace(place.repo, index=ordered(index)))
    if refused:
        if lines:
            raise Undetermined("what git add says of ignored files beside others")
        listed = "".join(f"{path}\n" for path in refused)
        head = "The following paths are ignored by one of your .gitignore files:\n"
        return Out(stderr=f"{head}{listed}{_IGNORED}", code=1)
    return Out(lines)


def _verbose(old: Mapping[str, Blob], now: Mapping[str, Blob], chosen: Mapping[str, Blob], added: list[str]) -> str:
    lines = [
        f"remove '{path}'\n" if path not in now else f"add '{path}'\n" for path in chosen if old[path] != now.get(path)
    ]
    return "".join([*lines, *(f"add '{path}'\n" for path in added)])


def _clash(other: str, path: str) -> bool:
    """Whether one of two paths would have to be a directory and a file."""
    return other.startswith(f"{path}/") or path.startswith(f"{other}/")


def _fresh(place: Place, worktree: Worktree, paths: Pathspec, *, force: bool) -> tuple[list[str], list[str]]:
    """Files that become tracked, and operands that are refused because they are ignored."""
    index = place.repo.index
    if force:
        return _forced(worktree, index, paths), []
    refused: list[str] = []
    fresh: set[str] = set()
    if not paths:
        return worktree.untracked(index.keys(), whole=True), []
    for spec in paths.specs:
        node = worktree.entry(spec.path) if spec.path else None
        if spec.path and spec.pattern is None and not isinstance(node, Absent) and spec.path not in index:
            tracked = any(path.startswith(f"{spec.path}/") for path in index)
            if worktree.ignored(spec.path, isinstance(node, Dir)):
                if tracked:
                    raise Undetermined("an ignored directory with tracked files")
                refused.append(_refused(worktree, spec.path, isinstance(node, Dir)))
                continue
        if spec.path and spec.pattern is None and not isinstance(node, Dir):
            fresh |= (
                {spec.path} if not isinstance(node, Absent) and spec.path not in index and not spec.slash else set()
            )
            continue
        under = "" if spec.pattern is not None else spec.path
        fresh |= {path for path in worktree.untracked(index.keys(), whole=True, under=under) if spec.matches(path)}
    return sorted(fresh), sorted(set(refused))


def _refused(worktree: Worktree, path: str, is_dir: bool) -> str:
    """How a refused operand is called: by the directory above it that is ignored, if one is."""
    parts = path.split("/")
    for size in range(1, len(parts)):
        if worktree.ignored("/".join(parts[:size]), True):
            return "/".join(parts[:size])
    return path


def _forced(worktree: Worktree, index: Mapping[str, Blob], paths: Pathspec) -> list[str]:
    found = []
    for spec in paths.specs:
        if spec.pattern is not None or isinstance(worktree.entry(spec.path), Dir):
            raise Undetermined("directories that are added by force")
        if worktree.blob(spec.path) is not None and spec.path not in index:
            found.append(spec.path)
    return found


def _check(worktree: Worktree, spec: Spec, known: list[str], *, update: bool) -> None:
    """The end of `git add` when an operand names nothing."""
    if spec.path == "" or any(spec.matches(path) or path.startswith(f"{spec.path}/") for path in known):
        return
    if any(spec.path == path or spec.path.startswith(f"{path}/") for path in known):
        return
    node = worktree.entry(spec.path)
    if not update and isinstance(node, Dir):
        return
    if spec.pattern is None and not isinstance(node, Absent | Dir):
        raise Undetermined(f"git add {spec.text}")
    if spec.pattern is not None and not update and _some(worktree, spec):
        raise Undetermined("a pattern that chooses only ignored files")
    first, above = spec.path.split("/")[0], spec.path if spec.slash else posixpath.dirname(spec.path)
    if isinstance(worktree.entry(first), Dir) and not isinstance(worktree.entry(above), Dir):
        raise Undetermined("a path below a directory that does not exist")
    raise fatal(f"pathspec '{spec.text}' did not match any files")


def _some(worktree: Worktree, spec: Spec) -> bool:
    """Whether a pattern chooses a file or directory, ignored or not."""
    return any(
        spec.matches(f"{directory}/{name}" if directory else name)
        for directory, names in worktree.children.items()
        for name, node in names.items()
        if not isinstance(node, Absent)
    )


# -- rm -----------------------------------------------------------------------------------------------------------

_RM = {
    "-r": "recursive", "--cached": "cached", "-f": "force", "--force": "force", "-q": "quiet", "--quiet": "quiet",
    "-n": "dry", "--dry-run": "dry", "--ignore-unmatch": "lax",
}  # fmt: skip
_REFUSALS = (
    ("staged content different from both the\nfile and the HEAD", "\n(use -f to force removal)"),
    ("changes staged in the index", "\n(use --cached to keep the file, or -f to force removal)"),
    ("local modifications", "\n(use --cached to keep the file, or -f to force removal)"),
)


def rm(request: Request) -> Out:
    given = parse("rm", request.args, _RM)
    place = request.place()
    if not given.operands:
        raise fatal("No pathspec was given. Which files should I remove?")
    repo, worktree = place.repo, Worktree(place)
    paths = Pathspec.of(place, given.operands)
    chosen = [path for path in repo.index if paths.matches(path)]
    for spec in paths.specs:
        found = [path for path in chosen if spec.matches(path)]
        if not found and not given.has("lax"):
            raise fatal(f"pathspec '{spec.text}' did not match any files")
        if not given.has("recursive") and spec.pattern is None and any(path != spec.path for path in found):
            raise fatal(f"not removing '{spec.text if spec.path else '.'}' recursively without -r")
    if not given.has("force"):
        _refuse(place, worktree, chosen, cached=given.has("cached"))
    if not given.has("dry"):
        if not given.has("cached"):
            for path in chosen:
                if isinstance(worktree.entry(path), Dir):
                    raise Undetermined("a directory in the place of a tracked file")
                worktree.remove(path)
        place.save(replace(repo, index=ordered({p: b for p, b in repo.index.items() if p not in set(chosen)})))
    return Out("" if given.has("quiet") else "".join(f"rm '{path}'\n" for path in chosen))


def _refuse(place: Place, worktree: Worktree, chosen: list[str], *, cached: bool) -> None:
    """Stops when something would be lost."""
    lost: tuple[list[str], list[str], list[str]] = ([], [], [])
    for path in chosen:
        now, staged, committed = worktree.blob(path), place.repo.index[path], place.repo.tree.get(path)
        local, changed = now is not None and now != staged, staged != committed
        if now is None:
            continue
        if local and changed:
            lost[0].append(path)
        elif not cached and changed:
            lost[1].append(path)
        elif not cached and local:
            lost[2].append(path)
    text = ""
    for paths, (what, hint) in zip(lost, _REFUSALS, strict=True):
        if paths:
            many = len(paths) > 1
            noun = "files have" if many else "file has"
            if many and "\n" in what:
                what = what.replace("the\nfile", "the\nfile")
            text += f"error: the following {noun} {what}:" + "".join(f"\n    {path}" for path in paths) + f"{hint}\n"
    if text:
        raise Stop(Out(stderr=text, code=1))


# -- mv -----------------------------------------------------------------------------------------------------------


def mv(request: Request) -> Out:
    given = parse("mv", request.args, {"-v": "verbose", "--verbose": "verbose", "-f": "force", "--force": "force"})
    place = request.place()
    if len(given.operands) < 2:
        raise Undetermined("how git mv is used")
    worktree = Worktree(place)
    *sources, target = (_within(place, operand) for operand in given.operands)
    into = isinstance(worktree.entry(target), Dir) if target else True
    slash = given.operands[-1].endswith("/")
    if len(sources) > 1 and not into:
        raise fatal(f"destination '{given.operands[-1]}' is not a directory")
    lines, index = [], dict(place.repo.index)
    if len(sources) > 1 and len(set(map(posixpath.basename, sources))) < len(sources):
        raise Undetermined("several sources of one name")
    plan = [(source, posixpath.join(target, posixpath.basename(source)) if into else target) for source in sources]
    for source, end in plan:
        moved = _movable(place, worktree, source, end, force=given.has("force"), slash=slash and not into)
        lines.append(f"Renaming {source} to {end}\n")
        if isinstance(worktree.entry(source), Dir) and given.has("verbose"):
            raise Undetermined("how git mv tells of a directory")
        for old in moved:
            index[end + old[len(source) :]] = index.pop(old)
    for source, end in plan:
        place.tree.rename(posixpath.join(place.top, source), posixpath.join(place.top, end))
    place.save(replace(place.repo, index=ordered(index)))
    return Out("".join(lines) if given.has("verbose") else "")


def _within(place: Place, operand: str) -> str:
    path = place.inside(operand)
    if path is None:
        raise fatal(f"{operand}: '{operand}' is outside repository at '{place.top}'")
    return path


def _movable(place: Place, worktree: Worktree, source: str, end: str, *, force: bool, slash: bool) -> list[str]:
    """The tracked paths that move from ``source`` to ``end``; `Stop` where git refuses."""

    def bad(reason: str) -> Stop:
        return fatal(f"{reason}, source={relative(source, '')}, destination={end}{'/' if slash else ''}")

    index = place.repo.index
    node, there = worktree.entry(source), worktree.entry(end)
    if isinstance(node, Absent):
        if source in index:
            raise Undetermined("a tracked file that is gone is moved")
        raise bad("bad source")
    if source == "" or end == source or end.startswith(f"{source}/"):
        raise Undetermined("a directory that is moved into itself")
    moved = [path for path in index if path == source or path.startswith(f"{source}/")]
    if slash:
        if isinstance(node, Dir):
            raise Undetermined("a directory that is moved to a new one")
        if not moved:
            raise Undetermined("a file that is not tracked is moved to a new directory")
        raise bad("destination directory does not exist")
    if not isinstance(there, Absent):
        if isinstance(node, Dir) or force or not moved:
            raise Undetermined("git mv onto something")
        raise bad("destination exists")
    if not moved:
        raise bad("source directory is empty" if isinstance(node, Dir) else "not under version control")
    for old in moved if isinstance(node, Dir) else ():
        if isinstance(worktree.entry(old), Absent):
            raise fatal(f"bad source, source={old}, destination={end}{old[len(source) :]}")
    if not isinstance(worktree.entry(posixpath.dirname(end)), Dir):
        if isinstance(node, Dir):
            raise Undetermined("a directory that is moved to a place that does not exist")
        raise fatal(f"renaming '{source}' failed: No such file or directory")
    return moved


# -- restore ------------------------------------------------------------------------------------------------------

_RESTORE = {
    "-S": "staged", "--staged": "staged", "-W": "worktree", "--worktree": "worktree", "-s=": "source",
    "--source=": "source", "-q": "quiet", "--quiet": "quiet",
}  # fmt: skip


def restore(request: Request) -> Out:
    given = parse("restore", request.args, _RESTORE)
    place = request.place()
    if not given.operands:
        raise fatal("you must specify path(s) to restore")
    staged, files = given.has("staged"), given.has("worktree") or not given.has("staged")
    name = given.last("source") or ("HEAD" if staged else None)
    source = place.repo.index
    if name is not None:
        number = commit_of(place, name)
        if number is None:
            raise fatal(f"could not resolve {name}")
        source = place.repo.commits[number].tree
    overwrite(place, Pathspec.of(place, given.operands), source, staged=staged, files=files)
    return Out()


def overwrite(
    place: Place, paths: Pathspec, source: Mapping[str, Blob], *, staged: bool, files: bool, keeping: bool = False
) -> int:
    """Takes paths from ``source`` into the index and to the files; returns how many files were written.

    Paths that ``source`` lacks are removed unless ``keeping``. Raises `Stop` where an operand names nothing.
    """
    index, worktree = dict(place.repo.index), Worktree(place)
    known = source.keys() | (set() if keeping else index.keys())
    missing = "".join(
        f"error: pathspec '{spec.text}' did not match any file(s) known to git\n" for spec in paths.unmatched(known)
    )
    if missing:
        raise Stop(Out(stderr=missing, code=1))
    written = 0
    for path in sorted(filter(paths.matches, known)):
        blob = source.get(path)
        if files:
            written += worktree.blob(path) != blob
            if blob is None:
                worktree.remove(path)
            elif worktree.blob(path) != blob:
                if isinstance(worktree.entry(path), Dir):
                    raise Undetermined("a directory in the place of a tracked file")
                worktree.write(path, blob)
        if staged:
            index.pop(path, None)
            if blob is not None:
                index[path] = blob
    if staged:
        place.save(replace(place.repo, index=ordered(index)))
    return written


# -- ls-files -----------------------------------------------------------------------------------------------------

_LS_FILES = {
    "-c": "cached", "--cached": "cached", "-m": "modified", "--modified": "modified", "-d": "deleted",
    "--deleted": "deleted", "-o": "others", "--others": "others", "--exclude-standard": "standard", "-s": "stage",
    "--stage": "stage", "--error-unmatch": "strict",
}  # fmt: skip


def ls_files(request: Request) -> Out:
    given = parse("ls-files", request.args, _LS_FILES)
    place = request.place()
    index, worktree = place.repo.index, Worktree(place)
    paths = Pathspec.of(place, given.operands or (["."] if place.prefix else []))
    kinds = [key for key, _ in given.options if key in ("cached", "modified", "deleted", "others")]
    if len(set(kinds)) > 1 or (kinds and given.has("stage")) or (given.has("others") and not given.has("standard")):
        raise Undetermined("this form of git ls-files")
    chosen = {path: blob for path, blob in index.items() if paths.matches(path)}
    if given.has("strict"):
        missing = [spec.text for spec in paths.unmatched(chosen)]
        if missing:
            raise error(f"pathspec '{missing[0]}' did not match any file(s) known to git\nDid you forget to 'git add'?")
    if given.has("others"):
        names = [path for path in worktree.untracked(index.keys(), whole=True) if paths.matches(path)]
    elif given.has("modified", "deleted"):
        now = {path: worktree.blob(path) for path in chosen}
        names = [p for p, blob in now.items() if blob is None or (given.has("modified") and blob != index[p])]
    else:
        names = list(chosen)
    shown = ((quoted(relative(path, place.prefix)), index.get(path)) for path in names)
    if given.has("stage"):
        return Out("".join(f"{blob.mode:o} {blob.id} 0\t{name}\n" for name, blob in shown if blob))
    return Out("".join(f"{name}\n" for name, _ in shown))
