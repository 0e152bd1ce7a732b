"""Estimators for tables: ensembles of networks with settings that need no choice."""
