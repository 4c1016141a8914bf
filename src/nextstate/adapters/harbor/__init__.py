"""Harbor tasks (terminal-bench style) against a simulated machine.

``nextstate.adapters.harbor.environment:HarborEnvironment`` is an environment for Harbor 0.25, which needs Python 3.12.
The image of a task is not built: a scenario of the server says what the machine holds, and every command of the agent
and of the verifier is an action of one session. For example::

    nextstate serve --port 8000                                     # where this package is installed
    harbor trial start -p TASK -a oracle \
        --env nextstate.adapters.harbor.environment:HarborEnvironment \
        --environment-kwarg url=http://127.0.0.1:8000 --environment-kwarg scenario=SCENARIO

The verifier's script runs on the simulated machine as well. So *the reward is simulated*: where a model answered for
the verifier it was a judge, and only where every step was computed does the reward follow from what was done. Each
trial says which in ``nextstate.json`` (:mod:`nextstate.adapters.harbor.label`), beside the session's own trajectory.
"""
