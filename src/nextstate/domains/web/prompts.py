"""What a model is told about being a browser, short and long, and what a judge is told about grading it."""

from nextstate.domain import prompts
from nextstate.domain.edits import GUIDE

PROMPT, LONG, RUBRIC = prompts.read(__package__, GUIDE)
