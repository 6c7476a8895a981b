"""``python -m runs`` and ``evswarm`` are the command line."""

from runs.startup import start


def main() -> None:
    """Run the command line."""
    start()
    # Not at the top: a spawned worker of a sweep imports this file, and has no use for the command line.
    from runs.cli import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
