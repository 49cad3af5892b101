"""Paths to go on to, which come from outside."""

from urllib.parse import urlsplit

from flask import request

HOMES = {"/console": "/console/", "/t": "/t/"}


def safe_path(path: str) -> str:
    """Return `path` when it leads to one of our own pages, else the consumer's home."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if is_ours and "\\" not in path and path.isprintable() else "/c/"


def came_from() -> str:
    """Return the page of ours on which the form stood, else the home of the face that was called."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc == request.host and parts.path:
        return safe_path(parts.path + (f"?{parts.query}" if parts.query else ""))
    return HOMES.get(f"/{request.path.split('/')[1]}", "/c/")
