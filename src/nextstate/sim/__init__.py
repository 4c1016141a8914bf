"""Simulated environments: a session asks a world model, step by step."""

from nextstate.sim.limits import Ending, Limits
from nextstate.sim.session import Session, step_seed

__all__ = ["Ending", "Limits", "Session", "step_seed"]
