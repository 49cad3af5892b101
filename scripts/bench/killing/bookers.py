"""Programs that book over the API and do not give up: each call keeps its key until it is answered."""

import random
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

import requests

from scripts.bench.killing.house import CONTACT, PHONE, SERVICE, Town, the_day
from scripts.processes import LOOPBACK

CALL_S_MAX = 20.0
PAUSE_S = 0.1
# Who was not answered for so long is not waited for.
GIVE_UP_S = 120.0
OK, GONE, FAULT = 300, 409, 500


class Unanswered(Exception):
    """Nobody answers any more."""


class Bookers:
    """So many threads that book one member after the other, until all have a window or it is enough."""

    def __init__(self, town: Town, port: int, *, threads: int) -> None:
        self.booked: dict[str, str] = {}
        self.repeated = self.answered = 0
        self.refused: list[str] = []
        self._waiting = list(town.members)
        self._headers = {"Authorization": f"Bearer {town.token}"}
        self._base = f"http://{LOOPBACK}:{port}/api/v1"
        self._is_enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(place,), daemon=True)
            for place in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> bool:
        """Let everybody finish what he began; return whether all did."""
        self._is_enough.set()
        for thread in self._threads:
            thread.join(GIVE_UP_S + CALL_S_MAX)
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, place: int) -> None:
        chance = random.Random(place)
        while self._waiting and not self._is_enough.is_set():
            member = self._waiting.pop()
            try:
                self.booked[member] = self._book(member, chance)
            except Unanswered as error:
                self.refused.append(f"{member}: {error}")
            time.sleep(PAUSE_S)

    def _book(self, member: str, chance: random.Random) -> str:
        wish = {
            "member": member,
            "service": SERVICE,
            "options": {},
            "address": "浮山后三小区",
            "door": "12号楼2单元402",
            "contact": CONTACT,
            "phone": PHONE,
        }
        draft = self._call("POST", "/drafts", wish).json()["number"]
        for _ in range(20):
            offers = self._offers(draft)
            offer = chance.choice(offers)
            where = {"starts_at": offer["starts_at"], "ends_at": offer["ends_at"]}
            held = self._call("POST", "/holds", {"draft": draft, **where})
            if held.status_code == GONE:
                continue
            number = str(held.json()["number"])
            committed = self._call("POST", f"/bookings/{number}/commit")
            if committed.status_code != GONE:
                return number
        raise Unanswered("no window is ever free")

    def _offers(self, draft: str) -> Sequence[dict[str, str]]:
        """Return the windows after the day whose visits are being attended."""
        offers = self._call("GET", f"/drafts/{draft}/offers").json()
        later = [offer for offer in offers if offer["starts_at"][:10] > the_day().isoformat()]
        if not later:
            raise Unanswered("no window is on offer")
        return later

    def _call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Call until there is an answer, with the same key. Raises Unanswered."""
        headers = self._headers | {"Idempotency-Key": str(uuid.uuid4())}
        began_s = time.monotonic()
        while time.monotonic() - began_s < GIVE_UP_S:
            try:
                answer = requests.request(
                    method, self._base + path, json=body, headers=headers, timeout=CALL_S_MAX
                )
            except requests.RequestException:
                self.repeated += 1
                time.sleep(PAUSE_S)
                continue
            if answer.status_code >= FAULT:
                self.repeated += 1
                time.sleep(PAUSE_S)
                continue
            if answer.status_code >= OK and answer.status_code != GONE:
                raise Unanswered(f"{path}: {answer.status_code} {answer.text[:200]}")
            self.answered += 1
            return answer
        raise Unanswered(f"{path}: no answer")
