"""The keystroke dialect in the terminal kernel: lines typed at a prompt, and the screen that shows them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.data.store import read
from nextstate.domain import Determined, Unknown
from nextstate.domains.terminal.codec import canonical
from nextstate.domains.terminal.kernel import TerminalKernel
from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.pane import Pane
from nextstate.domains.terminal.kernel.typed import first
from nextstate.domains.terminal.kernel.unseen_blanks import maybe_tabs
from nextstate.types import Json, Setup, Trajectory

FIXTURE = Path(__file__).parents[1] / "fixtures" / "terminal_keys.jsonl.zst"
HOME = "/home/dev"
FILES = {f"{HOME}/a.txt": "one\ntwo\n", f"{HOME}/my file": "x\n", f"{HOME}/d/inner": "deep\n"}


def setup(columns: int = 60, rows: int = 12, files: dict[str, str] | None = None, known: bool = True) -> Setup:
    """A terminal of our own recorder's kind; ``known`` says whether the home directory is known whole."""
    facts: dict[str, Json] = {
        "user": "dev",
        "host": "box",
        "cwd": HOME,
        "env": {"HOME": HOME, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "TERM": "screen"},
        "files": {**(FILES if files is None else files)},
        "complete": ["/home", "/tmp"] if known else [],
        "screen": {"columns": columns, "rows": rows, "shows": "whole", "text": "dev@box:~$"},
    }
    return Setup(facts=facts)


def new_output(text: str = "root@box:/app#") -> Setup:
    """A terminal whose observations are what the pane gained."""
    screen: dict[str, Json] = {"columns": 160, "shows": "new", "text": text}
    return Setup(facts={"user": "root", "host": "box", "cwd": "/app", "screen": screen})


def keys(*texts: str, duration: float = 1.0) -> str:
    return json.dumps([{"keystrokes": text, "duration": duration} for text in texts])


class Desk:
    """A kernel at a terminal."""

    def __init__(self, setup: Setup) -> None:
        self.kernel = TerminalKernel()
        self.state = self.kernel.open(setup)

    def asks(self, *texts: str, duration: float = 1.0) -> Determined | Unknown:
        return self.kernel.step(self.state, keys(*texts, duration=duration))

    def types(self, *texts: str) -> list[str]:
        """The rows of the screen after what must be determined."""
        answer = self.asks(*texts)
        assert isinstance(answer, Determined), answer
        self.state = answer.state
        return answer.observation.split("\n")

    def sees(self, screen: str, *texts: str) -> None:
        self.state = self.kernel.absorb(self.state, keys(*texts), screen)


@pytest.fixture
def desk() -> Desk:
    return Desk(setup())


# -- what was recorded ------------------------------------------------------------------------------------------


def judged(trajectory: Trajectory) -> list[bool | None]:
    """For every turn whether the computed screen is right; ``None`` where nothing was computed."""
    kernel = TerminalKernel()
    state = kernel.open(trajectory.setup)
    found: list[bool | None] = []
    for turn in trajectory.turns:
        answer = kernel.step(state, turn.action)
        if isinstance(answer, Determined):
            found.append(canonical(answer.observation) == canonical(turn.observation))
        else:
            found.append(None)
        state = kernel.absorb(state, turn.action, turn.observation)
    return found


def test_computed_screens_equal_the_recorded_ones_and_most_turns_are_computed() -> None:
    verdicts = {trajectory.id: judged(trajectory) for trajectory in read(FIXTURE)}
    assert len(verdicts) >= 12
    wrong = [(name, index) for name, found in verdicts.items() for index, right in enumerate(found) if right is False]
    assert not wrong
    every = [right for found in verdicts.values() for right in found]
    assert len(every) >= 100
    assert sum(right is not None for right in every) >= 0.6 * len(every)


async def test_a_real_terminal_shows_what_is_computed() -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed, so nothing can be compared with the real terminal")
    from nextstate.record.sandbox import why_no_bubblewrap
    from nextstate.record.terminal import record_keystrokes

    if reason := why_no_bubblewrap():
        pytest.skip(f"the real terminal is only used inside bubblewrap: {reason}")
    actions = [
        keys("ls\n", "cd d && ls -a\n", duration=3.0),
        keys("echo " + "long " * 40 + "\n", "printf 'no end'\n", duration=3.0),
        keys("cat > new.txt <<'EOF'\nfirst\n\nlast\nEOF\n", "wc -l new.txt; Nosuch\n", duration=3.0),
        keys("C-c", "echo $?\n", duration=3.0),
    ]
    files = {"a.txt": "a\n", "b c.txt": "b\n", "d/x": "", "d/y": ""}
    recorded = await record_keystrokes(actions, id="live", files=files)
    assert judged(recorded) == [True] * 4


# -- the pane ---------------------------------------------------------------------------------------------------


@given(st.lists(st.text(st.sampled_from("ab \t\n\r"), max_size=30), max_size=6), st.integers(2, 20))
def test_a_pane_does_not_mind_how_a_text_is_cut_and_never_exceeds_its_width(parts: list[str], columns: int) -> None:
    pane = Pane(columns)
    for part in parts:
        pane = pane.write(part)
    assert pane == Pane(columns).write("".join(parts))
    assert all(len(row) <= columns for row in pane.rows)


def test_a_full_row_goes_on_only_when_something_follows() -> None:
    assert Pane(4).write("abcd").rows == ("abcd",)
    assert Pane(4).write("abcd\nx").rows == ("abcd", "x")
    assert Pane(4).write("abcde").rows == ("abcd", "e")
    assert Pane(5).write("ab日本").rows == ("ab日", "本")


def test_tabs_colours_and_returns_look_as_on_a_terminal() -> None:
    assert Pane(40).write("a\tb\n\x1b[31mred\x1b[0m\nabc\rX").shown() == ("a       b", "red", "Xbc")


@pytest.mark.parametrize("text", ["\x1b[2K", "\b", "e\u0301", "\u200d"])
def test_what_terminals_show_differently_is_not_determined(text: str) -> None:
    with pytest.raises(Undetermined):
        Pane(40).write(text)


# -- complete and incomplete commands -----------------------------------------------------------------------------

WHOLE = (
    "echo a; echo b\n",
    "for i in 1 2\ndo echo $i\ndone\n",
    "cat <<A <<'B'\n1\nA\n2\nB\n",
    "cat <<-E\n\tx\n\tE\n",
    'x="a\nb"\n',
    "echo 'it''s' \\\n  two\n",
    "if true; then echo a; elif false; then echo b; else echo c; fi\n",
    "case $x in\n a|b) echo 1;;\n *) echo 2\nesac\n",
    "f() {\n echo hi\n}\n",
    "(cd /; pwd) | cat\n",
    "a=(1\n2)\n",
    "echo $(echo a\necho b) ${x:-y} $((1 + (2))) `date`\n",
    "[[ -f a && ! -d b ]] && echo c\n",
    'while read -r l; do echo "$l"; done < <(ls)\n',
    "# it's a comment\n",
    "echo hi! 'a!b' \"x!\" [!a] ${!x} $!\n",
    "true &&\n\n echo b\n",
    "echo done; { echo a; } 2>&1 > f\n",
    "\n",
)


@pytest.mark.parametrize("text", WHOLE)
def test_a_command_is_complete_at_its_last_line_and_not_before(text: str) -> None:
    assert first(text + "echo next\n") == len(text)
    lines = text.splitlines(keepends=True)
    assert all(first("".join(lines[:count])) is None for count in range(1, len(lines)))


@pytest.mark.parametrize("text", WHOLE)
def test_bash_agrees_on_what_is_complete(text: str) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed, so nothing can be compared")
    said = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False).stderr
    assert not said


@pytest.mark.parametrize(
    "text", ["echo )\n", "fi\n", "; x\n", "a && && b\n", "if; then x; fi\n", "echo hi!x\n", "^a^b\n"]
)
def test_complaints_and_the_history_are_left_open(text: str) -> None:
    with pytest.raises(Undetermined):
        first(text)


@given(st.text(st.sampled_from("ab \n'\"$(){};|&<>!#\\`=[]0"), max_size=40))
def test_any_text_is_complete_incomplete_or_left_open(text: str) -> None:
    try:
        size = first(text + "\n")
    except Undetermined:
        return
    assert size is None or 0 < size <= len(text) + 1


# -- typing -----------------------------------------------------------------------------------------------------


def test_the_screen_shows_the_echo_the_output_and_the_next_prompt(desk: Desk) -> None:
    assert desk.types("cat a.txt\n") == ["dev@box:~$ cat a.txt", "one", "two", "dev@box:~$"]


def test_the_prompt_follows_the_directory(desk: Desk) -> None:
    assert desk.types("cd d\n", "pwd\n", "cd /tmp\n")[-3:] == ["/home/dev/d", "dev@box:~/d$ cd /tmp", "dev@box:/tmp$"]


def test_only_the_last_rows_of_a_full_screen_are_shown(desk: Desk) -> None:
    rows = desk.types("for i in {1..30}; do echo line $i; done\n")
    assert len(rows) == 12
    assert rows[:2] == ["line 20", "line 21"]
    assert rows[-1] == "dev@box:~$"


def test_long_lines_break_at_the_width(desk: Desk) -> None:
    assert desk.types("echo " + "x" * 70 + "\n") == [
        "dev@box:~$ echo " + "x" * 44,
        "x" * 26,
        "x" * 60,
        "x" * 10,
        "dev@box:~$",
    ]


def test_a_line_that_just_fits_leaves_no_empty_row(desk: Desk) -> None:
    assert desk.types("echo " + "y" * 44 + "\n") == ["dev@box:~$ echo " + "y" * 44, "y" * 44, "dev@box:~$"]


def test_a_prompt_stands_behind_output_without_a_line_end(desk: Desk) -> None:
    assert desk.types("printf abc\n", "echo next\n") == [
        "dev@box:~$ printf abc",
        "abcdev@box:~$ echo next",
        "next",
        "dev@box:~$",
    ]


def test_a_command_may_be_typed_over_several_actions(desk: Desk) -> None:
    assert desk.types("cat > f <<'EOF'\nfirst\n")[-2:] == ["> first", ">"]
    assert desk.types("sec")[-1] == "> sec"
    desk.types("ond\nEOF\n")
    assert desk.types("cat f\n")[-3:] == ["first", "second", "dev@box:~$"]


def test_names_of_keys_are_keys_and_their_letters_are_text(desk: Desk) -> None:
    assert desk.types("echo", "Space", "Enter text", "Enter")[-2:] == ["Enter text", "dev@box:~$"]


def test_the_interrupt_key_drops_the_line_and_sets_the_status(desk: Desk) -> None:
    assert desk.types("for i in 1 2\n", "rm a.txt", "C-c", "echo $?\n")[1:] == [
        "> rm a.txt^C",
        "dev@box:~$ echo $?",
        "130",
        "dev@box:~$",
    ]
    assert desk.types("cat a.txt\n")[-3:-1] == ["one", "two"]


def test_clearing_leaves_the_prompt_alone(desk: Desk) -> None:
    desk.types("cat a.txt\n")
    assert desk.types("clear\n") == ["dev@box:~$"]
    desk.types("cat a.txt\n", "half")
    assert desk.types("C-l") == ["dev@box:~$ half"]


def test_messages_of_an_interactive_shell_name_no_line(desk: Desk) -> None:
    assert desk.types("Nosuch\n", "cd nope\n", "Nosuch 2>&1 | cat\n")[1::2] == [
        "bash: Nosuch: command not found",
        "bash: cd: nope: No such file or directory",
        "bash: Nosuch: command not found",
    ]
    desk.types("Nosuch 2> f\n")
    assert desk.types("cat f\n")[-2] == "bash: Nosuch: command not found"


def test_ls_prints_columns_and_quotes_only_at_the_terminal(desk: Desk) -> None:
    assert desk.types("ls\n")[1] == " a.txt   d  'my file'"
    assert desk.types("ls | head -5\n")[-4:-1] == ["a.txt", "d", "my file"]
    assert desk.types("ls > /tmp/l; cat /tmp/l\n")[-4:-1] == ["a.txt", "d", "my file"]


def test_ls_lays_names_out_as_the_real_one_does(tmp_path: Path) -> None:
    if shutil.which("ls") is None:
        pytest.skip("the real ls is not installed, so nothing can be compared")
    dice = random.Random(5)
    for number in range(25):
        width = dice.choice((40, 60, 80, 132, 160))
        names = {
            "".join(dice.choices("abcxyz01_ &'", k=dice.randint(1, 18))).strip() or "n" for _ in range(number * 3 + 1)
        }
        folder = tmp_path / f"world{number}"
        folder.mkdir()
        for name in names:
            (folder / name).touch()
        argv = ["ls", "-C", "-w", str(width), "-T", "0", "--quoting-style=shell-escape"]
        real = subprocess.run(argv, cwd=folder, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, capture_output=True)
        desk = Desk(setup(width, 400, {f"{HOME}/{name}": "" for name in names}))
        assert desk.types("ls\n")[1:-1] == [row.rstrip() for row in real.stdout.decode().splitlines()]


@pytest.mark.parametrize(
    ("texts", "duration"),
    [
        (["cat\n"], 1.0),
        (["read x\n"], 1.0),
        (["python3\n"], 1.0),
        (["bash\n"], 1.0),
        (["vi a.txt\n"], 1.0),
        (["exit\n"], 1.0),
        (["sleep 3\n"], 1.0),
        (["for i in 1 2 3; do sleep 1; done\n"], 2.0),
        (["ec", "Tab"], 1.0),
        (["Up", "Enter"], 1.0),
        (["C-d"], 1.0),
        (["echo a\tb\n"], 1.0),
        (["!!\n"], 1.0),
        (["PS1='% '\n"], 1.0),
        (["alias ls=pwd\n"], 1.0),
        (["test -t 1 && echo yes\n"], 1.0),
        (["chmod 444 a.txt; rm a.txt\n"], 1.0),
        (["rm -i a.txt\n"], 1.0),
        (["bash -c Nosuch\n"], 1.0),
        (["echo $COLUMNS\n"], 1.0),
        (["cat > f <<E\n" + "line\n" * 900 + "E\n"], 1.0),
        (["tput cols\n"], 1.0),
        (["echo hi\n"], 0.0),
    ],
)
def test_what_hangs_on_more_than_the_history_is_not_answered(desk: Desk, texts: list[str], duration: float) -> None:
    assert isinstance(desk.asks(*texts, duration=duration), Unknown)


def test_plain_commands_are_no_keystrokes(desk: Desk) -> None:
    assert isinstance(desk.kernel.step(desk.state, "echo hi"), Unknown)


# -- watching ---------------------------------------------------------------------------------------------------


def test_what_a_command_showed_on_the_screen_is_known_from_then_on() -> None:
    desk = Desk(setup(known=False, files={}))
    desk.sees("dev@box:~$ cat n.txt\nred\nblue\ndev@box:~$ ls\nd  n.txt  o.txt\ndev@box:~$", "cat n.txt\n", "ls\n")
    assert desk.types("sort n.txt\n")[-3:-1] == ["blue", "red"]
    assert desk.types("ls | wc -l\n", "ls\n")[-4:-1:2] == ["3", "d  n.txt  o.txt"]


def test_the_prompt_tells_the_directory_after_what_was_not_computed() -> None:
    desk = Desk(setup(known=False, files={}))
    desk.sees("dev@box:~$ cd $(pick)\ndev@box:/srv/app$", "cd $(pick)\n")
    assert desk.types("pwd\n")[-2:] == ["/srv/app", "dev@box:/srv/app$"]


def test_white_space_that_a_screen_hides_is_not_relied_upon() -> None:
    desk = Desk(setup(known=False, files={}))
    desk.sees("dev@box:~$ cat n.txt\nred\nblue\ndev@box:~$", "cat n.txt\n")
    assert isinstance(desk.asks("wc -c n.txt\n"), Unknown)
    assert isinstance(desk.asks("cp n.txt m; md5sum m\n"), Unknown)
    desk.types("cp n.txt m\n")
    assert isinstance(desk.asks("md5sum m\n"), Unknown)
    assert desk.types("wc -l n.txt\n")[-2] == "2 n.txt"
    assert desk.types("echo other > o; wc -c o\n")[-2] == "6 o"


def test_rows_that_may_have_been_broken_or_hold_tabs_teach_nothing() -> None:
    desk = Desk(setup(known=False, files={}))
    desk.sees("dev@box:~$ cat n.txt\n" + "x" * 60 + "\nxx\ndev@box:~$", "cat n.txt\n")
    assert isinstance(desk.asks("head -1 n.txt\n"), Unknown)
    desk.sees("dev@box:~$ cat n.txt\na       b\ncc      d\ndev@box:~$", "clear\n", "cat n.txt\n")
    assert isinstance(desk.asks("head -1 n.txt\n"), Unknown)
    assert maybe_tabs(["all:", "        gcc x.c"])
    assert not maybe_tabs(["def f():", "    if x:", "        return 1"])


def test_nothing_is_determined_until_a_prompt_shows_again() -> None:
    desk = Desk(setup())
    desk.sees("dev@box:~$ vi a.txt\n~\n~", "vi a.txt\n")
    assert isinstance(desk.asks("cat a.txt\n"), Unknown)
    desk.sees("dev@box:~$ vi a.txt\ndev@box:~$", ":wq\n")
    assert desk.types("echo back\n")[-2:] == ["back", "dev@box:~$"]
    assert isinstance(desk.asks("cat a.txt\n"), Unknown), "the editor may have changed it"


def test_another_prompt_is_another_shell(desk: Desk) -> None:
    desk.sees("dev@box:~$ ssh web\nana@web:~$", "ssh web\n")
    assert isinstance(desk.asks("pwd\n"), Unknown)


def test_a_command_that_was_contradicted_leaves_doubt(desk: Desk) -> None:
    desk.sees(
        "dev@box:~$ mkdir new\nmkdir: cannot create directory 'new': No space left on device\ndev@box:~$", "mkdir new\n"
    )
    assert isinstance(desk.asks("cd new\n"), Unknown)
    assert desk.types("cat a.txt\n")[-3:-1] == ["one", "two"]


def test_a_line_that_the_shell_refused_changed_nothing(desk: Desk) -> None:
    desk.sees('dev@box:~$ echo "hi!x" > a.txt\nbash: !x: event not found\ndev@box:~$', 'echo "hi!x" > a.txt\n')
    assert desk.types("cat a.txt\n")[-3:-1] == ["one", "two"]


def test_a_long_program_that_was_interrupted_may_have_changed_what_it_names(desk: Desk) -> None:
    desk.sees("dev@box:~$ make d\n^C\ndev@box:~$", "make d\n", "C-c")
    assert isinstance(desk.asks("ls d\n"), Unknown)


# -- what the pane gained -----------------------------------------------------------------------------------------


def test_the_new_part_begins_at_the_line_that_was_there_before() -> None:
    desk = Desk(new_output())
    assert desk.types("echo hi\n") == ["root@box:/app# echo hi", "hi", "root@box:/app#"]
    assert desk.types("cd /tmp\n") == ["", "root@box:/app# cd /tmp", "root@box:/tmp#"]
    assert desk.types("echo '\n")[-1] == ">"
    assert desk.types("x\n") == ["", "> x", ">"]


def test_new_output_teaches_and_a_whole_screen_resumes() -> None:
    desk = Desk(new_output("banner\nroot@box:/app#"))
    desk.sees("\nroot@box:/app# cat n\nred\nroot@box:/app#", "cat n\n")
    assert desk.types("cat n\n") == ["", "root@box:/app# cat n", "red", "root@box:/app#"]
    desk.sees("root@box:/srv# ", "cd /srv && clear\n")
    assert desk.types("pwd\n")[1:] == ["root@box:/srv# pwd", "/srv", "root@box:/srv#"]


def test_a_home_that_is_not_known_is_not_guessed() -> None:
    screen: dict[str, Json] = {"columns": 160, "shows": "new", "text": "ana@web:~$"}
    desk = Desk(Setup(facts={"screen": screen}))
    assert isinstance(desk.asks("pwd\n"), Unknown)
    desk.sees("ana@web:~$ cd /srv\nana@web:/srv$", "cd /srv\n")
    assert desk.types("pwd\n")[-2:] == ["/srv", "ana@web:/srv$"]


# -- anything at all --------------------------------------------------------------------------------------------

_TYPED = st.lists(
    st.sampled_from(
        [
            "ls\n",
            "cat a.txt\n",
            "cd d\n",
            "echo '",
            "x\n",
            "C-c",
            "Tab",
            "",
            "cat <<E\n",
            "E\n",
            "vi\n",
            "!!\n",
            "fi\n",
            "C-l",
        ]
    ),
    min_size=1,
    max_size=3,
)
_ROW = st.sampled_from(
    [
        "dev@box:~$",
        "dev@box:~$ ls",
        "dev@box:~/d$",
        ">",
        "> x",
        "one",
        "",
        "a  b",
        "dev@box:~$ cat a.txt",
        "ana@web:/#",
        "x" * 70,
        "日本",
    ]
)


@given(st.lists(st.tuples(_TYPED, st.lists(_ROW, max_size=14)), max_size=4), st.booleans())
def test_whatever_a_screen_shows_the_kernel_goes_on(turns: list[tuple[list[str], list[str]]], whole: bool) -> None:
    desk = Desk(setup() if whole else new_output())
    for texts, rows in turns:
        first_answer = desk.asks(*texts)
        assert first_answer == desk.asks(*texts)
        desk.sees("\n".join(rows), *texts)
        shown = desk.asks("pwd\n")
        if isinstance(shown, Determined):
            assert shown.observation.endswith(("$", "#", ">"))
