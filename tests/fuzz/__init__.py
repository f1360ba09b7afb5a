"""Fuzzing of every parser, guided by coverage: ``python -m tests.fuzz --minutes 10``."""
