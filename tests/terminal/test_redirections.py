"""Files of redirections are opened before a command runs: compared with bash, alone and in random scripts."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from real_programs import Tally
from test_kernel import World

from nextstate.domain import Determined
from nextstate.domains.terminal.kernel import TerminalKernel
from nextstate.domains.terminal.kernel.files import File
from nextstate.types import Setup

FILES = {
    "a.txt": "beta\nalpha\nxray\n", "g": "gamma\nx\n", "empty": "", "d/one": "1\n", "d/two.txt": "two\n",
    "s.sh": "cat a.txt\necho s\n",
}  # fmt: skip
HOME = "/home/w"
SETUP = Setup(
    facts={
        "user": "root",
        "host": "b",
        "cwd": HOME,
        "env": {"HOME": HOME, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        "files": {f"{HOME}/{name}": text for name, text in FILES.items()},
        "complete": [HOME],
    }
)
DETERMINED = r"""
sort a.txt > a.txt
cat g > g
tr a b < a.txt > a.txt
sort a.txt 2> a.txt
{ cat a.txt; } > a.txt
(cat a.txt) > a.txt
while read l; do echo $l; done < a.txt > a.txt
cat a.txt > a.txt 2>&1
sed s/a/b/ a.txt > a.txt
cat a.txt &> a.txt
cat a.txt >| a.txt
cat a.txt 3> a.txt
f() { cat a.txt; }; f > a.txt
cat < new > new; ls
cat > new < missing; ls
cat < missing > new; ls
rm g > nodir/f; ls
rm g >> nodir/f || echo no; ls
cat g > d || echo no
echo a > new > new2; cat new new2
cat a.txt > new > new2; wc -c new new2
: > a.txt
> a.txt
cat a.txt > a.txt || echo no
cat a.txt > a.txt && echo yes
ls > new; cat new
wc -c * > new 2>&1; cat new
cat *.txt > all.txt; cat all.txt
for i in *.txt; do echo $i; done > all.txt; cat all.txt
find . -name '*.md' | sort > new; cat new
echo $(cat a.txt) > a.txt; cat a.txt
echo "$(sort a.txt)" > a.txt; cat a.txt
x=$(cat a.txt) > a.txt; echo "[$x]"
x=$(cat a.txt); echo "$x" > a.txt; cat a.txt
cat a.txt > new && mv new a.txt; cat a.txt
[ -f new ] || echo x > new; cat new
[ -s a.txt ] > a.txt || echo e
[[ -s a.txt ]] > a.txt || echo e
cat <<EOF > a.txt;;hello;;EOF;;cat a.txt
sort -o a.txt a.txt; cat a.txt
echo hi | tee new | cat
cat a.txt | tee new; cat new
cat a.txt | while read l; do echo $l > $l.out; done; ls
false; echo $? > a.txt; cat a.txt
false; cat g > new; echo $?
x=a.txt; sort $x > $x; cat $x
sort "a.txt" > "./a.txt"; cat a.txt
awk '{print}' a.txt > a.txt; wc -c a.txt
head -1 a.txt >> a.txt; cat a.txt
sort a.txt >> a.txt; cat a.txt
cat a.txt g > a.txt; cat a.txt
for i in 1 2; do cat new 2>/dev/null; echo $i > new; done
for i in 1 2; do cat a.txt; sort a.txt > a.txt; done
cat a.txt >& new; cat new
read l < a.txt > a.txt; echo $l
mapfile -t q < a.txt > a.txt; echo ${#q[@]}
for i in 1 2; do echo $i >> log; done; cat log
log() { echo $1 >> log; }; log a; log b; cat log
! cat a.txt > a.txt; echo $?
X=1 sort a.txt > a.txt; cat a.txt
> a.txt cat a.txt; cat a.txt
wc -c a.txt > a.txt; cat a.txt
stat -c %s a.txt > a.txt; cat a.txt
test -e new > new && echo there
xargs cat < a.txt > a.txt; cat a.txt
case x in x) cat a.txt;; esac > a.txt; cat a.txt
(cd d; cat one > one); cat d/one
cd d && cat ../a.txt > ../a.txt; cat ../a.txt
"""
"""Lines that the kernel must answer as bash does."""
DOUBTFUL = r"""
cat a.txt | sort > a.txt
cat a.txt | tee a.txt
sort a.txt | tee a.txt > /dev/null
sort g > a.txt | cat a.txt
ls | tee new
find . -type f | sort > new
{ echo hi; cat a.txt; } > a.txt
cat g a.txt > a.txt
grep x g > g
grep -r x . > new
cat a.txt >> a.txt
tee a.txt < a.txt > a.txt
sed -i s/a/b/ a.txt > a.txt
rm a.txt > a.txt
cat a.txt nope > a.txt 2> a.txt
cat > a.txt <<< "$(cat a.txt)"
eval 'cat a.txt > a.txt'
bash s.sh > a.txt
f() { cat a.txt > a.txt; }; f
diff <(sort a.txt) a.txt > a.txt
cd d > out
{ cd d; ls; } > out
cat < missing | wc -l
cat 2> /dev/null < missing
cat g > new >&2
x=$(false) < g
cat d empty 2> empty
uniq a.txt 2> nodir/f 2>> new
(cat <<< hi >> g; cat empty) > g
[ -f new ] >> new 1> d/one && uniq a.txt 2> nodir/f 2>> d/new
"""
"""Lines whose outcome is a matter of time, or is not reproduced."""


def lines(table: str) -> list[str]:
    return [line.replace(";;", "\n") if "EOF" in line else line for line in table.strip().split("\n")]


def computed(script: str) -> tuple[str, int | None, dict[str, bytes | None]] | str:
    """Output, status and files; or the reason why they are not determined."""
    kernel = TerminalKernel()
    answer = kernel.step(kernel.open(SETUP), script)
    if not isinstance(answer, Determined):
        return answer.reason
    entries = answer.state.files.entries.items()
    files = {p.removeprefix(f"{HOME}/"): e.content for p, e in entries if isinstance(e, File)}
    return answer.observation.rstrip("\n"), answer.state.exit, files


def real(script: str, place: Path) -> tuple[str, int | None, dict[str, bytes | None]]:
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(place), "LC_ALL": "C.UTF-8"},
        timeout=20,
    )
    files = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    return done.stdout.decode("utf-8", "replace").rstrip("\n"), done.returncode, dict(files)


def compare(scripts: list[str], folder: Path) -> Tally:
    if shutil.which("bash") is None or os.name != "posix":
        pytest.skip("there is no bash to compare with")
    tally = Tally()
    for number, script in enumerate(scripts):
        mine = computed(script)
        if isinstance(mine, str):
            tally.refused.append(f"{script}: {mine}")
            continue
        (folder / str(number)).mkdir()
        truth = real(script, folder / str(number))
        if mine[0::2] == truth[0::2] and mine[1] in (None, truth[1]):
            tally.right += 1
        else:
            tally.wrong.append(f"{script!r}\n  real {truth}\n  mine {mine}")
    return tally


def test_redirections_do_what_bash_does(tmp_path: Path) -> None:
    compare(lines(DETERMINED), tmp_path).check(1.0)


@pytest.mark.parametrize("script", lines(DOUBTFUL))
def test_what_hangs_on_time_or_buffers_is_refused(script: str) -> None:
    assert isinstance(computed(script), str)


COMMANDS = """cat {}; sort {}; cat {} {}; wc -c {}; grep x {}; tr a b; head -1 {}; sed s/a/b/ {}; echo hi; ls; ls d;
    echo $(cat {}); cat *.txt; rm {}; cp {} {}; mv {} {}; tee {}; touch {}; test -s {}; [[ -s {} ]]; read l; uniq {};
    true; false; sort -o {} {}; cat < {}; x=$(cat {}); wc -l *; f; bash s.sh; cut -c1-2 {}; cd d; eval cat {};
    mapfile q; cat <<< hi; sed -i s/a/Q/ {}; awk '{print $1}' {}""".split(";")
GROUPS = ["<< cat {}; echo z; >>", "( cat {} )", "while read l; do echo $l; done", "for i in *; do echo $i; done"]
NAMES = ["a.txt", "g", "new", "empty", "a.txt", "g", "new", "d/one", "d/new", "nodir/f", "missing", "./a.txt"]


def scripted(chance: random.Random) -> str:
    """Up to three commands with up to two redirections each."""

    def filled(text: str) -> str:
        while "{}" in text:
            text = text.replace("{}", chance.choice(NAMES), 1)
        return text.replace("<< cat", "{ cat").replace(">>", "}")

    def command() -> str:
        text = filled(chance.choice(COMMANDS if chance.random() < 0.8 else GROUPS).strip())
        for _ in range(chance.choice([0, 1, 1, 1, 2])):
            text += " " + chance.choice(["> ", "> ", ">> ", "2> ", "< ", "&> ", ">| "]) + chance.choice(NAMES)
        return text + (" 2>&1" if chance.random() < 0.1 else "")

    script = command()
    for _ in range(chance.choice([0, 0, 1, 2])):
        script += chance.choice(["; ", "; ", " && ", " || "]) + command()
    return f"f() {{ cat a.txt; echo f; }}; {script}"


def test_random_scripts_with_redirections_do_what_bash_does(tmp_path: Path) -> None:
    chance = random.Random(5)
    compare([scripted(chance) for _ in range(120)], tmp_path).check(0.3)


def test_a_file_whose_content_is_a_matter_of_time_is_not_known_afterwards() -> None:
    world = World()
    world.shown("cat a.txt | tee a.txt", "")
    world.refuses("cat a.txt")
    world = World()
    world.shown("sort a.txt > a.txt; mytool", "")
    world.shown("{ echo hi; cat a.txt; } > b; cat a.txt b | tee b; mytool", "done\n")
    world.refuses("cat b")


def test_functions_keep_their_text_where_an_action_was_run_with_marks() -> None:
    world = World()
    world.does("f() { cat a.txt > b; }; sort a.txt > a.txt")
    assert world.does("f; cat b; wc -c a.txt") == "0 a.txt\n"
    assert "__nextstate" not in world.does("false; cat a.txt > c; echo $?")
