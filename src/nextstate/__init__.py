"""nextstate: record, simulate and measure environments with language world models."""

__version__ = "0.1.0"
