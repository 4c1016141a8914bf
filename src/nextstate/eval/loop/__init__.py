"""The closed loop: an agent acts inside a simulated world, then the same actions are done in the real one.

A world that agrees too easily shows an agent success that reality does not. So success is decided by probes, actions
whose observation must be what the task says, done inside and for real (:mod:`tasks`); reality is a shell in a sandbox,
a server of tools, or a recording (:mod:`real`); the two episodes are laid beside each other turn by turn, and where
they part somebody is at fault (:mod:`blame`).
"""

from __future__ import annotations

from nextstate.eval.loop.agents import LanguageAgent, ScriptedAgent
from nextstate.eval.loop.episode import Episode
from nextstate.eval.loop.fakes import Agreeing
from nextstate.eval.loop.report import Report, table
from nextstate.eval.loop.run import closed_loop
from nextstate.eval.loop.tasks import Probe, Suite, Task, load, of_recordings, suites

__all__ = [
    "Agreeing",
    "Episode",
    "LanguageAgent",
    "Probe",
    "Report",
    "ScriptedAgent",
    "Suite",
    "Task",
    "closed_loop",
    "load",
    "of_recordings",
    "suites",
    "table",
]
