"""``git init``, ``git config``, ``git remote``, ``git rev-parse`` and ``git check-ignore``."""

from __future__ import annotations

import posixpath
import re
import zlib

from nextstate.domains.terminal.kernel.blanks import KINDS
from nextstate.domains.terminal.kernel.files import Absent, Dir, File, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git import config
from nextstate.domains.terminal.kernel.tools.git.model import STASHES, Repo
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request, create, stored
from nextstate.domains.terminal.kernel.tools.git.revisions import ambiguous, commit_of, short_ref, valid_branch
from nextstate.domains.terminal.kernel.tools.git.words import fatal, parse, quoted
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_HINT = f"""\
hint: Using 'master' as the name for the initial branch. This default branch name
hint: is subject to change. To configure the initial branch name to use in all
hint: of your new repositories, which will suppress this warning, call:
hint:{" "}
hint: \tgit config --global init.defaultBranch <name>
hint:{" "}
hint: Names commonly chosen instead of 'master' are 'main', 'trunk' and
hint: 'development'. The just-created branch can be renamed via this command:
hint:{" "}
hint: \tgit branch -m <name>
"""


def init(request: Request) -> Out:
    given = parse("init", request.args, {"-q": "quiet", "--quiet": "quiet", "-b=": "b", "--initial-branch=": "b"})
    call, tree = request.call, request.call.tree
    if len(given.operands) > 1:
        raise Undetermined("git init with several directories")
    top = tree.resolve(call.path(given.operands[0]) if given.operands else call.cwd)
    settings = config.settings([*config.values(config.user_text(call)), *request.extra])
    if ".git" in top.split("/"):
        raise Undetermined("git init inside of .git")
    missing = []
    directory = top
    while isinstance(tree.entry(directory), Absent):
        missing.append(directory)
        directory = posixpath.dirname(directory)
    if not isinstance(tree.entry(directory), Dir):
        raise Undetermined(f"what {directory} is")
    for each in reversed(missing):
        tree.mkdir(each, 0o777 & ~call.umask)
    found = tree.entry(f"{top}/.git")
    quiet = given.has("quiet")
    if found is None:
        raise Undetermined(f"whether {top} is a repository")
    if not isinstance(found, Absent):
        stored(tree, top)
        if given.has("b"):
            raise Undetermined("another name for the first branch of an old repository")
        return Out("" if quiet else f"Reinitialized existing Git repository in {top}/.git/\n")
    chosen = given.last("b") or settings.get("init.defaultbranch")
    if chosen is not None and not valid_branch(chosen):
        raise Undetermined("an odd name for the first branch")
    create(call, top, Repo(zlib.crc32(top.encode()) % (KINDS - 2 * STASHES), chosen or "master"))
    if quiet:
        return Out()
    return Out(f"Initialized empty Git repository in {top}/.git/\n", "" if chosen else _HINT)


# -- config -------------------------------------------------------------------------------------------------------

_CONFIG = {
    "--global": "global", "--local": "local", "--get": "get", "--list": "list", "-l": "list", "--unset": "unset",
    "--get-all": "all", "--name-only": "names",
}  # fmt: skip


def configure(request: Request) -> Out:
    given = parse("config", request.args, _CONFIG)
    call = request.call
    if request.extra:
        raise Undetermined("git -c config")
    user = config.user_text(call)
    everywhere = given.has("global")
    path = config.user_file(call) if everywhere else f"{request.place().top}/.git/config"
    own = user if everywhere else config.text_of(call, path)
    texts = [own] if everywhere or given.has("local") else [user, own]
    if given.has("list"):
        pairs = [pair for text in texts for pair in config.values(text)]
        if everywhere and not call.tree.exists(path):
            raise fatal(f"unable to read config file '{path}': No such file or directory")
        return Out("".join(f"{key}\n" if given.has("names") else f"{key}={value}\n" for key, value in pairs))
    operands = given.operands
    if given.has("names") or not operands or len(operands) > (1 if given.has("get", "all", "unset") else 2):
        raise Undetermined("this form of git config")
    if config.split(operands[0]) is None:
        return _no_key(operands[0])
    if given.has("unset"):
        text = config.without(own, operands[0])
        return Out(code=5) if text is None else _store(request, path, text)
    if len(operands) == 2:
        return _store(request, path, config.changed(own, *operands))
    return _shown(texts, operands[0], every=given.has("all"))


def _no_key(key: str) -> Out:
    if "." in key:
        raise Undetermined(f"the key {key}")
    return Out(stderr=f"error: key does not contain a section: {key}\n", code=1)


def _shown(texts: list[str], key: str, *, every: bool) -> Out:
    parts = config.split(key)
    assert parts is not None
    name = f"{parts[0]}.{parts[1]}"
    found = [value for text in texts for each, value in config.values(text) if each == name]
    if not found:
        return Out(code=1)
    return Out("".join(f"{value}\n" for value in (found if every else found[-1:])))


def _store(request: Request, path: str, text: str) -> Out:
    call = request.call
    old = call.tree.entry(path)
    if not isinstance(old, File | Absent):
        raise Undetermined(f"what {path} is")
    call.tree.write(path, text.encode(), mode=0o666 & ~call.umask)
    return Out()


# -- remotes ------------------------------------------------------------------------------------------------------


def remote(request: Request) -> Out:
    given = parse("remote", request.args, {"-v": "verbose", "--verbose": "verbose"})
    place = request.place()
    urls = {key[7:-4]: url for key, url in place.settings.items() if re.fullmatch(r"remote\..+\.url", key)}
    if not given.operands:
        lines = [
            f"{name}\t{url} ({way})" if given.has("verbose") else name
            for name, url in sorted(urls.items())
            for way in (("fetch", "push") if given.has("verbose") else ("",))
        ]
        return Out("".join(f"{line}\n" for line in lines))
    if given.operands[0] == "add" and len(given.operands) == 3:
        return _add_remote(request, place, urls, *given.operands[1:])
    if given.operands[0] == "get-url" and len(given.operands) == 2:
        name = given.operands[1]
        return Out(f"{urls[name]}\n") if name in urls else Out(stderr=f"error: No such remote '{name}'\n", code=2)
    raise Undetermined("this form of git remote")


def _add_remote(request: Request, place: Place, urls: dict[str, str], name: str, url: str) -> Out:
    if not re.fullmatch(r"[A-Za-z][\w-]*", name) or any(other.startswith("insteadof") for other in place.settings):
        raise Undetermined(f"the remote {name}")
    if name in urls:
        return Out(stderr=f"error: remote {name} already exists.\n", code=3)
    path = f"{place.top}/.git/config"
    text = config.text_of(request.call, path)
    text = config.changed(text, f"remote.{name}.url", url)
    text = config.changed(text, f"remote.{name}.fetch", f"+refs/heads/*:refs/remotes/{name}/*")
    return _store(request, path, text)


# -- questions about the place ------------------------------------------------------------------------------------


def rev_parse(request: Request) -> Out:
    place = request.place()
    lines: list[str] = []
    args = list(request.args)
    quiet = verify = short = abbrev = False
    for arg in args:
        if arg in ("--show-toplevel", "--is-inside-work-tree", "--git-dir", "--show-prefix", "--is-inside-git-dir",
                   "--is-bare-repository", "--show-cdup"):  # fmt: skip
            lines.append(_about(place, arg))
        elif arg in ("-q", "--quiet"):
            quiet = True
        elif arg == "--verify":
            verify = True
        elif arg == "--short":
            short = verify = True
        elif arg == "--abbrev-ref":
            abbrev = True
        elif arg.startswith("-") or ".." in arg or arg[:1] == "^":
            raise Undetermined(f"git rev-parse {arg} is not computed")
        else:
            number = commit_of(place, arg)
            if number is None:
                return _no_revision(place, arg, lines, verify=verify, quiet=quiet, abbrev=abbrev)
            if arg in place.repo.tags and place.repo.tags[arg].message is not None:
                raise Undetermined("the hash of a tag")
            lines.append(short_ref(place.repo, arg) if abbrev else place.short(number) if short else place.long(number))
    return Out("".join(f"{line}\n" for line in lines))


def _no_revision(place: Place, arg: str, lines: list[str], *, verify: bool, quiet: bool, abbrev: bool) -> Out:
    if verify and not lines:
        return Out(stderr="" if quiet else "fatal: Needed a single revision\n", code=1 if quiet else 128)
    if quiet or (abbrev and arg != "HEAD") or Worktree(place).blob(arg) is not None:
        raise Undetermined("a revision that does not exist")
    text = "".join(f"{line}\n" for line in [*lines, arg])
    return Out(text, ambiguous(arg).out.stderr, 128)


def _about(place: Place, arg: str) -> str:
    if arg == "--show-toplevel":
        return place.top
    if arg == "--git-dir":
        return ".git" if not place.prefix else f"{place.top}/.git"
    if arg == "--show-prefix":
        return place.prefix
    if arg == "--show-cdup":
        return "../" * place.prefix.count("/")
    return "true" if arg == "--is-inside-work-tree" else "false"


def check_ignore(request: Request) -> Out:
    given = parse("check-ignore", request.args, {"-v": "verbose", "--verbose": "verbose", "-q": "quiet"})
    place = request.place()
    if not given.operands or (given.has("quiet") and len(given.operands) > 1):
        raise Undetermined("this form of git check-ignore")
    worktree, lines = Worktree(place), []
    for operand in given.operands:
        path = place.inside(operand)
        if not path:
            raise Undetermined(f"git check-ignore {operand}")
        parts = path.split("/")
        tried = [("/".join(parts[:size]), True) for size in range(1, len(parts))]
        is_dir = operand.endswith("/") or isinstance(worktree.entry(path), Dir)
        if path in place.repo.index or any(name.startswith(f"{path}/") for name in place.repo.index):
            continue
        for each, directory in [*tried, (path, is_dir)]:
            rule = worktree.rule(each, directory)
            if rule is None or (rule[1].keeps and not given.has("verbose")):
                continue
            if rule[1].keeps and each != path:
                continue
            source = posixpath.join(rule[0], ".gitignore")
            if given.has("verbose") and place.prefix:
                raise Undetermined("how the file of patterns is called")
            lines.append(
                f"{source}:{rule[1].number}:{rule[1].line}\t{quoted(operand)}"
                if given.has("verbose")
                else quoted(operand)
            )
            break
    shown = "" if given.has("quiet") else "".join(f"{line}\n" for line in lines)
    return Out(shown, code=0 if lines else 1)
