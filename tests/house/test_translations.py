"""Every text that people read has its English, with the same facts in it."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from tests.house import tree

ENGLISH = tree.ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "msg": None}
PLACE = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
# A translation is put into pages, attributes included, without escaping; and Chinese fonts draw
# curly quotes as wide as a character.
UNSAFE = frozenset('<>&"!“”‘’')


def extracted() -> dict[tuple[str, str], str]:
    """Return where people read each text: (context, text) to the first file that says it."""
    with (tree.ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel does not say
    found: dict[tuple[str, str], str] = {}
    for path, _line, text, _comments, context in extract_from_dir(
        tree.ROOT,
        method_map=methods,
        options_map={pattern: {**told, "silent": "false"} for pattern, told in options.items()},
        keywords=KEYWORDS,
        directory_filter=_is_ours,
    ):
        found.setdefault((context or "", text if isinstance(text, str) else text[0]), path)
    return found


def _is_ours(folder: str) -> bool:
    """Tell whether the walk enters a folder; Babel by itself would pass over `_parts`."""
    return Path(folder).name != "node_modules" and not Path(folder).name.startswith(".")


def english() -> Iterator[Message]:
    """Yield the entries of the English catalogue, its header left out."""
    with ENGLISH.open("rb") as file:
        yield from (message for message in read_po(file) if message.id)


def key(message: Message) -> tuple[str, str]:
    """Return a message's (context, text)."""
    return message.context or "", str(message.id)


def test_every_text_has_its_english() -> None:
    said = {key(message) for message in english() if str(message.string).strip(" ")}

    missing = {wanted: path for wanted, path in extracted().items() if wanted not in said}

    assert missing == {}


def test_the_english_says_nothing_that_no_page_says() -> None:
    known = extracted()

    assert [key(message) for message in english() if key(message) not in known] == []


def test_both_languages_name_the_same_facts() -> None:
    unlike = {
        message.id: message.string
        for message in english()
        if sorted(PLACE.findall(str(message.id))) != sorted(PLACE.findall(str(message.string)))
    }

    assert unlike == {}


def test_the_english_can_stand_in_any_page() -> None:
    unsafe = {
        message.id: message.string for message in english() if UNSAFE & set(str(message.string))
    }

    assert unsafe == {}


def test_the_english_catalogue_compiles_without_doubtful_entries() -> None:
    with ENGLISH.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    compiled = io.BytesIO()

    write_mo(compiled, catalogue)

    compiled.seek(0)
    assert len(read_mo(compiled)) == len(catalogue)
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
