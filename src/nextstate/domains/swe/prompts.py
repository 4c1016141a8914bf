"""What a model is told about simulating a repository's tools, and what a judge is told about grading it."""

from importlib.resources import files

PROMPT = (files(__package__) / "prompt.md").read_text("utf-8")
PROMPT_LONG = (files(__package__) / "prompt_long.md").read_text("utf-8")
RUBRIC = (files(__package__) / "rubric.md").read_text("utf-8")
