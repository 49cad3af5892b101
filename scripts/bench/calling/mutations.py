"""Callbacks bent in every way: what they say, and how they prove who sent them. Repeated by seed.

A case knows what must not happen. Forged is whatever WeChat did not send as it is: a signature that
is wrong, old or another's. What WeChat signed may say anything, and is taken in or left unread.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from scripts.bench.calling import letters
from scripts.bench.calling.letters import KINDS, Elements, Mail, Post

HUGE = (2_000, 30_000, 64 << 10, 70_000)
FRESH_S = 300
# No two letters of two seeds are alike as long as a seed makes no more cases.
CASES_A_SEED = 100_000


class Rule(StrEnum):
    """What must come of a case, besides no 5xx."""

    TAKEN = "taken"  # a letter as it is: 200, and it is kept
    FORGED = "forged"  # 403 or 413, and no row moves
    STAYS = "stays"  # whatever is answered, no row moves
    ANY = "any"  # signed by WeChat: whatever it says


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    rule: Rule
    mail: Mail


class Mutator:
    """Makes the cases of one seed, one after the other; `taken` tells it of letters let in."""

    def __init__(self, post: Post, *, seed: int) -> None:
        self._post = post
        self._rng = random.Random(f"{seed} {post.is_sealed}")
        self._seed = seed
        self._count = 0
        self._taken: list[Mail] = []

    def case(self) -> Case:
        self._count += 1
        draw = self._rng.random()
        if draw < 0.04 or not self._taken:
            return self._letter()
        if draw < 0.20:
            return self._bent_and_signed()
        if draw < 0.45:
            return self._bent_and_forged()
        make = self._rng.choice(self._envelopes())
        return make()

    def taken(self, mail: Mail) -> None:
        """Remember a letter that was let in: it will come again, and its proof with others."""
        self._taken = [*self._taken[-15:], mail]

    # --- What it says ---------------------------------------------------------------------

    def _elements(self) -> Elements:
        number = self._seed * CASES_A_SEED + self._count
        return letters.elements(self._rng.choice(KINDS), number=number, rng=self._rng)

    def _letter(self) -> Case:
        parts = self._elements()
        is_report = any(name in parts.get("Event", "") for name in letters.REPORTS)
        # A report of no message of ours is kept for a day, and WeChat is to tell it again.
        rule = Rule.ANY if is_report else Rule.TAKEN
        return Case("letter", rule, self._sent(letters.written(parts)))

    def _bent(self) -> tuple[str, bytes]:
        bend = self._rng.choice(BENDS)
        return bend.__name__.strip("_"), bend(self._rng, self._elements())

    def _bent_and_signed(self) -> Case:
        name, xml = self._bent()
        return Case(f"signed: {name}", Rule.ANY, self._sent(xml))

    def _bent_and_forged(self) -> Case:
        name, xml = self._bent()
        liar = replace(self._post, token=self._rng.choice(("", "token", "令牌", TOKEN_LIKE)))
        return Case(f"forged: {name}", Rule.FORGED, self._sent(xml, post=liar))

    def _sent(self, xml: bytes, *, post: Post | None = None, age_s: float = 0) -> Mail:
        return (post or self._post).send(xml, nonce=self._nonce(), age_s=age_s)

    def _nonce(self) -> str:
        return f"{self._seed}-{self._count}"

    # --- How it proves who sent it --------------------------------------------------------

    def _envelopes(self) -> list[Callable[[], Case]]:
        common = [
            self._a_wrong_signature,
            self._an_old_one,
            self._the_same_again,
            self._another_body_to_an_old_query,
            self._an_odd_query,
            self._a_handshake,
        ]
        sealed = [self._anothers_mail, self._a_bad_seal, self._a_plain_body, self._odd_envelopes]
        return common + (sealed if self._post.is_sealed else [])

    def _xml(self) -> bytes:
        return letters.written(self._elements())

    def _a_wrong_signature(self) -> Case:
        mail = self._sent(self._xml())
        rng = self._rng
        query = dict(parse_qsl(mail.query))
        name = "msg_signature" if self._post.is_sealed else "signature"
        right = query[name]
        place = rng.randrange(len(right))
        other = "0" if right[place] != "0" else "1"
        wrong = rng.choice(
            (
                right[:place] + other + right[place + 1 :],
                right[:-1],
                right + "0",
                "",
                "é" * 40,
                "\x00" * 40,
                "0" * 5_000,
                right[::-1] + ".",
            )
        )
        query[name] = wrong
        if rng.random() < 0.1:
            del query[name]
        return Case("a wrong signature", Rule.FORGED, replace(mail, query=urlencode(query)))

    def _an_old_one(self) -> Case:
        age_s = self._rng.choice((FRESH_S + 5, 86_400, 10**9, -FRESH_S - 5, -(10**10)))
        return Case("too old or too new", Rule.FORGED, self._sent(self._xml(), age_s=age_s))

    def _the_same_again(self) -> Case:
        return Case("the same again", Rule.STAYS, self._rng.choice(self._taken))

    def _another_body_to_an_old_query(self) -> Case:
        body = self._sent(self._xml()).body
        mail = replace(self._rng.choice(self._taken), body=body)
        return Case("another body", Rule.FORGED, mail)

    def _an_odd_query(self) -> Case:
        mail = self._sent(self._xml())
        query = dict(parse_qsl(mail.query))
        odd = self._rng.choice(
            (
                "",
                "&&&=&",
                "signature=%FF%FE&timestamp=%00&nonce=%ED%A0%80",
                urlencode(query | {"timestamp": "１２３"}),
                urlencode(query | {"timestamp": "9" * 400}),
                urlencode(query | {"timestamp": "-1"}),
                urlencode(query | {"timestamp": "nan"}),
                urlencode(query | {"nonce": "n" * 20_000}),
                urlencode({name: value for name, value in query.items() if name != "timestamp"}),
                "signature=1&signature=2&" + urlencode({"timestamp": query["timestamp"]}),
                letters.quoted(self._rng.randbytes(200)),
            )
        )
        return Case("an odd query", Rule.FORGED, replace(mail, query=odd))

    def _a_handshake(self) -> Case:
        query = self._post.signed(nonce=self._nonce())
        echo = self._rng.choice(("5932851904756", "<script>", "", "\r\nX: y", "e" * 900))
        if self._rng.random() < 0.5:
            query["signature"] = self._rng.choice(("", "0" * 40, "é"))
        mail = Mail(urlencode(query | {"echostr": echo}), b"", method="GET")
        return Case("a handshake", Rule.STAYS, mail)

    # --- AES mode -------------------------------------------------------------------------

    def _anothers_mail(self) -> Case:
        key = self._rng.choice((letters.AES_KEY, "A" * 42 + "8"))
        appid = self._rng.choice(("wx-somebody-else", "", letters.APPID + "0"))
        mail = self._post.send(self._xml(), nonce=self._nonce(), appid=appid, key=key)
        return Case("another's mail", Rule.STAYS, mail)

    def _a_bad_seal(self) -> Case:
        """A ciphertext that is rightly signed and does not open."""
        rng = self._rng
        whole = letters.sealed(self._xml(), padding=rng.choice((0, 33, 200, 255)))
        envelope = rng.choice(
            (
                whole,
                whole[: rng.randrange(1, len(whole))],
                whole[1:],
                "=" * 8,
                "QUJD",
                letters.sealed(b"", appid=""),
                whole.replace("+", "=").replace("A", "="),
            )
        )
        return Case("a bad seal", Rule.STAYS, self._post.enclose(envelope, nonce=self._nonce()))

    def _a_plain_body(self) -> Case:
        query = self._post.signed(nonce=self._nonce())
        query["msg_signature"] = query["signature"]
        return Case("a plain body", Rule.FORGED, Mail(urlencode(query), self._xml()))

    def _odd_envelopes(self) -> Case:
        """The right query around a body from which the ciphertext is gone or was changed."""
        mail = self._sent(self._xml())
        body = self._rng.choice(
            (
                mail.body.replace(b"<![CDATA[", b""),
                mail.body.replace(b"Encrypt", b"encrypt"),
                mail.body[: len(mail.body) // 2],
                mail.body.replace(b"</Encrypt>", b"<x/></Encrypt>"),
                self.decoy() + mail.body,
                b"x" * (70 << 10) + mail.body,
                b"",
            )
        )
        return Case("an odd envelope", Rule.FORGED, replace(mail, body=body))

    def decoy(self) -> bytes:
        """Return a ciphertext that stands before the signed one, and is another also where it says
        the same: the signed one twice would be let in rightly."""
        other = letters.sealed(self._xml(), salt=b"another sixteen!")
        return f"<Encrypt><![CDATA[{other}]]></Encrypt>".encode()


TOKEN_LIKE = letters.TOKEN.upper()

# --- Ways to bend what a letter says ----------------------------------------------------------


def _some_bytes(rng: random.Random, parts: Elements) -> bytes:
    raw = bytearray(letters.written(parts))
    for _ in range(rng.randrange(1, 9)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def _truncated(rng: random.Random, parts: Elements) -> bytes:
    raw = letters.written(parts)
    return raw[: rng.randrange(len(raw))]


def _huge(rng: random.Random, parts: Elements) -> bytes:
    return letters.written(parts | {_one(rng, parts): rng.choice("9a门") * rng.choice(HUGE)})


def _entities(rng: random.Random, parts: Elements) -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    doctype = rng.choice(
        (
            f'<!DOCTYPE xml [<!ENTITY l0 "ha">{laughs}]>',
            '<!DOCTYPE xml [<!ENTITY l8 SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">',
            '<!DOCTYPE xml [<!ENTITY % p SYSTEM "file:///etc/hosts"> %p;]>',
            "<!DOCTYPE xml>",
        )
    )
    return doctype.encode() + letters.written(parts | {_one(rng, parts): "&l8;"})


def _twice(rng: random.Random, parts: Elements) -> bytes:
    name = _one(rng, parts)
    return letters.written(parts | {name: f"{parts[name]}</{name}><{name}>{parts[name]}"})


def _missing(rng: random.Random, parts: Elements) -> bytes:
    gone = _one(rng, parts)
    return letters.written({name: value for name, value in parts.items() if name != gone})


def _nested(rng: random.Random, parts: Elements) -> bytes:
    depth = rng.choice((1, 2, 3_000))
    return letters.written(parts | {_one(rng, parts): "<a>" * depth + "1" + "</a>" * depth})


def _another_type(rng: random.Random, parts: Elements) -> bytes:
    odd = rng.choice(
        (
            "", "-1", "1e309", "nan", "Infinity", "9" * 12, "9" * 40, "１２", "0x10", "1.5", "true",
            "null", "{}", "' OR 1=1 --", "%s%n", "../../etc/passwd", "<a b='c'>1</a>", "4102444800",
        )
    )  # fmt: skip
    return letters.written(parts | {_one(rng, parts): odd})


def _unwritable(rng: random.Random, parts: Elements) -> bytes:
    odd = rng.choice(
        (
            "x]]></Content><MsgType>text</MsgType>", "\x00", "\x0b", "\ud800", "\ufffe", "\u202e",
            "&#0;", "&#xD800;", "&#x10FFFF;", "&undefined;", "<![CDATA[open", "<!-- -- -->",
            "<?php x?>", "\U0001f600" * 50,
        )
    )  # fmt: skip
    return letters.written(parts | {_one(rng, parts): odd})


def _another_script(rng: random.Random, parts: Elements) -> bytes:
    raw = letters.written(parts)
    name = rng.choice(("utf-8", "utf-16", "utf-7", "gb2312", "no-such", "ascii", "utf-32", "idna"))
    head = f'<?xml version="1.0" encoding="{name}"?>'.encode()
    return rng.choice((head + raw, b"\xef\xbb\xbf" + raw, raw.decode().encode("utf-16"), raw[::-1]))


def _no_letter(rng: random.Random, parts: Elements) -> bytes:
    return rng.choice(
        (
            b"", b"<xml/>", b"<xml></xml>", b"{}", b"null", b"<html><body>hello</body></html>",
            rng.randbytes(rng.randrange(1, 400)), b"<" * 3_000, b"<xml xmlns='x:y'><y:z/></xml>",
            letters.written(parts).replace(b"xml>", b"XML>"), letters.written(parts) * 2,
        )
    )  # fmt: skip


def _other_kinds(rng: random.Random, parts: Elements) -> bytes:
    kinds = ("event", "text", "location", "voice", "TEXT", "subscribe", "link", "?")
    return letters.written(
        parts | {"MsgType": rng.choice(kinds), "Event": rng.choice((*KINDS, "x", ""))}
    )


def _one(rng: random.Random, parts: Elements) -> str:
    return rng.choice(tuple(parts))


BENDS: tuple[Callable[[random.Random, Elements], bytes], ...] = (
    _some_bytes,
    _truncated,
    _huge,
    _entities,
    _twice,
    _missing,
    _nested,
    _another_type,
    _unwritable,
    _another_script,
    _no_letter,
    _other_kinds,
)
