"""Runs one evaluation of Inspect from a program that defines ``task``, with a scripted model, and prints its log.

``python inspect_eval.py PROGRAM CALLS``: CALLS is a JSON list of ``[tool, arguments]`` for the model to make in order.
"""

import json
import runpy
import sys

import tiktoken


class _Letters:
    """Inspect counts tokens with an encoding that tiktoken would fetch; letters do as well here."""

    def encode(self, text, **options):
        return list(text)


tiktoken.get_encoding = lambda name: _Letters()

from inspect_ai import eval  # noqa: E402
from inspect_ai.model import ModelOutput, get_model  # noqa: E402

calls = json.loads(sys.argv[2])
outputs = [ModelOutput.for_tool_call("mockllm/model", name, arguments) for name, arguments in calls]
outputs.append(ModelOutput.from_content("mockllm/model", "I have seen enough."))
task = runpy.run_path(sys.argv[1])["task"]
(log,) = eval(task, model=get_model("mockllm/model", custom_outputs=outputs), display="none", log_dir="logs")
samples = [
    {
        "metadata": sample.metadata,
        "store": sample.store,
        "error": sample.error and sample.error.message,
        "tools": [
            {
                "text": message.text,
                "error": message.error and message.error.type,
                "why": message.error and message.error.message,
            }
            for message in sample.messages
            if message.role == "tool"
        ],
    }
    for sample in log.samples or []
]
print(json.dumps({"status": log.status, "error": log.error and log.error.message, "samples": samples}))
