"""Every message has its golden file, its maker and its reaction."""

import ast
from pathlib import Path

from gateways.wechat.errors import MEANINGS
from notifications.messages import SPECS
from sandbox.faults import FAULTS
from tests.house import tree
from tests.integration.notifications.test_error_codes import CODES


def test_every_message_has_its_golden_file() -> None:
    golden = {path.stem for path in (tree.ROOT / "tests/golden/messages").glob("*.txt")}

    assert golden == set(SPECS)


def test_every_message_is_sent_by_some_reaction() -> None:
    said = {
        node.value
        for name in ("reactions", "life_reactions", "account_reactions")
        for node in ast.walk(tree.parsed(Path(f"notifications/{name}.py")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert set(SPECS) - said == set()


def test_an_account_may_have_25_templates() -> None:
    assert len(SPECS) <= 25
    assert len({spec.title for spec in SPECS.values()}) == len(SPECS)


def test_every_error_code_has_a_test_of_what_is_done() -> None:
    assert sorted(CODES) == sorted(MEANINGS)


def test_every_fault_of_the_panel_has_a_test_of_what_the_house_does() -> None:
    played = {
        node.value
        for name in (
            "notifications/test_fault_panel.py",
            "gateways/test_pay_against_the_sandbox.py",
        )
        for node in ast.walk(tree.parsed(Path(f"tests/integration/{name}")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert set(FAULTS) - played == set()
