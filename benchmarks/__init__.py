"""Benchmarks: of time as ratios, the sides taken in turn in one process; of memory; of scores.

``python -m benchmarks.run`` runs five of time and memory that need no files.
"""
