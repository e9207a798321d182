"""The command line, ``quizengine`` by itself and ``flask quiz`` in a host's application."""

from quizengine.cli.commands import cli, main

__all__ = ["cli", "main"]
