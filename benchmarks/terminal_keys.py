"""Sessions in the keystroke dialect, recorded from a real bash in tmux.

    python benchmarks/terminal_keys.py --out tests/fixtures/terminal_keys.jsonl.zst

Each session is what an agent might type into a terminal, key by key and line by line. Some of it asks for what no
kernel can know: clocks, processes, editors, programs that wait for input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from nextstate.data.store import write
from nextstate.record.terminal import record_keystrokes
from nextstate.types import Source, Trajectory

WAIT = 0.6
"""Seconds that a batch of keys is given where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Session:
    """Actions, each a list of batches: a text, or a text and its seconds. ``files`` exist before."""

    name: str
    actions: tuple[tuple[str | tuple[str, float], ...], ...]
    files: dict[str, str] = field(default_factory=dict)
    user: str = "dev"
    host: str = "box"


CSV = "id,name,team,score\n1,Ada,red,91\n2,Bo,blue,78\n3,Cy,red,85\n4,Dee,green,91\n5,Eli,blue,64\n"
LOG = "".join(
    f"2024-05-{day:02d} {level} worker-{day % 3}: {text}\n"
    for day, level, text in (
        *(
            (1, "INFO", "started"),
            (2, "WARN", "slow disk"),
            (3, "INFO", "took 210 ms"),
            (4, "ERROR", "lost connection"),
        ),
        *((5, "INFO", "retry 1"), (6, "ERROR", "lost connection"), (7, "INFO", "retry 2"), (8, "INFO", "done")),
    )
)
GREET = '#!/bin/bash\nname=${1:-world}\nfor i in 1 2 3; do\n  echo "hello $name $i"\ndone\n'
SCRIPT = "def area(w, h):\n    return w * h\n\n\nprint(area(3, 4))\n"

SESSIONS = (
    Session(
        "look-around",
        (
            ("pwd\n",),
            ("ls\n",),
            ("ls -a\n", "ls notes\n"),
            ("cat README.md\n",),
            ("cd notes\n", "ls\n"),
            ("cat monday.txt tuesday.txt\n",),
            ("cd ..\n",),
            ("wc -l notes/*.txt\n",),
            ("date\n",),
        ),
        {"README.md": "# Notes\n\nOne file a day.\n", "notes/monday.txt": "plan\nbuild\n", "app.py": SCRIPT,
         "notes/tuesday.txt": "test\n", "notes/old/2023.txt": "gone\n", "run me.sh": "echo hi\n"},
    ),
    Session(
        "write-a-script",
        (
            ("mkdir -p project/src && cd project\n",),
            (f"cat > src/greet.sh << 'EOF'\n{GREET}EOF\n",),
            ("cat src/greet.sh\n",),
            ("chmod +x src/greet.sh\n", "./src/greet.sh\n"),
            ("./src/greet.sh ada > out.txt\n", "cat out.txt\n"),
            ("sed -i 's/hello/bye/' src/greet.sh\n", "bash src/greet.sh bo | tail -1\n"),
            ("ls -R\n",),
            ("./src/missing.sh\n", "echo $?\n"),
        ),
    ),
    Session(
        "tables",
        (
            ("head -3 people.csv\n",),
            ("cut -d, -f2,4 people.csv | sort\n",),
            ("grep red people.csv | wc -l\n",),
            ("sort -t, -k4 -nr people.csv | head -2\n",),
            ("awk -F, 'NR>1 {s+=$4} END {print s/(NR-1)}' people.csv\n",),
            ("tail -n +2 people.csv | cut -d, -f3 | sort | uniq -c\n",),
            ("sed 's/,/\\t/g' people.csv\n",),
            ("tr a-z A-Z < people.csv > upper.csv; head -2 upper.csv\n", "ls\n"),
        ),
        {"people.csv": CSV},
        "ana",
        "lab-7",
    ),
    Session(
        "logs",
        (
            ("grep -n ERROR server.log\n",),
            ("grep -c INFO server.log; grep -v INFO server.log\n",),
            ("cat server.log\n",),
            ("clear\n",),
            ("tail -3 server.log\n",),
            ("grep retry server.log | sed 's/.*: //'\n",),
            ("ps aux | head -3\n",),
            ("echo \"errors: $(grep -c ERROR server.log)\"\n",),
            ("while read -r day level rest; do echo \"$level $day\"; done < server.log\n",),
        ),
        {"server.log": LOG},
    ),
    Session(
        "mistakes",
        (
            ("lss\n",),
            ("cd nowhere\n", "pwd\n"),
            ("cat missing.txt\n", "echo $?\n"),
            ("mkdir a\n", "mkdir a\n"),
            ("rmdir b\n", "rm a\n"),
            ("echo 'never closed\n",),
            ("C-c", "echo again\n"),
            ("ls --wrong\n",),
            ("grep\n",),
            ("cp onlyone\n",),
            ("./nothing here\n",),
        ),
        {"notes.txt": "one\ntwo\n"},
    ),
    Session(
        "lines-and-prompts",
        (
            ("for n in 1 2 3\n", "do\necho \"n is $n\"\n", "done\n"),
            ("if [ -f a.txt ]; then\n", "echo there\n", "else\n", "echo missing\n", "fi\n"),
            ("echo one \\\n", "two \\\n", "three\n"),
            ("greet() {\n  echo \"hello, $1\"\n}\n", "greet bo\n"),
            ("echo 'a\nb\nc' | sort -r\n",),
            ("cat << END\nhome is $HOME\nEND\n",),
            ("true &&\n", "echo joined\n"),
            ("x=$((6 * 7))\n", "echo \"x=$x\"\n"),
            ("\n", "\n", "# nothing\n"),
        ),
    ),
    Session(
        "long-lines",
        (
            ("echo " + " ".join(f"word{n}" for n in range(40)) + "\n",),
            ("printf 'no newline'\n",),
            ("echo next\n",),
            ("printf '%s\\n' " + "x" * 200 + "\n",),
            ("seq 1 60\n",),
            ("seq 1 60 | tail -3\n",),
            ("printf 'a\\tb\\tc\\nlonger\\tmid\\tend\\n'\n",),
            ("clear\n", "ls\n"),
        ),
        {f"{name}_{number}.txt": "" for name in ("alpha", "beta", "gamma_delta") for number in range(12)},
    ),
    Session(
        "root",
        (
            ("whoami; pwd\n",),
            ("ls -A\n",),
            ("mkdir -p /srv/site/{css,js} && touch /srv/site/index.html\n", "ls /srv/site\n"),
            ("cd /srv/site\n",),
            ("echo 'body { color: red }' > css/main.css; find . -type f | sort\n",),
            ("cp -r css css.bak && ls -d css*\n",),
            ("mv index.html home.html; ls\n", "rm -rf css.bak\n", "ls\n"),
            ("cd ~; pwd; cd - \n",),
            ("uptime\n",),
        ),
        {"todo": "ship it\n"},
        "root",
        "web01",
    ),
    Session(
        "waiting",
        (
            ("sleep 1 && echo slept\n",),
            (("", 1.5),),
            (("sleep 1 && echo slept\n", 3.0),),
            ("cat\n",),
            ("typed into cat\n",),
            ("C-c",),
            ("echo back\n",),
            (("sleep 60\n", 0.5), "C-c", "echo $?\n"),
            ("read answer\n", "yes\n"),
            ("echo \"got $answer\"\n",),
        ),
    ),
    Session(
        "programs",
        (
            ("python3 area.py\n",),
            ("python3 -c 'print(sum(range(10)))'\n",),
            (("python3\n", 1.5),),
            ("2 ** 10\n",),
            (("exit()\n", 1.0),),
            ("sed -i 's/3, 4/5, 6/' area.py && python3 area.py\n",),
            ("python3 broken.py\n",),
            ("cat area.py\n",),
            ("wc -c area.py\n",),
        ),
        {"area.py": SCRIPT, "broken.py": "print(1)\nprint(\n"},
    ),
    Session(
        "an-unknown-machine",
        (
            ("cat /etc/hostname\n",),
            ("cat /etc/hostname; cat /etc/hosts\n",),
            ("grep box /etc/hosts\n",),
            ("cd /usr\n",),
            ("ls\n",),
            ("ls\n", "ls | wc -l\n"),
            ("ls -d s*\n",),
            ("cd; uname -s\n", "uname -s\n"),
            ("df -h | head -2\n",),
        ),
    ),
    Session(
        "files-with-names",
        (
            ("ls\n",),
            ("ls -1\n",),
            ("ls -F\n", "ls docs\n"),
            ("cat 'my file.txt'\n",),
            ("mv 'my file.txt' plain.txt; ls\n",),
            ("touch \"it's\" 'a&b'; ls\n",),
            ("ls *.txt docs\n",),
            ("ls | cat\n",),
            ("rm -v plain.txt\n",),
            ("ls nofile docs; echo $?\n",),
        ),
        {"my file.txt": "spaces\n", "b.txt": "b\n", "docs/x.md": "x\n", "docs/y z.md": "y\n", "run.sh": "true\n"},
    ),
    Session(
        "keys",
        (
            ("echo typed", "Enter"),
            ("ls", "C-c"),
            ("C-c", "echo $?\n"),
            ("echo abc", "BSpace", "Enter"),
            ("echo one\necho two\npwd\n",),
            ("Up", "Enter"),
            ("C-l",),
            ("cat a", "Tab", "Enter"),
            ("echo half",),
            (" and half\n",),
            (("vi a_long_name.txt\n", 1.0),),
            ("Escape", (":q!\n", 1.0)),
            ("cat a_long_name.txt\n",),
        ),
        {"a_long_name.txt": "content\n"},
    ),
    Session(
        "variables",
        (
            ("export CITY=Porto; echo $CITY\n",),
            ("bash -c 'echo in $CITY'\n",),
            ("name='two words'\n", "echo $name \"[$name]\"\n"),
            ("arr=(a b c); echo ${#arr[@]} ${arr[1]}\n",),
            ("unset CITY; echo \"<$CITY>\"\n",),
            ("echo $((7 / 2)) $((7 % 2))\n",),
            ("file=report.tar.gz; echo ${file%%.*} ${file##*.}\n",),
            ("echo $RANDOM\n",),
            ("false; echo $?; true; echo $?\n",),
            ("echo done > log; cat log >> log2; cat log2\n",),
        ),
        {"x": "1\n"},
        "sam",
    ),
)  # fmt: skip


def keys(batches: tuple[str | tuple[str, float], ...]) -> str:
    """An action of the dialect."""
    pairs = [(one, WAIT) if isinstance(one, str) else one for one in batches]
    return json.dumps([{"keystrokes": text, "duration": seconds} for text, seconds in pairs])


async def record(session: Session) -> Trajectory:
    actions = [keys(batches) for batches in session.actions]
    home = "/root" if session.user == "root" else f"/home/{session.user}"
    source = Source(dataset="nextstate-keys", licence="Apache-2.0", row=session.name)
    made = await record_keystrokes(
        actions, id=f"keys-{session.name}", files=session.files, cwd=home, user=session.user, host=session.host,
        source=source,
    )  # fmt: skip
    return replace(made, meta={"sandbox": made.meta["sandbox"], "ending": made.meta["ending"]})


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    made = [await record(session) for session in SESSIONS]
    write(arguments.out, made)
    turns = sum(len(trajectory.turns) for trajectory in made)
    print(f"{len(made)} trajectories, {turns} turns, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    asyncio.run(main())
