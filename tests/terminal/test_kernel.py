"""The terminal kernel: what it answers, what it refuses, and what it learns."""

from __future__ import annotations

import pytest

from nextstate.domain import Determined, Unknown
from nextstate.domains.terminal.kernel import TerminalKernel
from nextstate.types import Setup

HOME = "/home/dev"
SETUP = Setup(
    facts={
        "user": "dev",
        "host": "box",
        "cwd": HOME,
        "env": {"HOME": HOME, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
        "files": {f"{HOME}/a.txt": "alpha\nbeta\n"},
        "complete": [HOME],
    }
)
STRANGE = Setup(facts={"user": "dev", "host": "box", "cwd": "/srv", "env": {"HOME": HOME, "PATH": "/usr/bin"}})


class World:
    """A kernel and its state, stepped like a session; what is not determined must be shown."""

    def __init__(self, setup: Setup = SETUP) -> None:
        self.kernel = TerminalKernel()
        self.state = self.kernel.open(setup)

    def ask(self, action: str) -> Determined | Unknown:
        return self.kernel.step(self.state, action)

    def does(self, action: str) -> str:
        answer = self.ask(action)
        assert isinstance(answer, Determined), answer
        self.state = answer.state
        return answer.observation

    def refuses(self, action: str) -> Unknown:
        answer = self.ask(action)
        assert isinstance(answer, Unknown), answer
        return answer

    def shown(self, action: str, observation: str) -> None:
        self.state = self.kernel.absorb(self.state, action, observation)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def strange() -> World:
    return World(STRANGE)


def test_what_is_written_is_read(world: World) -> None:
    assert world.does("echo one > f; echo two >> f") == ""
    assert world.does("cat f") == "one\ntwo\n"


def test_variables_functions_and_directory_outlive_an_action(world: World) -> None:
    world.does('x=5; greet() { echo "hi $1 $x"; }; mkdir sub; cd sub')
    assert world.does("greet you; pwd") == f"hi you 5\n{HOME}/sub\n"


def test_the_exit_status_outlives_an_action(world: World) -> None:
    world.does("false")
    assert world.does("echo $?") == "1\n"
    world.does("(exit 7)")
    assert world.does("echo $?") == "7\n"


def test_positional_parameters_and_options_outlive_an_action(world: World) -> None:
    world.does("set -- a 'b c'")
    assert world.does('echo "$#:$2"') == "2:b c\n"
    world.does("set -o pipefail")
    assert world.does("false | true; echo $?") == "1\n"


def test_a_missing_file_in_a_directory_known_whole_is_an_error(world: World) -> None:
    assert world.does("cat nothing") == "cat: nothing: No such file or directory\n"
    assert world.does("cd nowhere") == "bash: line 1: cd: nowhere: No such file or directory\n"


def test_a_file_that_was_never_shown_is_unknown(strange: World) -> None:
    for action in (
        "cat notes.txt",
        "ls",
        "[[ -f notes.txt ]] && echo yes",
        "echo *.txt",
        "cd sub",
        "wc -l < notes.txt",
    ):
        strange.refuses(action)


@pytest.mark.parametrize(
    "action",
    ["date", "echo $RANDOM", "echo $$", "ps aux", "sleep 9 &", "curl example.org", "cat /etc/passwd", "echo $SECONDS",
     "ls -l", "stat a.txt", "mktemp", "jobs", "time true", "trap 'echo bye' EXIT", "exit 3"],
)  # fmt: skip
def test_clocks_processes_networks_and_system_files_are_refused(world: World, action: str) -> None:
    assert world.refuses(action).reason


def test_a_word_that_no_program_is_called_is_not_found_but_any_name_may_be_a_program(world: World) -> None:
    assert world.does("Sorry for that") == "bash: line 1: Sorry: command not found\n"
    assert world.does("--fix it 2>/dev/null; echo $?") == "127\n"
    for action in ("npm test", "mytool", "mytool --fix 2>/dev/null", "X=mytool; $X a"):
        world.refuses(action)
    asked = world.refuses("echo first; mytool a | head -1")
    assert "installed" in asked.reason
    assert asked.ask == "mytool a"


def test_output_and_errors_come_in_their_order(world: World) -> None:
    assert world.does("echo a; cat nothing; echo b") == "a\ncat: nothing: No such file or directory\nb\n"
    assert world.does("cat a.txt nothing a.txt 2>&1 | wc -l") == "5\n"


def test_a_file_that_was_shown_becomes_known(strange: World) -> None:
    strange.shown("cat notes.txt", "first\nsecond\n")
    assert strange.does("cat notes.txt") == "first\nsecond\n"
    assert strange.does("wc -l < notes.txt") == "2\n"


def test_a_listing_that_was_shown_becomes_known(strange: World) -> None:
    strange.shown("ls", "a.txt\nsrc\n")
    assert strange.does("ls") == "a.txt\nsrc\n"
    assert strange.does("cat b.txt") == "cat: b.txt: No such file or directory\n"
    strange.refuses("cat a.txt")
    strange.refuses("cat .hidden")


def test_what_a_shown_listing_lacks_is_absent_however_usual_it_is(strange: World) -> None:
    strange.shown("ls /", "bin\nhome\nusr\n")
    assert strange.does("ls /") == "bin\nhome\nusr\n"
    assert strange.does("ls /run") == "ls: cannot access '/run': No such file or directory\n"


def test_an_error_that_was_shown_teaches_that_a_file_is_absent(strange: World) -> None:
    strange.shown("cat notes.txt", "cat: notes.txt: No such file or directory\n")
    assert strange.does("[[ -e notes.txt ]] || echo none") == "none\n"


def test_a_program_that_was_not_found_stays_not_found(world: World) -> None:
    world.refuses("kubectl get pods")
    world.shown("kubectl get pods", "bash: line 1: kubectl: command not found\n")
    assert world.does("kubectl version") == "bash: line 1: kubectl: command not found\n"


def test_an_unchanged_world_shows_the_same_again(strange: World) -> None:
    strange.shown("find . -type f", "./b\n./a\n")
    assert strange.does("find . -type f") == "./b\n./a\n"
    assert strange.does("find . -type f | wc -l") == "2\n"
    strange.does("echo x > new")
    strange.refuses("find . -type f")


def test_what_a_contradicted_action_would_have_done_is_doubtful(world: World) -> None:
    world.shown("mkdir new; x=1", "mkdir: cannot create directory 'new': Read-only file system\n")
    world.refuses("cd new")
    world.refuses("echo $x")


def test_a_clock_that_was_shown_is_not_shown_again(world: World) -> None:
    world.shown("date", "Mon Jan  1 10:00:00 UTC 2024\n")
    world.refuses("date")


def test_a_variable_whose_value_was_not_determined_is_unknown_afterwards(world: World) -> None:
    world.shown("now=$(date +%s)", "")
    world.refuses("echo $now")
    assert world.does("echo fine") == "fine\n"


def test_a_program_that_may_change_files_makes_them_unknown(world: World) -> None:
    world.shown("make all", "cc -o prog main.c\n")
    world.refuses("ls")
    world.refuses("cat a.txt")


def test_a_lacking_program_inside_a_pipeline_is_asked_for_alone(world: World) -> None:
    unknown = world.refuses("kubectl get pods | head -1 > first.txt; cat first.txt")
    assert unknown.ask == "kubectl get pods"
    answer = world.kernel.step(world.state, "kubectl get pods | head -1 > first.txt; cat first.txt", ("NAME\npod-1\n",))
    assert isinstance(answer, Determined)
    assert answer.observation == "NAME\n"


def test_a_lacking_program_whose_status_matters_is_not_asked_for_alone(world: World) -> None:
    assert world.refuses("kubectl get pods && echo ok").ask is None


def test_asking_changes_no_state(world: World) -> None:
    before = world.state
    first = world.ask("echo x > f; cat f")
    second = world.ask("echo x > f; cat f")
    assert isinstance(first, Determined)
    assert isinstance(second, Determined)
    assert first.observation == second.observation
    assert world.state is before
    assert world.does("cat f") == "cat: f: No such file or directory\n"


def test_two_branches_of_one_state_do_not_touch_each_other(world: World) -> None:
    world.does("echo base > f")
    left, right = World(), World()
    left.kernel = right.kernel = world.kernel
    left.state = right.state = world.state
    left.does("echo left > f; x=1")
    right.does("echo right > f")
    assert left.does("cat f; echo [$x]") == "left\n[1]\n"
    assert right.does("cat f; echo [$x]") == "right\n[]\n"


def test_a_state_may_be_continued_after_many_others(world: World) -> None:
    world.does("echo kept > f; v=1")
    kept = world.state
    for turn in range(1000):
        world.does(f"echo {turn} > f")
    world.state = kept
    assert world.does("cat f; echo $v") == "kept\n1\n"


def test_an_endless_loop_is_refused_and_harms_nothing(world: World) -> None:
    world.refuses("while :; do :; done")
    assert world.does("echo alive") == "alive\n"


def test_an_unfinished_line_is_refused(world: World) -> None:
    for action in ("echo 'open", "if true; then", "cat <<EOF\nno end", "echo a |"):
        world.refuses(action)


def test_a_shell_started_for_every_action_forgets_variables() -> None:
    invoke = {
        "per_action": True,
        "argv": '/bin/bash -c "{action}"',
        "split": "shlex",
        "cd": "lexical",
        "keeps": ["cwd"],
    }
    facts = {**SETUP.facts, "invoke": invoke}
    world = World(Setup(facts=facts))
    world.does("x=5")
    assert world.does("echo [$x]") == "[]\n"
    assert world.does('echo "two words"') == "two\n"
    assert world.does("Gerp") == "/bin/bash: line 1: Gerp: command not found\n"


def test_a_script_for_bash_that_another_shell_runs_is_refused(world: World) -> None:
    world.does("printf 'set -euo pipefail\\necho fine\\n' > strict.sh; printf 'echo fine\\n' > plain.sh")
    world.refuses("sh strict.sh")
    assert world.does("sh plain.sh; bash strict.sh") == "fine\nfine\n"


def test_a_session_has_no_last_step(world: World) -> None:
    for turn in range(1200):
        world.does(f"x={turn}")
    assert world.does("echo $x") == "1199\n"
