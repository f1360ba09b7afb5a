"""Plots: a frame in, matplotlib Axes out."""
