"""A third-party scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.types import Score

if TYPE_CHECKING:
    from nextstate.types import Observation, Prediction, Query


async def same_length(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """1.0 when prediction and truth have equally many characters."""
    return Score({"same-length": float(len(prediction.observation or "") == len(truth))})
