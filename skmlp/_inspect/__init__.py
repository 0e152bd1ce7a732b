"""What a fitted estimator says of itself: summary, gradients of its inputs, samples,
importances.
"""
