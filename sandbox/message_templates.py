"""The account's message templates: what was approved, and how data is held against it and drawn."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.words import msg
from sandbox import fields
from sandbox.errors import ApiError
from sandbox.fields import Finding

_SLOT = re.compile(r"(?P<label>.*?)\s*[：:]?\s*\{\{\s*(?P<key>\w+)\.DATA\s*\}\}")
# Stripped by WeChat since 2023: such keys may still stand in old templates and are never drawn.
_DEAD_KEYS = frozenset({"first", "remark"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One line of a template: its label, and the key that fills it."""

    label: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A template as the account was given it."""

    template_id: str
    title: str
    content: str
    slots: tuple[Slot, ...]
    # The values approved for a `const` field, by key.
    approved: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, *, template_id: str, title: str, content: str, approved: Mapping[str, Sequence[str]]
    ) -> "MessageTemplate":
        """Read the lines `服务项目：{{thing1.DATA}}` of `content`."""
        slots = tuple(
            Slot(label=match["label"].strip(), key=match["key"])
            for line in content.splitlines()
            for match in _SLOT.finditer(line)
            if match["key"] not in _DEAD_KEYS
        )
        return cls(
            template_id=template_id, title=title, content=content, slots=slots, approved=approved
        )


def lint(template: MessageTemplate, values: Mapping[str, str]) -> list[Finding]:
    """Return one finding for each line of the template, in its order."""
    return [
        fields.examine(
            slot.key, values.get(slot.key, ""), approved=template.approved.get(slot.key, ())
        )
        for slot in template.slots
    ]


def check_values(template: MessageTemplate, values: Mapping[str, str]) -> None:
    """Raise ApiError 47003 that names the first field at fault."""
    for finding in lint(template, values):
        if finding.fault:
            empty = not values.get(finding.key, "").strip()
            raise ApiError(
                47003,
                errmsg=f"argument invalid! data.{finding.key}.value {'is empty' if empty else 'invalid'}",
                rule=(
                    msg("%(key)s：%(fault)s。永久失败，要改内容。")
                    % {"key": finding.key, "fault": finding.fault}
                ),
            )


def drawn(template: MessageTemplate, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the lines of the card that the phone shows."""
    return [
        {
            "key": slot.key,
            "label": slot.label,
            "value": fields.without_emoji(values.get(slot.key, "")),
        }
        for slot in template.slots
    ]


def values_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return key → text from `data` of a send. Raises ApiError 47001 for another shape."""
    given = body.get("data", {})
    if not isinstance(given, dict):
        raise ApiError(47001, rule=msg("data 要是一个对象。"))
    values = {}
    for key, one in given.items():
        if not isinstance(one, dict) or not isinstance(one.get("value"), str | int | float):
            raise ApiError(47001, rule=(msg('data.%(key)s 要写成 {"value": "…"}。') % {"key": key}))
        values[str(key)] = str(one["value"])
    return values
