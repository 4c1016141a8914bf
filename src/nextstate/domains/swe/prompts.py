"""What a model is told about being a repository's tools, short and long, and what a judge is told about grading it."""

from nextstate.domain import prompts

PROMPT, LONG, RUBRIC = prompts.read(__package__)
