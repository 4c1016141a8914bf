"""AgentWorldBench in three stages: :func:`infer` asks the model, :func:`judge` its judge, :func:`score` counts.

Every finished row is appended to a file at once, so a stage that was interrupted, even killed, goes on where it was.
The benchmark and the published script: "Qwen-AgentWorld: Language World Models for General Agents" (arXiv 2606.24597)
and QwenLM/Qwen-AgentWorld.
"""

from nextstate.eval.agentworldbench.costs import Price
from nextstate.eval.agentworldbench.inferring import ByMessages, ByQuery, Inference, infer
from nextstate.eval.agentworldbench.judging import Judging, judge
from nextstate.eval.agentworldbench.prompts import OwnPrompt, official_prompt
from nextstate.eval.agentworldbench.rows import Bench, BenchRow, index
from nextstate.eval.agentworldbench.scoring import Results, load, score
from nextstate.eval.agentworldbench.tables import table

__all__ = [
    "Bench",
    "BenchRow",
    "ByMessages",
    "ByQuery",
    "Inference",
    "Judging",
    "OwnPrompt",
    "Price",
    "Results",
    "index",
    "infer",
    "judge",
    "load",
    "official_prompt",
    "score",
    "table",
]
