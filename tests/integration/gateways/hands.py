"""What several processes do at once in the tests of the token; apart, so that they can import it."""

from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from gateways.wechat.token import AccessTokens, SharedSecret
from kernel.db import sa
from tests.integration.gateways.serving import account_at, app_with_tokens, patient_caller

START_MAX_S = 60


def ask_for_a_token(
    database_url: str, base: str, ready: Barrier, said: "Queue[str]", is_leased: bool
) -> None:
    """Start cold, wait for the others, and say which token one gets."""
    app = app_with_tokens(database_url)
    tokens = AccessTokens(account_at(base), patient_caller())
    if not is_leased:
        tokens._shared = _Greedy(tokens._shared._name, tokens._shared._fetch)
    with app.app_context():
        tokens._shared._seen()  # connect before the start, so that all hands move at once
        ready.wait(START_MAX_S)
        said.put(tokens.current())
        sa.engine.dispose()


class _Greedy(SharedSecret):
    """The same without the lease: whoever sees no fresh token fetches one."""

    def _claimed(self, dead: str) -> int | None:
        super()._claimed(dead)
        return 0
