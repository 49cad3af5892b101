"""Words short enough for WeChat: what it strips, and where a sentence may be cut. Pure."""

import re
import unicodedata

ELLIPSIS = "…"
# A cut looks this far back for a better place, as a share of the room.
_LOOK_BACK = 0.45
_STOPS = "，。；、！？,;!?·|/ "
_OPENERS = "（(《〈【[「『“‘"
_CLOSERS = "）)》〉】]」』”’"
# Latin words, numbers, clock times, amounts and masked phones stand or fall whole.
_RUN = re.compile(r"[A-Za-z0-9¥￥$€£#+*%][A-Za-z0-9¥￥$€£#+*%.,:/_–-]*")
# What a number counts belongs to it: 12号楼, 30 分钟.
_MEASURE = re.compile(
    r" ?(?:号楼|单元|分钟|小时|公里|[号栋座幢室户层楼年月日时分秒元米台件位次个天周%])"
)
_JOINERS = {"\ufe0e", "\ufe0f", "\u20e3"}
# Emoji newer than this Python's tables have no category yet.
_PICTURES = range(0x1F000, 0x1FB00)


def plain_line(text: str) -> str:
    """Return `text` on one line, without emoji, control characters and outer or doubled blanks."""
    kept = re.sub(r"\s", " ", unicodedata.normalize("NFC", text))
    kept = "".join(char for char in kept if not _is_stripped(char))
    return re.sub(r" {2,}", " ", kept).strip()


def shorten(text: str, *, limit: int) -> str:
    """Return `text` in at most `limit` characters (2 or more), an ellipsis marking what was cut.

    The cut falls after a punctuation mark when one is near; it never falls inside a number, a
    Latin word or a clock time that could be kept or dropped whole, never parts a number from what
    it counts, and leaves no bracket open.
    """
    if limit < 2:
        raise ValueError("no room for a word and an ellipsis")
    line = plain_line(text)
    if len(line) <= limit:
        return line
    room = limit - len(ELLIPSIS)
    end = _close_brackets(line, _at_a_stop(line, _before_a_run(line, room)), room)
    return line[:end].rstrip(_STOPS + _OPENERS + "：:-–") + ELLIPSIS


def _is_stripped(char: str) -> bool:
    if char in _JOINERS or ord(char) in _PICTURES:
        return True
    # So: emoji and pictures. Cc, Cf, Co, Cs: control, direction marks, private use, surrogates.
    return unicodedata.category(char) in {"So", "Sk", "Cc", "Cf", "Co", "Cs"} and char not in "°℃^`"


def _before_a_run(line: str, room: int) -> int:
    """Return the last place up to `room` that parts no run, or `room` when a run fills it all."""
    for found in _RUN.finditer(line):
        measure = _MEASURE.match(line, found.end())
        end = measure.end() if measure else found.end()
        if found.start() < room < end:
            return found.start() or room
    return room


def _at_a_stop(line: str, end: int) -> int:
    earliest = end - int(end * _LOOK_BACK)
    for place in range(end, max(earliest, 1), -1):
        if line[place - 1] in _STOPS or (place < len(line) and line[place] in _STOPS):
            return place
    return end


def _close_brackets(line: str, end: int, room: int) -> int:
    """Drop an open bracket with what follows it, unless nothing would be left."""
    opened: list[int] = []
    for place, char in enumerate(line[:end]):
        if char in _OPENERS:
            opened.append(place)
        elif char in _CLOSERS and opened:
            opened.pop()
    return (opened[0] or min(end, room)) if opened else end
