"""What the log says, in the reader's language.

The log keeps its sentences in Chinese, with their values in them, as they were said. Each is known again
by its pattern among the sentences that have a translation, and so is a sentence within a sentence.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask_babel import get_locale, get_translations

from kernel.words import msg

FORGED = msg("伪造 %(name)s")
AGAIN = msg("第 %(tries)s 次 %(name)s")
PAYMENT = msg("付款 %(name)s")
HANDSHAKE = msg("GET 握手")
# A line's name may hold what people said: nothing else of it is put into other words.
_NAMES = frozenset((FORGED, AGAIN, PAYMENT, HANDSHAKE))
_PLACE = re.compile(r"%\((\w+)\)s")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_DEPTH_MAX = 3
_KEPT_MAX = 4_096


def told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line or an entry of the log in the reader's language."""
    locale = str(get_locale())
    if locale.startswith("zh"):
        return dict(entry)
    said: dict[str, Any] = {"name": _named(locale, entry["name"])}
    said |= {key: _translated(locale, entry[key]) for key in ("result", "rule")}
    if "findings" in entry:
        said["findings"] = [
            {**one, **{key: _translated(locale, one[key]) for key in ("fault", "note")}}
            for one in entry["findings"]
        ]
    return {**entry, **said}


def _named(locale: str, name: str) -> str:
    for pattern, key, said in _patterns(locale):
        if key in _NAMES and (found := pattern.fullmatch(name)):
            parts = found.groupdict()
            return said % {**parts, "name": _named(locale, parts["name"])}
    return _plain(locale).get(name, name) if name in _NAMES else name


@lru_cache(_KEPT_MAX)
def _translated(locale: str, text: str, depth: int = 0) -> str:
    if depth > _DEPTH_MAX or not _CHINESE.search(text):
        return text
    # An error's sentence stands without its full stop where it is part of another.
    bare, stop = text.removesuffix("。"), "." if text.endswith("。") else ""
    for whole, end in ((text, ""), (bare, stop)):
        if whole in _plain(locale):
            return _plain(locale)[whole] + end
    for pattern, key, said in _patterns(locale):
        is_whole = key.endswith("。")
        if found := pattern.fullmatch(text if is_whole else bare):
            parts = found.groupdict().items()
            values = {name: _translated(locale, part, depth + 1) for name, part in parts}
            return said % values + ("" if is_whole else stop)
    return text


@lru_cache
def _plain(locale: str) -> Mapping[str, str]:
    catalog: Mapping[Any, str] = getattr(get_translations(), "_catalog", {})
    return {key: said for key, said in catalog.items() if isinstance(key, str) and key and said}


@lru_cache
def _patterns(locale: str) -> list[tuple[re.Pattern[str], str, str]]:
    """Return the sentences with places for values, those with most words of their own first."""
    found = []
    for key, said in _plain(locale).items():
        own, pieces = _PLACE.sub("", key), _PLACE.split(key)
        places = pieces[1::2]
        # By its stops alone a sentence cannot be known.
        if places and len(set(places)) == len(places) and own.strip("：。，、· "):
            words = "".join(
                f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece)
                for at, piece in enumerate(pieces)
            )
            found.append((len(own), re.compile(words, re.DOTALL), key, said))
    return [
        (pattern, key, said) for _, pattern, key, said in sorted(found, key=lambda one: -one[0])
    ]
