"""Instants as WeChat Pay writes them."""

from datetime import datetime

from kernel.clock import SHANGHAI


def rfc3339(at_s: int) -> str:
    """Return 2026-11-23T09:00:05+08:00 for seconds since 1970."""
    return datetime.fromtimestamp(at_s, SHANGHAI).isoformat(timespec="seconds")
