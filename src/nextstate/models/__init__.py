"""Whoever can answer a query: fakes, engines and endpoints, and the wrappers that change how one answers."""
