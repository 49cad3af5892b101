"""The log's sentences in the reader's language."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from sandbox import sentences

TRANSLATIONS = Path(__file__).parents[3] / "translations"


@pytest.fixture
def reader() -> Iterator[Flask]:
    """Somebody who reads English, unless his cookie says otherwise."""
    app = Flask("reader")
    Babel(app, default_translation_directories=str(TRANSLATIONS), locale_selector=lambda: "en")
    with app.test_request_context():
        yield app


def line(**said: Any) -> dict[str, Any]:
    return {"name": "message/template/send", "result": "0", "rule": "", **said}


@pytest.mark.usefixtures("reader")
class TestTold:
    @pytest.mark.parametrize(
        ("rule", "english"),
        [
            pytest.param("没有写 template_id。", "template_id is missing.", id="plain"),
            pytest.param(
                "/cgi-bin/menu/create 今天的 1000 次用完了，午夜后再来。",
                "/cgi-bin/menu/create: today's 1000 calls are used up; again after midnight.",
                id="with_values",
            ),
            pytest.param(
                "thing1：超过 20 个字符：20 个以内字符。永久失败，要改内容。",
                "thing1: over 20 characters: 20 characters at most. "
                "A permanent failure: change the content.",
                id="sentences_within",
            ),
            pytest.param("连接失败：OSError。", "the connection failed: OSError.", id="an_error"),
            pytest.param("别人写的句子。", "别人写的句子。", id="nobody_translated_it"),
        ],
    )
    def test_in_english(self, rule: str, english: str) -> None:
        assert sentences.told(line(rule=rule))["rule"] == english

    @pytest.mark.parametrize(
        ("name", "english"),
        [
            ("第 2 次 TEMPLATESENDJOBFINISH", "Try 2: TEMPLATESENDJOBFINISH"),
            ("伪造 text 你好", "Forged text 你好"),
            pytest.param("text 没有这个标签。", "text 没有这个标签。", id="what_people_said_stays"),
        ],
    )
    def test_a_name_but_for_what_people_said(self, name: str, english: str) -> None:
        assert sentences.told(line(name=name))["name"] == english

    def test_findings_too(self) -> None:
        finding = {"key": "thing1", "fault": "不能换行", "note": "表情会被去掉"}

        told = sentences.told(line(findings=[finding]))

        assert told["findings"] == [
            {"key": "thing1", "fault": "no line breaks", "note": "emoji are taken out"}
        ]
