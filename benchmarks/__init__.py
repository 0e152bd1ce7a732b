"""Benchmarks: ratios of time, both sides taken in turn in one process.

``python -m benchmarks.run`` runs all.
"""
