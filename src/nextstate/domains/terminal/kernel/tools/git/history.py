"""``git log``, ``git show``, ``git rev-list`` and ``git diff``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from nextstate.domains.terminal.kernel.files import Absent, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out, decode
from nextstate.domains.terminal.kernel.tools.git import patches
from nextstate.domains.terminal.kernel.tools.git.comparing import Pair, differing
from nextstate.domains.terminal.kernel.tools.git.model import Blob, Repo
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.pretty import Format, format_of, shown
from nextstate.domains.terminal.kernel.tools.git.revisions import ambiguous, commit_of
from nextstate.domains.terminal.kernel.tools.git.words import Given, fatal, parse
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_DIFFS = {
    "-p": "patch", "-u": "patch", "--patch": "patch", "--stat": "stat", "--shortstat": "shortstat",
    "--numstat": "numstat", "--summary": "summary", "--name-only": "names", "--name-status": "letters",
    "-s": "none", "--no-patch": "none", "-U=": "context", "--unified=": "context", "--no-renames": "no-renames",
    "--no-color": "", "-M": "", "--find-renames": "", "--no-ext-diff": "",
}  # fmt: skip
_STYLES = ("patch", "stat", "shortstat", "numstat", "summary", "names", "letters")
_LOG = {
    **_DIFFS, "-N": "most", "-n=": "most", "--max-count=": "most", "--skip=": "skip", "--oneline": "oneline",
    "--format=": "format", "--pretty?": "format", "--reverse": "reverse", "--no-merges": "no-merges",
    "--merges": "merges", "--abbrev-commit": "brief", "--no-decorate": "plain", "--decorate": "decorate",
    "--all": "all", "--graph": "graph", "--no-abbrev-commit": "full",
}  # fmt: skip


def text_of(pairs: list[Pair], given: Given) -> str:
    """The pairs in the forms that were asked for, in git's order."""
    styles = {key for key, _ in given.options if key in _STYLES}
    context = int(given.last("context") or 3)
    parts = [
        patches.number_stat(pairs) if "numstat" in styles else "",
        patches.stat(pairs) if "stat" in styles else "",
        patches.short_stat(pairs) if "shortstat" in styles else "",
        patches.summary(pairs) if "summary" in styles else "",
    ]
    text = "".join(parts)
    if styles & {"names", "letters"}:
        if len(styles) > 1:
            raise Undetermined("several forms of a difference")
        text = patches.names_of(pairs, letters="letters" in styles)
    if "patch" in styles:
        text += ("\n" if text else "") + patches.patch(pairs, context)
    return text


# -- diff ---------------------------------------------------------------------------------------------------------

_DIFF = {**_DIFFS, "--cached": "cached", "--staged": "cached", "--quiet": "quiet", "--exit-code": "code", "-q": "?"}


def diff(request: Request) -> Out:
    given = parse("diff", request.args, _DIFF)
    if given.has("?"):
        raise Undetermined("git diff -q")
    place = request.place()
    revisions, operands = _split(place, given)
    paths = Pathspec.of(place, operands)
    old, new = _sides(place, given, revisions)
    chosen = [{path: blob for path, blob in side.items() if paths.matches(path)} for side in (old, new)]
    pairs = differing(chosen[0], chosen[1], renames=not given.has("no-renames"))
    if not given.has(*_STYLES, "none", "quiet"):
        given = replace(given, options=(*given.options, ("patch", "")))
    if given.has("none") and given.has(*_STYLES):
        raise Undetermined("-s beside another form")
    if place.prefix and given.has("relative"):
        raise Undetermined("relative paths")
    text = "" if given.has("quiet", "none") else text_of(pairs, given)
    return Out(text, code=1 if pairs and given.has("quiet", "code") else 0)


def _split(place: Place, given: Given) -> tuple[list[str], tuple[str, ...]]:
    """Revisions and paths among the operands."""
    revisions: list[str] = []
    operands = list(given.before)
    while operands:
        found = [commit_of(place, part or "HEAD") for part in re.split(r"\.{2,3}", operands[0])]
        exists = _exists(place, operands[0])
        if None in found:
            if given.behind is not None:
                raise fatal(f"bad revision '{operands[0]}'")
            break
        if exists and given.behind is None:
            if operands[0] in ("HEAD", "@"):
                raise Undetermined("a file called HEAD")
            raise fatal(
                f"ambiguous argument '{operands[0]}': both revision and filename\n"
                "Use '--' to separate paths from revisions, like this:\n"
                "'git <command> [<revision>...] -- [<file>...]'"
            )
        revisions.append(operands.pop(0))
    for operand in operands:
        if not _exists(place, operand) and not re.search(r"[*?\[]", operand):
            raise ambiguous(operand)
    return revisions, (*operands, *(given.behind or ()))


def _exists(place: Place, operand: str) -> bool:
    path = place.inside(operand)
    if path is None:
        return False
    return path == "" or not isinstance(Worktree(place).entry(path), Absent)


def _sides(place: Place, given: Given, revisions: list[str]) -> tuple[Mapping[str, Blob], Mapping[str, Blob]]:
    repo = place.repo
    if len(revisions) == 1 and ".." in revisions[0]:
        one, dots, two = re.split(r"(\.{2,3})", revisions[0])
        left, right = (commit_of(place, part or "HEAD") for part in (one, two))
        assert left is not None and right is not None
        if dots == "..." and left not in repo.ancestors(right):
            raise Undetermined("a difference from where two histories part")
        revisions = []
        if given.has("cached"):
            raise Undetermined("--cached with two commits")
        return repo.commits[left].tree, repo.commits[right].tree
    numbers = [commit_of(place, revision) for revision in revisions]
    trees = [repo.commits[number].tree for number in numbers if number is not None]
    if len(trees) == 2 and not given.has("cached"):
        return trees[0], trees[1]
    if len(trees) > 1 or any(".." in revision for revision in revisions):
        raise Undetermined("this form of git diff")
    if given.has("cached"):
        return (trees[0] if trees else repo.tree), repo.index
    worktree = Worktree(place)
    now = {path: worktree.blob(path) for path in repo.index}
    return (trees[0] if trees else repo.index), {path: blob for path, blob in now.items() if blob is not None}


# -- log ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Show:
    """What is shown of each commit."""

    place: Place
    style: Format
    given: Given
    paths: Pathspec
    diffs: bool


def log(request: Request) -> Out:
    given = parse("log", request.args, _LOG)
    place = request.place()
    revisions, operands = _split(place, given)
    if place.repo.tip is None and not revisions and not given.has("all"):
        raise fatal(f"your current branch '{place.repo.head}' does not have any commits yet")
    paths = Pathspec.of(place, operands)
    show = _Show(place, _style(given), given, paths, given.has(*_STYLES) and not given.has("none"))
    tips, chosen = _selected(place, given, revisions)
    numbers = place.repo.chain(chosen) if given.has("graph") else place.repo.walk(tips, chosen)
    skip, most = int(given.last("skip") or 0), given.last("most")
    wanted = (number for number in numbers if _shows(show, number))
    listed = list(islice(wanted, skip, None if most is None else skip + int(most)))
    return Out(_log(show, listed[::-1] if given.has("reverse") else listed))


def _shows(show: _Show, number: int) -> bool:
    if len(show.place.repo.commits[number].parents) > 1 and (show.paths or show.diffs):
        raise Undetermined("the differences of merges")
    return _wanted(show.place.repo, number, show.given) and bool(not show.paths or _pairs(show, number))


def _wanted(repo: Repo, number: int, given: Given) -> bool:
    merge = len(repo.commits[number].parents) > 1
    return not (merge and given.has("no-merges")) and not (given.has("merges") and not merge)


def _selected(place: Place, given: Given, revisions: list[str]) -> tuple[list[int], set[int]]:
    """Where to begin, and all that may be shown."""
    repo = place.repo
    tips: list[int] = []
    hidden: set[int] = set()
    for revision in revisions:
        if revision.startswith("^") or "..." in revision:
            raise Undetermined(f"the revision {revision}")
        if ".." in revision:
            left, right = (commit_of(place, part or "HEAD") for part in revision.split("..", 1))
            assert left is not None and right is not None
            hidden |= repo.ancestors(left)
            tips.append(right)
        else:
            number = commit_of(place, revision)
            assert number is not None
            tips.append(number)
    if given.has("all"):
        tips += [*repo.branches.values(), *(tag.commit for tag in repo.tags.values())]
    if not revisions and repo.tip is not None:
        tips.append(repo.tip)
    return tips, repo.ancestors(*tips) - hidden


def _style(given: Given) -> Format:
    styles = [(key, value) for key, value in given.options if key in ("oneline", "format")]
    key, value = styles[-1] if styles else ("format", "")
    style = replace(format_of("oneline"), brief=True) if key == "oneline" else format_of(value)
    if given.has("full") and (given.has("brief") or key == "oneline"):
        raise Undetermined("hashes that are abbreviated and not")
    style = replace(style, brief=style.brief or given.has("brief"), decorated=given.has("decorate"))
    if given.has("graph") and (style.kind not in ("oneline", "user") or given.has(*_STYLES) or given.has("reverse")):
        raise Undetermined("a graph of long texts")
    return style


def _pairs(show: _Show, number: int) -> list[Pair]:
    commit, repo = show.place.repo.commits[number], show.place.repo
    old = repo.commits[commit.parents[0]].tree if commit.parents else {}
    sides = [{p: b for p, b in side.items() if show.paths.matches(p)} for side in (old, commit.tree)]
    return differing(sides[0], sides[1], renames=not show.given.has("no-renames"))


def _log(show: _Show, numbers: list[int]) -> str:
    style, out = show.style, ""
    for at, number in enumerate(numbers):
        text = shown(show.place, number, style)
        if style.kind == "user":
            if show.given.has("graph") and "\n" in text:
                raise Undetermined("a graph of long texts")
            if not style.text and show.diffs:
                raise Undetermined("an empty format with differences")
        if show.given.has("graph"):
            if len(show.place.repo.commits[number].parents) > 1:
                raise Undetermined("the graph of a merge")
            text = f"* {text}"
        if at and not style.ends:
            out += "\n"
        out += text
        out += (
            "\n" if style.kind == "oneline" or (style.kind == "user" and (style.ends or at == len(numbers) - 1)) else ""
        )
        if style.kind == "user" and not style.ends:
            out = out.removesuffix("\n") if not show.diffs else out
        if show.diffs and (pairs := _pairs(show, number)):
            if style.kind == "user" and not style.ends:
                raise Undetermined("differences between separators")
            out += ("" if style.kind == "oneline" else "\n") + text_of(pairs, show.given)
    return out


_REV_LIST = {
    "--count": "count", "--all": "all", "-n=": "most", "--max-count=": "most", "-N": "most",
    "--no-merges": "no-merges", "--merges": "merges",
}  # fmt: skip


def rev_list(request: Request) -> Out:
    given = parse("rev-list", request.args, _REV_LIST)
    place = request.place()
    if not given.before and not given.has("all"):
        raise Undetermined("how git rev-list is used")
    revisions, operands = _split(place, given)
    if operands:
        raise Undetermined("paths of git rev-list")
    tips, chosen = _selected(place, given, revisions)
    most = None if given.last("most") is None else int(given.last("most") or 0)
    if given.has("count"):
        size = sum(_wanted(place.repo, number, given) for number in chosen)
        return Out(f"{size if most is None else min(most, size)}\n")
    numbers = (number for number in place.repo.walk(tips, chosen) if _wanted(place.repo, number, given))
    listed = islice(numbers, most)
    return Out("".join(f"{place.long(number)}\n" for number in listed))


# -- show ---------------------------------------------------------------------------------------------------------


def show(request: Request) -> Out:
    given = parse("show", request.args, _LOG)
    place = request.place()
    if len(given.before) == 1 and ":" in given.before[0] and given.behind is None:
        return Out(_file(place, given.before[0]))
    if given.has("most", "skip", "all", "graph", "reverse", "no-merges", "merges"):
        raise Undetermined("this form of git show")
    if place.repo.tip is None and not given.before:
        raise fatal(f"your current branch '{place.repo.head}' does not have any commits yet")
    revisions, operands = _split(place, given)
    if len(revisions) > 1 or any(".." in revision for revision in revisions):
        raise Undetermined("several commits that are shown")
    name = revisions[0] if revisions else "HEAD"
    if name in place.repo.tags and place.repo.tags[name].message is not None:
        raise Undetermined("a tag that is shown")
    number = commit_of(place, name)
    assert number is not None
    if len(place.repo.commits[number].parents) > 1:
        raise Undetermined("a merge that is shown")
    if not given.has(*_STYLES, "none"):
        given = replace(given, options=(*given.options, ("patch", "")))
    diffs = given.has(*_STYLES) and not given.has("none")
    return Out(_log(_Show(place, _style(given), given, Pathspec.of(place, operands), diffs), [number]))


def _file(place: Place, text: str) -> str:
    """A file of a commit or of the index (``:path``)."""
    revision, _, path = text.partition(":")
    if re.search(r"[*?\[]", text):
        raise Undetermined(f"the revision {text}")
    tree: Mapping[str, Blob] = place.repo.index
    if revision:
        number = commit_of(place, revision)
        if number is None:
            raise fatal(f"invalid object name '{revision}'.")
        tree = place.repo.commits[number].tree
    elif path.startswith(("/", "!", "(", "^")) or re.match(r"[0-3]:", path):
        raise Undetermined(f"the revision {text}")
    if path.startswith(("./", "../")) or path.endswith("/") or not path:
        raise Undetermined(f"the path of {text}")
    if path in tree:
        return decode(tree[path].content, path)
    if any(name.startswith(f"{path}/") for name in tree):
        raise Undetermined("a directory of a commit")
    if not revision or place.prefix:
        raise Undetermined("a path that is not there")
    if _exists(place, path):
        raise fatal(f"path '{path}' exists on disk, but not in '{revision}'")
    raise fatal(f"path '{path}' does not exist in '{revision}'")
