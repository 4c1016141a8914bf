"""The texts in a domain's folder: what a model is told, short and long, and what a judge is told."""

from __future__ import annotations

from importlib.resources import files


def read(package: str, guide: str = "") -> tuple[str, str, str]:
    """The texts of ``prompt.md``, ``prompt_long.md`` and ``rubric.md`` in ``package`` (its dotted name).

    ``guide`` explains a reply format of which the two prompts say nothing, such as :data:`nextstate.domain.edits.GUIDE`
    for screens; it is put behind both.
    """
    short, long, rubric = ((files(package) / f"{name}.md").read_text("utf-8") for name in _NAMES)
    return _guided(short, guide), _guided(long, guide), rubric


_NAMES = ("prompt", "prompt_long", "rubric")


def _guided(text: str, guide: str) -> str:
    stripped = text.rstrip("\n")
    return f"{stripped}\n\n{guide}" if guide else text
