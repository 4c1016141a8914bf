"""Ranking of a known set of pages, as SQLite's full-text index FTS5 ranks them.

Words are cut as by its ``ascii`` tokenizer. A page is found when any word of the query occurs in its title or text. The
order is that of the built-in function ``bm25`` (https://www.sqlite.org/fts5.html#the_bm25_function) with equal weights,
k1 = 1.2 and b = 0.75; equal pages keep the order in which they were added. For a word in n of N pages::

    idf = ln((N - n + 0.5) / (n + 0.5)), at least 0.000001
    score = sum of idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length / average length))
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nextstate.domains.search.layout import Page, tokens, words_of

K1, B = 1.2, 0.75
LEAST = 1e-6
"""The weight of a word that stands in half of the pages or more."""


@dataclass(frozen=True, slots=True)
class Index:
    """The pages in the order in which they were added, where each word stands how often, and how long pages are."""

    pages: tuple[Page, ...]
    places: Mapping[str, Mapping[int, int]]
    lengths: tuple[int, ...]


def build(pages: Sequence[Page]) -> Index:
    """The index of ``pages``."""
    places: dict[str, dict[int, int]] = {}
    lengths = []
    for number, page in enumerate(pages):
        counted = Counter(tokens(page.title))
        counted.update(tokens(page.text))
        lengths.append(counted.total())
        for word, times in counted.items():
            places.setdefault(word, {})[number] = times
    return Index(tuple(pages), places, tuple(lengths))


def ranked(index: Index, query: str, limit: int) -> list[Page]:
    """The best ``limit`` pages for ``query``, best first."""
    scores = _scores(index, words_of(query))
    best = sorted(scores, key=lambda number: (-scores[number], number))
    return [index.pages[number] for number in best[:limit]]


def _scores(index: Index, words: Sequence[str]) -> dict[int, float]:
    """The score of each page that has any of the words."""
    count = len(index.pages)
    average = sum(index.lengths) / count if count else 0.0
    scores: dict[int, float] = {}
    for word in words:
        places = index.places.get(word, {})
        weight = max(math.log((count - len(places) + 0.5) / (len(places) + 0.5)), 0.0) or LEAST
        for number, times in places.items():
            length = K1 * (1 - B + B * index.lengths[number] / average)
            scores[number] = scores.get(number, 0.0) + weight * ((times * (K1 + 1.0)) / (times + length))
    return scores
