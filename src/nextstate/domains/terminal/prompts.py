"""What a model is told about simulating a terminal, short and long, and what a judge is told about grading it."""

from nextstate.domain import prompts

PROMPT, LONG, RUBRIC = prompts.read(__package__)
