"""Logs: structured lines in UTC, with what is personal masked before it is written."""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_MASKS = (
    (re.compile(r"(?<!\d)((?:86|0086)?1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"\bo[A-Za-z0-9_-]{27}\b"), "openid***"),
    (re.compile(r"(access_token=|secret=|code=|ticket=)[^&\s\"']+"), r"\1***"),
)


def masked(text: str) -> str:
    """Return `text` with mobile numbers, openids and tokens made unreadable."""
    for pattern, by in _MASKS:
        text = pattern.sub(by, text)
    return text.replace("\r", "\\r").replace("\n", "\\n")


def configure(*, level: int = logging.INFO) -> None:
    """Send every logger of the process through one masked, single-line format on stderr."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_all,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "logger", "event"]
            ),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    logging.getLogger("rq").setLevel(logging.WARNING)


def _mask_all(_logger: Any, _name: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: masked(value) if isinstance(value, str) else value for key, value in entry.items()}
