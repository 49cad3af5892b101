"""JSON as a person reads it in the log: short things on one line, long ones broken."""

import json
from typing import Any

LINE_MAX = 72
_STEP = "  "


def readable(told: Any, *, indent: str = "") -> str:
    """Return `told` as JSON in which whatever fits into LINE_MAX characters stays on its line."""
    flat = json.dumps(told, ensure_ascii=False)
    if len(indent) + len(flat) <= LINE_MAX or not isinstance(told, dict | list) or not told:
        return flat
    deeper = indent + _STEP
    if isinstance(told, dict):
        inside = [
            f"{deeper}{json.dumps(key, ensure_ascii=False)}: {readable(value, indent=deeper)}"
            for key, value in told.items()
        ]
        return "{\n" + ",\n".join(inside) + f"\n{indent}}}"
    inside = [deeper + readable(value, indent=deeper) for value in told]
    return "[\n" + ",\n".join(inside) + f"\n{indent}]"
