"""The code by which a caller, come to WeChat, says that he is the one who called. Nothing of it is stored:
it names the member under the house's seal, and is of no use once he is merged."""

from datetime import datetime, timedelta

from kernel import sealing
from kernel.errors import Conflict
from kernel.words import msg

CLAIM_LIFE = timedelta(days=7)
_HEAD = "claim"


class ClaimOver(Conflict):
    """It is no such code, or its time is over."""

    code = "claim_over"
    says = msg("认领码已过期或不完整，请让客服再给您一个。")


def new_claim(number: str, *, key: str, now: datetime) -> str:
    """Return the code for the caller with that number; it fits into an address."""
    return sealing.seal(f"{_HEAD} {number} {int((now + CLAIM_LIFE).timestamp())}", key=key)


def claimed(code: str, *, key: str, now: datetime) -> str:
    """Return the number of the caller whose code that is. Raises ClaimOver."""
    head, number, until = [*sealing.unseal(code, key=key).split(" "), "", "", ""][:3]
    if head != _HEAD or not until or now.timestamp() >= int(until):
        raise ClaimOver
    return number
