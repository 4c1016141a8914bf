"""What file tools make of files that were never shown: they refuse, unless the outcome is the same either way."""

from __future__ import annotations

import shlex

import pytest

from nextstate.domains.terminal.kernel.files import Dir, File, Files, Seen, Thing, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call, Out

HOME = "/home/dev"


def world() -> Tree:
    """A home whose listing is not known, with a few files that were shown."""
    tree = Tree(Files({"/": Dir(), "/home": Dir(), "/tmp": Dir()}), root=False)
    tree.put(HOME, Dir())
    tree.put(f"{HOME}/known.txt", File(b"known\n"))
    tree.put(f"{HOME}/unread.txt", File(None))
    tree.put(f"{HOME}/something", Thing())
    tree.put(f"{HOME}/whole", Dir(Seen.ALL))
    tree.put(f"{HOME}/whole/in.txt", File(b"in\n"))
    return tree


def run(tree: Tree, line: str) -> Out:
    words = shlex.split(line)
    facts = {"coreutils": "9.1"}
    return TOOLS[words[0]](Call(words[0], tuple(words[1:]), "", HOME, {"LC_ALL": "C.UTF-8"}, tree, facts=facts))


REFUSED = """
ls
ls nothing
ls -F known.txt
ls -l known.txt missing
ls -S known.txt unread.txt
mkdir new
mkdir -pv new
rm nothing
rm something
rm -v nothing
rm -rv something
rmdir nothing
rmdir something
touch -c nothing
truncate -s +3 unread.txt
cp nothing x.txt
cp something x.txt
cp -v known.txt nothing
cp known.txt whole something
mv nothing x.txt
mv -n known.txt nothing
mv known.txt something/
ln -s known.txt nothing
ln known.txt whole/hard
chmod 600 nothing
chmod -v 600 known.txt
chmod -R 700 .
stat -c %a known.txt
stat -c %s unread.txt
stat nothing
du .
readlink nothing
readlink -f nothing
realpath nothing
realpath something
test -e nothing
test -f something
test -x known.txt
test -s unread.txt
test known.txt -nt unread.txt
find
find .
find nothing
find whole -size +1c
find . -maxdepth 1 -name known.txt
tree
gzip nothing
tar cf x.tar .
tar tf nothing
""".strip().splitlines()

SILENT = """
mkdir -p new
mkdir -p new/deep/er
mkdir whole/new
rm -f nothing
rm -rf nothing
rm -rf something
rm unread.txt
rm -rf whole
touch nothing
touch something
touch known.txt
truncate -s 0 unread.txt
cp known.txt other.txt
cp known.txt other
cp unread.txt whole
cp known.txt something
mv known.txt other.txt
mv unread.txt whole/moved
mv whole/in.txt other
chmod +x known.txt
chmod 600 unread.txt
ln -sf known.txt whole/link
gzip whole/in.txt
tar cf x.tar whole
""".strip().splitlines()


@pytest.mark.parametrize("line", REFUSED)
def test_what_was_never_shown_is_not_guessed(line: str) -> None:
    with pytest.raises(Undetermined):
        run(world(), line)


@pytest.mark.parametrize("line", SILENT)
def test_what_comes_out_the_same_either_way_is_determined(line: str) -> None:
    assert run(world(), line) == Out()


def test_a_directory_that_was_made_if_it_was_missing_is_there_but_not_known() -> None:
    tree = world()
    run(tree, "mkdir -p new")
    assert run(tree, "test -d new").code == 0
    with pytest.raises(Undetermined):
        run(tree, "ls new")


def test_what_was_removed_by_force_is_gone() -> None:
    tree = world()
    run(tree, "rm -rf nothing something whole")
    assert run(tree, "ls nothing something whole/in.txt").code == 2
    assert run(tree, "test -e something").code == 1


def test_a_touched_file_exists_but_its_content_is_not_known() -> None:
    tree = world()
    run(tree, "touch nothing")
    assert run(tree, "test -f nothing").code == 0
    with pytest.raises(Undetermined):
        run(tree, "test -s nothing")


def test_a_copy_to_a_name_that_may_be_a_directory_is_only_known_to_exist() -> None:
    tree = world()
    run(tree, "cp known.txt other")
    assert run(tree, "test -e other").code == 0
    with pytest.raises(Undetermined):
        run(tree, "test -f other")
    run(tree, "cp known.txt other.txt")
    assert run(tree, "stat -c %s other.txt").stdout == "6\n"


def test_a_mode_is_known_once_it_was_set_whole() -> None:
    tree = world()
    run(tree, "chmod +x known.txt")
    with pytest.raises(Undetermined):
        run(tree, "stat -c %a known.txt")
    run(tree, "chmod u=rw,go=r known.txt")
    assert run(tree, "stat -c %a known.txt").stdout == "644\n"


def test_the_content_of_an_unread_file_moves_with_it() -> None:
    tree = world()
    run(tree, "mv unread.txt whole/moved")
    assert run(tree, "ls whole").stdout == "in.txt\nmoved\n"
    with pytest.raises(Undetermined):
        run(tree, "stat -c %s whole/moved")


@pytest.mark.parametrize(
    "line", ["rm -rf /", "rm -r /usr", "touch /usr/x", "mkdir -p /opt/x", "mv known.txt /etc/x.txt"]
)
def test_who_may_change_the_system_is_not_known(line: str) -> None:
    with pytest.raises(Undetermined):
        run(world(), line)
