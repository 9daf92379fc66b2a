"""The `yingzhi` command."""

from __future__ import annotations


def main() -> None:
    """Entry point; the application is imported here so that importing the package costs nothing."""
    from yingzhi.cli.app import run

    run()
