"""bc prints what the real one prints."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, compare

from nextstate.domains.terminal.kernel.tools.bc import TOOLS

INPUTS = r"""
1+2; 10/3; scale=2; 10/3; 2^10; sqrt(2)
-2^2; 2^-2; scale=3; 2^-2; 0.00; 1.50-1.50; -0.5; .0001*.1; 5/2; -5/2; 7%3; -7%3; 7.5%2; scale=0; 7.5%2; 10%3.3
scale=2; 1/3*3; 2*1.555; 1.555*1.555; sqrt(2); sqrt(16); scale(1.234); length(123.45); length(0.001); (1+2)*3; 2^3^2
x=3; x; x++; ++x; x--; x; x+=2; x; x=x*2; (x=7)
1<2; 2<1; 1==1 && 0; 1||0; !1; !0; a=1<2; a
if (1) 5; if (0) 6 else 7
for(i=0;i<3;i++) i
i=0; while(i<3) { i; i=i+1 }
"hello"
print 1, " ", 2, "\n"; print "x\ty\\n"
2^200
2^300; 1
scale=100; 1/7
obase=2; 10; -5; 0; 255
obase=16; 255; 4095
ibase=16; FF; A
ibase=2; 1010; obase=10; 11
scale=5; 3.14159*2; 22/7; 100*1.1; 0.1+0.2
1.0; 1.10; 100; 1000000*1000000; 007; 1.
last; 5; last*2; .
5 /* c */ + 3 # d
1,000
A; B+1; a=2; b=3; a*b
3 > 2; 3 >= 3; 3 != 3
scale=2; (5+3)/3; 5+3/3; -(2+3); - 3
4--3
quit
1; halt; 2
scale; ibase; obase; scale=4; scale
a[1]=5; a[1]*2
10^20; 10^-2; 0^0; 1.5^2; 1.5^3; scale=1; 1.55^2
scale=3; 1.23456+0; 1.23456*1; 1.23456/1
sqrt(2); scale=3; sqrt(0.5); sqrt(10.12345)
5 == 5.0; 0.5 == .5
1 2
foo(
2(3)
(1+2
1 +
%
*3
scale=2; 5 * (3 + 4) / 2
scale=10; 22/7
100 * 3 / 7
12345678901234567890 * 98765432109876543210
0.1 + 0.2
3.0 * 2
1/0
s(1)
define f(x) { return x; }
scale=4; e=2.7182; e^3
i=5; while (i>0) { i=i-1; if (i==2) break; i }
for (i=1; i<=10; ++i) { s += i }; s
x = 10; y = 3; x / y; x % y; scale=3; x / y
1;2;;3
;
""".strip().splitlines()


def arithmetic(count: int, seed: int) -> list[Case]:
    """Random expressions with random scales."""
    dice = random.Random(seed)

    def number() -> str:
        return dice.choice(("", "", "-")) + str(dice.randint(0, 999)) + dice.choice(("", f".{dice.randint(0, 999)}"))

    def expression(depth: int) -> str:
        if not depth:
            return number()
        sign = dice.choice(("+", "-", "*", "/", "%", "*", "+", "<", "=="))
        left, right = expression(depth - 1), expression(depth - 1)
        made = f"{left} {sign} {right}" if dice.random() < 0.6 else f"({left} {sign} {right})"
        return made + (f"^{dice.randint(0, 4)}" if made.endswith(")") and dice.random() < 0.2 else "")

    made = []
    for _ in range(count):
        lines = [f"scale={dice.randint(0, 12)}", *(expression(dice.randint(1, 3)) for _ in range(3))]
        made.append(Case(("bc", *dice.choice(((), ("-l",), ("-q",)))), "\n".join(lines) + "\n"))
    return made


def test_bc_equals_the_real_program(tmp_path: Path) -> None:
    cases = [Case(("bc",), text + "\n") for text in INPUTS] + [Case(("bc", "-l"), text + "\n") for text in INPUTS[::4]]
    compare(TOOLS, cases, {}, tmp_path / "all").check(0.9)


def test_random_arithmetic_equals_the_real_bc(tmp_path: Path) -> None:
    compare(TOOLS, arithmetic(150, 8), {}, tmp_path / "random").check(0.8)
