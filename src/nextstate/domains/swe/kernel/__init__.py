"""The computable part: shells and editors over files that the history shows, whole or in part.

An action becomes an operation (`dialects`), and `core` asks for it:

- a command: the terminal's kernel, or the line numbers of files known in part (`reading`), worded as seen (`forms`)
- a view: known lines in a layout that was seen (`layouts`)
- an edit: its exact effect on known text (`texts`), answered in words that were seen (`replies`)
- a search: folders known whole, read as it was seen to be read (`searching`)

and what only looks at what has not changed since shows the same again.
"""

from nextstate.domains.swe.kernel.core import SweKernel

__all__ = ["SweKernel"]
