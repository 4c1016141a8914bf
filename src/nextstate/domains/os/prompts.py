"""What a model is told about being a desktop, and what a judge is told about grading its screens."""

from importlib.resources import files

from nextstate.domain.edits import GUIDE


def _read(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


PROMPT = f"{_read('prompt.md')}\n{GUIDE}"
LONG = f"{_read('prompt_long.md')}\n{GUIDE}"
RUBRIC = _read("rubric.md")
