"""Measuring world models: rows, scorers, intervals, reports."""

from nextstate.eval.report import Report, compare, load, table
from nextstate.eval.run import evaluate

__all__ = ["Report", "compare", "evaluate", "load", "table"]
