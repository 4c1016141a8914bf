"""A shortest way from one list of lines to another: Myers' algorithm in linear space.

Source: E. W. Myers, "An O(ND) difference algorithm and its variations", Algorithmica 1 (1986), section 4b. There are
often several shortest ways; the order in which diagonals are tried decides between them, and it is the order of GNU
diff and of git. Both begin to guess when a way gets long.
"""

from __future__ import annotations

from nextstate.domains.terminal.kernel.files import Undetermined

_FAR = 1 << 60


def unshared(old: list[int], new: list[int], most_cost: int) -> tuple[list[int], list[int]]:
    """The positions of ``old`` that go and those of ``new`` that come; equal numbers stand for equal lines.

    ``most_cost`` is how many steps are tried from each end. Raises `Undetermined` when that is not enough.
    """
    gone: list[int] = []
    come: list[int] = []

    def compare(a: int, b: int, c: int, d: int) -> None:
        while a < b and c < d and old[a] == new[c]:
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
        if a == b:
            come.extend(range(c, d))
        elif c == d:
            gone.extend(range(a, b))
        else:
            i, j = _middle(old, new, a, b, c, d, most_cost)
            compare(a, i, c, j)
            compare(i, b, j, d)

    compare(0, len(old), 0, len(new))
    return gone, come


def _middle(old: list[int], new: list[int], a: int, b: int, c: int, d: int, most_cost: int) -> tuple[int, int]:
    """Where searches from both ends of the box meet on a shortest path; diagonals are numbered by ``i - j``."""
    low, high = a - d, b - c
    first = flow = fhigh = a - c
    last = blow = bhigh = b - d
    odd = (first - last) & 1
    fore, back = {first: a}, {last: b}
    for _ in range(most_cost):
        flow, fhigh = _widen(fore, flow, fhigh, low, high, -1)
        for diagonal in range(fhigh, flow - 1, -2):
            below, above = fore[diagonal - 1], fore[diagonal + 1]
            i = below + 1 if below >= above else above
            j = i - diagonal
            while i < b and j < d and old[i] == new[j]:
                i, j = i + 1, j + 1
            fore[diagonal] = i
            if odd and blow <= diagonal <= bhigh and back[diagonal] <= i:
                return i, j
        blow, bhigh = _widen(back, blow, bhigh, low, high, _FAR)
        for diagonal in range(bhigh, blow - 1, -2):
            below, above = back[diagonal - 1], back[diagonal + 1]
            i = below if below < above else above - 1
            j = i - diagonal
            while i > a and j > c and old[i - 1] == new[j - 1]:
                i, j = i - 1, j - 1
            back[diagonal] = i
            if not odd and flow <= diagonal <= fhigh and i <= fore[diagonal]:
                return i, j
    raise Undetermined("files that differ so much that only a good way between them is looked for")


def _widen(reach: dict[int, int], low: int, high: int, least: int, most: int, beyond: int) -> tuple[int, int]:
    """One more diagonal at each side, or one less where the box ends."""
    if low > least:
        low -= 1
        reach[low - 1] = beyond
    else:
        low += 1
    if high < most:
        high += 1
        reach[high + 1] = beyond
    else:
        high -= 1
    return low, high
