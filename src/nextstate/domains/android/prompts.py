"""What a model is told about simulating a device, short and long, and what a judge is told about grading it."""

from importlib.resources import files

from nextstate.domain.edits import GUIDE

PROMPT = (files(__package__) / "prompt.md").read_text("utf-8") + GUIDE
LONG = (files(__package__) / "prompt_long.md").read_text("utf-8") + GUIDE
RUBRIC = (files(__package__) / "rubric.md").read_text("utf-8")
