"""cat, tac, rev and nl print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools.showing import TOOLS

LINES = """
cat a.txt
cat
cat -
cat a.txt - b.txt
cat - -
cat nope
cat a.txt nope b.txt
cat d
cat a.txt d c.txt
cat c.txt a.txt
cat -n a.txt
cat -n c.txt a.txt
cat -b b.txt
cat -bn b.txt blank
cat -s b.txt blank blank
cat -A b.txt
cat -e b.txt
cat -t b.txt
cat -T b.txt
cat -E b.txt c.txt a.txt
cat -v ctl
cat -A ctl
cat -vE ctl
cat -A utf
cat -v utf
cat -n -s blank b.txt
cat -sb blank b.txt
cat -u a.txt
cat --number a.txt
cat --numb a.txt
cat --show-all b.txt
cat --squeeze-blank blank
cat -n -- a.txt
cat a.txt -n
cat -q a.txt
cat --foo a.txt
cat -n nope a.txt
cat 'sp ace' 'no pe'
cat 'it:s' '#x' 'a~' '~a' '{' 'a{' 'x=y' 'a,b' 'a^b' 'a?' 'a@b' 'a%b' 'a+b' 'a!b'
cat a.txt/
cat a.txt/x
cat d/nope nope/x
cat ''
cat empty -n
cat -E ctl
cat -ET b.txt
cat long
tac a.txt
tac c.txt
tac a.txt c.txt
tac b.txt
tac
tac -s , data.csv
tac -b a.txt
tac -b c.txt
tac -s o -b words
tac nope
tac d
tac nope a.txt d
tac empty blank
tac --separator=: pass
tac -s ' of ' long
rev a.txt
rev
rev b.txt
rev c.txt
rev utf
rev empty
rev nope
rev a.txt c.txt
nl a.txt
nl b.txt
nl -ba b.txt
nl -b a b.txt
nl -bn b.txt
nl -ba -w 3 -s ': ' b.txt
nl -w2 -nln a.txt
nl -nrz a.txt
nl -n rn -w1 long
nl -v 10 -i 5 a.txt
nl -v -2 a.txt
nl -bpt words
nl -bp^f words
nl -ba -l2 blank
nl -ba -l 2 b.txt
nl -ba -l3 b.txt blank b.txt
nl c.txt a.txt
nl nope
nl a.txt nope d
nl
nl -s '' a.txt
nl -s ' ' -w 10 a.txt
nl --body-numbering=a b.txt
nl -ha -fa sections
nl sections
nl -p sections
nl -d xy sections
nl -d x sections2
nl -nrz -v -5 a.txt
""".strip().splitlines()

MORE = {
    "sections": b"start\n\\:\\:\\:\nhead\n\nhead 2\n\\:\\:\nbody\n\nbody 2\n\\:\nfoot\nfoot 2\n\\:\\:\nagain\n",
    "sections2": b"start\nx:x:\nbody\n\nx:\nfoot\nx:x:x:\nhead\n",
}
STDIN = "first\n\n second\tline \nthird"


def mixtures() -> list[Case]:
    """Random clusters of options of cat on random files."""
    dice = random.Random(5)
    names = [name for name in FILES if name not in ("ctl",)]
    made = []
    for _ in range(60):
        options = "".join(dice.sample("AbeEnstTv", dice.randint(1, 4)))
        made.append(Case(("cat", f"-{options}", *dice.sample(names, dice.randint(1, 3))), STDIN))
    return made


def test_showing_files_equals_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN, locale) for line in LINES for locale in ("C.UTF-8", "C")]
    compare(TOOLS, cases + mixtures(), {**FILES, **MORE}, tmp_path).check(0.95)
