"""``python -m runs`` is the command line."""

from runs.cli import main

main()
