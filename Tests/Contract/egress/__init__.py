"""Subgate in a world of its own, where every address is a trap: see `inside.py`."""
