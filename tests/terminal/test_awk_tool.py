# ruff: noqa: E501
"""awk of the terminal kernel beside the real mawk: equal wherever it answers, and it answers the common."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.awk import awk
from nextstate.domains.terminal.kernel.tools.base import Call, Out

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "l1 b c\nl2 7 e\nx 12\n\na,b,c 3\n"
ENV = {"PATH": "/usr/bin", "LANG": "C.UTF-8"}
PROGRAMS = (
    "BEGIN{print 1e6, 0.1+0.2, 3.0, -0.5}",
    'BEGIN{printf "%d %i %c %c %5.2f|%-5s|%05d|%x\\n", 3.9, -2.5, 65, "hello", 3.14159, "ab", 42, 255}',
    'BEGIN{FS="."; $0="a.b"; print $1}',
    'BEGIN{print 1/3; print 1e-7; x="3x"; print x+1, ".5"+0, "1e2"+0}',
    'BEGIN{a["x"]; print length(a); print "a" > "/dev/stderr"; print "b"}',
    'BEGIN{print 1==1.0, "a"<"b", "10"<"9", 10<9, !x, x=="" , x==0}',
    'BEGIN{print 1 " " 2, 3+4 5; print 2 * 3 "x"}',
    'BEGIN{s="aaa"; print gsub(/a/,"[&]",s), s; gsub(/x*/,"-",s); print s}',
    'BEGIN{print split("a b  c",q), q[3], split("",r), split("abc",w,"")}',
    'BEGIN{print match("foobar",/o+/), RSTART, RLENGTH}',
    '{print $NF, NF; $3="z"; print; NF=2; print $0; $6="q"; print}',
    "BEGIN { while (i<3) { i++; if (i==2) continue; print i } do { j++ } while (j<5); print j }",
    'function f(a,b){b=a*2; return b} BEGIN{print f(3), b ""}',
    'BEGIN{exit 3} END{print "end"}',
    'BEGIN{print "a\\tb\\\\n\\"q\\" \\/ \\065"}',
    'BEGIN{if (!("x" in a)) print "no"; a[1,2]=3; for (k in a) {split(k,p,SUBSEP); print p[1], p[2]}; delete a; print length(a)}',
    'BEGIN{print (1>2) ? "y" : "n"; print 5 " items" > "/dev/stdout"}',
    'BEGIN { print substr("x",2) "|" ; print log(10), exp(1), int(-3.7), sqrt(16)}',
    'BEGIN{OFS="-"; $0="a b c"; $1=$1; print; print $1,$2}',
    '/l1/,/l2/{print NR": "$0}',
    "END{print NR, $0}",
    "NR%2",
    "NR==1{next} {print}",
    "{s+=$2} END{print s, s/NR}",
    "{c[$1]++} END{for(k in c) print k, c[k]}",
    "{a[NR]=$0} END{for(i=NR;i>0;i--) print a[i]}",
    "length($0)>3",
    "!seen[$1]++",
    '{$1=""; print}',
    '{print $1 | "sort"}',
    '{gsub(/[aeiou]/,"#"); print}',
    '{sub(/^l/,"L"); print toupper($0)}',
    'BEGIN{for(i=1;i<=3;i++) printf "%d%s", i, (i<3?",":"\\n")}',
    "{n=split($0,p,/[ ]+/); print n, p[n]}",
    "NR==2{exit} {print}",
    '{print NR ": " $0 > "/dev/stderr"}',
    "{max=($2>max)?$2:max} END{print max}",
    "/b/&&/c/",
    "/b/||/e/",
    "NF>2{print $(NF-1)}",
    '{printf "%-10s|%5d|\\n", $1, $2}',
    "BEGIN{x=5; x+=2; x*=3; x-=1; x/=4; x%=3; print x; x^=2; print x; print x++ + ++x}",
    'BEGIN{print index("hello","l"), substr("hello",2,3), tolower("ABC")}',
    'BEGIN { if (1) print "one"; else print "two" }',
    'BEGIN { if (0)\n print "one"\nelse if (1) print "three"\nelse\n print "two" }',
    '{ if ($1 == "l1") { print "first" } else { print "other" } }',
    'BEGIN{"date" | getline d; print d}',
    'BEGIN{print length("abc") length("de")}',
    "{print NR, $0; nextfile}",
    'BEGIN{printf "%s %s %s\\n", "a", "b", "c"}',
    "BEGIN{print -3 % 2, 2^3^2, -2^2, !0 + 1, 1 - 1 - 1}",
    'BEGIN{a="10"; b=9; print (a<b), (a+0<b)}',
    'BEGIN{print substr("hello", 2, 0) "." substr("hello", 10) "."}',
    '$1=="l2"{f=1} f{print "f" $0}',
    'BEGIN{print "x" > "/dev/null"; print "y"}',
    'BEGIN { printf("%s-%s\\n", "a", "b") }',
    "BEGIN{print(1,2)(3)}",
    "BEGIN{print 1e3, 1E3, 100000 * 10, 0x10}",
    "{ $2 = $2 + 1 } 1",
    "{ print ($2 > 5) }",
    "BEGIN { print length() }",
    "{ print length }",
    "function fact(n) { return n <= 1 ? 1 : n * fact(n-1) } BEGIN { print fact(10) }",
    "function fill(arr, n) { for (i=0;i<n;i++) arr[i]=i } BEGIN { fill(z, 3); print length(z), z[2] }",
    "{ line[NR] = $0 } END { for (i = NR; i; --i) print line[i] }",
    'BEGIN { while ((getline line < "f1") > 0) print "x" line }',
    '{ split($0, chars, ""); for (i=1;i<=3;i++) printf "%s.", chars[i]; print "" }',
    "BEGIN { print 1; # comment\n print 2 }",
    '/^l1$/ { print "exact" } { print /b/ ? "has" : "no" }',
    'BEGIN{RS=""}{print NR": "$1}',
    'BEGIN{RS=";"}{print NR": "$0}',
    '{print $1, $2; print $1 $2; print $1 "," $2}',
    'BEGIN { CONVFMT="%.2g"; a=3.14159; b=a ""; print b; OFMT="%.3f"; print a }',
    "{ t = $1; $1 = $2; $2 = t; print }",
    'BEGIN { a["k"]=1; delete a["k"]; print ("k" in a) }',
    "{ print NR, NF, FILENAME, FNR }",
    'BEGIN{printf "%5.1f%%\\n", 45.678}',
    'BEGIN { print substr("foobar", 3) }',
    "{ $0 = tolower($0); print $1 }",
    'BEGIN { print toupper(substr("abc",1,1)) substr("abc",2) }',
    "/l/{n++} END{print n+0}",
    "END{print $1}",
    'BEGIN { getline; print "got " $0 }',
    "$2 ~ /^[0-9]+$/ {print $2*2}",
    "$2 !~ /x/",
)
MAWK = shutil.which("mawk")
pytestmark = pytest.mark.skipif(MAWK is None, reason="the real mawk is missing: install mawk to compare with it")


def computed(args: list[str]) -> Out | None:
    tree = Tree(Files.start({"/d/f1": TEXT.encode()}, ("/d",), "/d", {}), root=True)
    call = Call(name="awk", args=tuple(args), stdin=TEXT, cwd="/d", env=ENV, tree=tree, facts={"awk": "mawk 1.3.4"})
    try:
        return awk(call)
    except Undetermined:
        return None


def differs(args: list[str], folder: Path) -> bool | None:
    """Whether the answer is another one than mawk's; ``None`` when there is no answer."""
    ours = computed(args)
    if ours is None:
        return None
    real = subprocess.run(
        [str(MAWK), *args], input=TEXT, capture_output=True, text=True, cwd=folder, env=ENV, check=False
    )
    shown = (sorted(real.stdout), sorted(ours.stdout)) if ours.unordered else (real.stdout, ours.stdout)
    return shown[0] != shown[1] or (real.stderr, real.returncode) != (ours.stderr, ours.code)


@pytest.mark.parametrize("separator", [[], ["-F,"], ["-F", "[ ,]+"], ["-v", "OFS=;"]])
def test_awk_answers_as_mawk_does(tmp_path: Path, separator: list[str]) -> None:
    (tmp_path / "f1").write_text(TEXT)
    results = {program: differs([*separator, program, "f1"], tmp_path) for program in PROGRAMS}
    assert [program for program, wrong in results.items() if wrong] == []
    answered = sum(wrong is not None for wrong in results.values())
    assert answered >= 0.85 * len(PROGRAMS)


def test_awk_reads_standard_input_programs_and_assignments(tmp_path: Path) -> None:
    (tmp_path / "f1").write_text(TEXT)
    (tmp_path / "p.awk").write_text("{ print x, $1 }\n")
    for args in (
        ["{print $1}"],
        ["NR == FNR {a[$1]; next} $1 in a", "f1", "f1"],
        ["{print x, $1}", "x=1", "f1", "x=2", "f1"],
    ):
        assert differs(args, tmp_path) is False


@pytest.mark.parametrize(
    "program", ["BEGIN{srand(); print rand()}", 'BEGIN{system("ls")}', "BEGIN{while(1);}", "BEGIN{print 1/0}"]
)
def test_what_awks_do_differently_is_refused(program: str) -> None:
    assert computed([program]) is None


def test_the_order_of_keys_is_not_determined() -> None:
    out = computed(["BEGIN{a[1];a[2];a[3]; for (k in a) print k}"])
    assert out is not None
    assert out.unordered
    assert computed(["BEGIN{a[1];a[2];a[3]; for (k in a) s = s k; print s}"]) is None
