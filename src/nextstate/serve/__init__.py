"""Worlds behind the protocols that agents and trainers speak: one core of sessions, one process, many surfaces."""
