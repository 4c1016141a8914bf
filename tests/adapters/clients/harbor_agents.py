"""An agent for Harbor that runs the lines of a file, one command each, and writes what it did as an ATIF trajectory."""

from __future__ import annotations

import os
from pathlib import Path

from harbor.agents.base import BaseAgent
from harbor.agents.capabilities import AgentCapabilities
from harbor.models.trajectories import Agent, Observation, ObservationResult, Step, ToolCall, Trajectory


class ScriptedAgent(BaseAgent):
    capabilities = AgentCapabilities(atif=True)

    @staticmethod
    def name():
        return "scripted"

    def version(self):
        return "1"

    async def setup(self, environment):
        pass

    async def run(self, instruction, environment, context):
        steps = [Step(step_id=1, source="user", message=instruction)]
        for number, command in enumerate(Path(os.environ["COMMANDS"]).read_text().splitlines(), 2):
            ran = await environment.exec(command)
            call = ToolCall(tool_call_id=f"c{number}", function_name="bash", arguments={"command": command})
            shown = ObservationResult(source_call_id=f"c{number}", content=f"{ran.stdout}[{ran.return_code}]")
            steps.append(
                Step(
                    step_id=number,
                    source="agent",
                    message="",
                    tool_calls=[call],
                    observation=Observation(results=[shown]),
                )
            )
        agent = Agent(name="scripted", version="1")
        trajectory = Trajectory(session_id=environment.session_id, agent=agent, steps=steps)
        (self.logs_dir / "trajectory.json").write_text(trajectory.model_dump_json(exclude_none=True, indent=1))
