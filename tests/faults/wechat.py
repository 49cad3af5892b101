"""WeChat as far as a template message goes: it drops repetitions, and may lose its answers."""

import itertools
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.integration.gateways.serving import Call, Platform, Reply, tells

CHAT = "/cgi-bin/message/custom/send"
SEND = "/cgi-bin/message/template/send"
TOKEN = "/cgi-bin/stable_token"


@dataclass
class WeChat:
    """Takes each (openid, client_msg_id) once, as the platform says it does for ten minutes.

    `loses` is the share of answers that are lost, half of them before and half after the message
    was taken. A repetition is answered as a success with the same msgid or, with `says_duplicate`,
    by 40241: nobody knows which of the two WeChat does.
    """

    platform: Platform
    loses: float = 0.0
    says_duplicate: bool = False
    calls: int = 0
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    delivered: Counter[str] = field(default_factory=Counter)
    # Set, a call waits here before it is looked at.
    gate: threading.Event | None = None
    at_the_gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._chance = random.Random(5)
        self._ids = itertools.count(1000)
        self._lock = threading.Lock()
        self.platform.answers[TOKEN] = tells(access_token="T1", expires_in=7200)
        self.platform.answers[SEND] = self._send
        self.platform.answers[CHAT] = tells(errcode=0, errmsg="ok")

    @property
    def base(self) -> str:
        return self.platform.base

    def _send(self, call: Call) -> Reply:
        gate = self.gate
        if gate is not None:
            self.at_the_gate.set()
            gate.wait(120)
        told = json.loads(call.body)
        key = (told["touser"], told["client_msg_id"])
        with self._lock:
            self.calls += 1
            fate = self._chance.random()
            if fate < self.loses / 2:
                return Reply(is_dropped=True)
            if key in self.taken and self.says_duplicate:
                return Reply(json.dumps({"errcode": 40241, "errmsg": "duplicate"}).encode())
            if key not in self.taken:
                self.taken[key] = next(self._ids)
                self.delivered[told["url"]] += 1
            if fate < self.loses:
                return Reply(status=502)
            msgid = self.taken[key]
        return Reply(json.dumps({"errcode": 0, "errmsg": "ok", "msgid": msgid}).encode())
