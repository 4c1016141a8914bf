"""``ls -l``: what is known of each file, and what is not filled in by the call's variant.

Times, groups, link counts of directories and their sizes are never known; modes, sizes and names of files are. What
comes out the same whatever the unknown parts are (``ls -l f | cut -c1-10``, ``ls -l | wc -l``) is determined.
"""

from __future__ import annotations

from nextstate.domains.terminal.kernel.files import Dir, File, Link, Node, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call

_TIMES = ("Jan  1 00:00", "Nov 23 21:57", "Dec 31  2019")
_GROUPS = ("", "users", "staff")
_LINKS = (2, 3, 12)
_SIZES = (40, 4096, 120)


def long_listing(call: Call, rows: list[tuple[str, str, Node]]) -> str:
    """The lines of ``rows`` (path, shown name, node) with aligned columns."""
    cells = [_cells(call, path, name, node) for path, name, node in rows]
    wide = [max(len(row[column]) for row in cells) for column in range(5)]
    return "".join(
        f"{mode} {links.rjust(wide[1])} {owner.ljust(wide[2])} {group.ljust(wide[3])} "
        f"{size.rjust(wide[4])} {time} {name}\n"
        for mode, links, owner, group, size, time, name in cells
    )


def _cells(call: Call, path: str, name: str, node: Node) -> tuple[str, str, str, str, str, str, str]:
    if not isinstance(node, File | Dir | Link):
        raise Undetermined(f"{path} may be a file or a directory")
    if not call.user or not path.startswith(("/home/", "/tmp/", "/root/")) or name == "..":
        raise Undetermined(f"the owner of {path}")
    group = _GROUPS[call.variant] or call.user
    links = 1 if not isinstance(node, Dir) else _LINKS[call.variant]
    shown = f"{name} -> {node.target}" if isinstance(node, Link) else name
    size = str(_size(call, path, node))
    return permissions(path, node), str(links), call.user, group, size, _TIMES[call.variant], shown


def _size(call: Call, path: str, node: Node) -> int:
    if isinstance(node, Link):
        return len(node.target.encode())
    if isinstance(node, Dir):
        return _SIZES[call.variant]
    if isinstance(node, File) and node.content is not None:
        return len(node.content)
    raise Undetermined(f"the size of {path}")


def permissions(path: str, node: Node) -> str:
    """``-rw-r--r--``"""
    if isinstance(node, Link):
        return "lrwxrwxrwx"
    if not isinstance(node, File | Dir) or not node.mode_known or node.mode > 0o777:
        raise Undetermined(f"the mode of {path}")
    letters = "".join(letter if node.mode >> (8 - at) & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
    return ("d" if isinstance(node, Dir) else "-") + letters
