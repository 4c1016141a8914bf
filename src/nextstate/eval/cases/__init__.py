"""Cases that rules verify, on three axes: controllability, error handling and long-context consistency.

``build`` derives them from recorded trajectories, ``run`` measures a world model by them. What makes a case true is
data (`verify`); the rules that find cases (`control`, `errors`, `broken`, `consistency`, `planted`) never ask a kernel.
"""

from __future__ import annotations

from nextstate.eval.cases.asking import CaseRow, chosen, run
from nextstate.eval.cases.building import AXES, Built, build
from nextstate.eval.cases.case import Case, read, write
from nextstate.eval.cases.report import CaseReport, load, table

__all__ = [
    "AXES",
    "Built",
    "Case",
    "CaseReport",
    "CaseRow",
    "build",
    "chosen",
    "load",
    "read",
    "run",
    "table",
    "write",
]
