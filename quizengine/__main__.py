"""``python -m quizengine`` is the command line."""

from quizengine.cli import main

main()
