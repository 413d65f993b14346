"""`python -m xyk` and the script `xyk`."""

from xyk.cli.collector import no_collector


def main() -> None:
    with no_collector():
        from xyk.cli.main import app
    app(prog_name="xyk")


if __name__ == "__main__":
    main()
