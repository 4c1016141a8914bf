"""``python -m nextstate`` is the command ``nextstate``."""

import sys

from nextstate.cli import main

if __name__ == "__main__":
    sys.exit(main())
