"""The stages of a fit: validation, pre-training, training, its callbacks and its end."""
