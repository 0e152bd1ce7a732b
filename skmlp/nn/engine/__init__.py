"""The engine: a network over flat vectors, its memory plan, prediction, and the loops of
training.
"""
