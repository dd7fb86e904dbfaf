"""The replies of an SMTP server, read from bytes as they come (RFC 5321, 4.2)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?!\S)")
# RFC 5321, 4.5.3.1.5 allows 512 octets a line; real servers go beyond it.
LONGEST_LINE = 8_192
# What is kept of a reply for people to read.
LONGEST_WORDS = 2_000


class Garbled(Exception):
    """What came is no reply of SMTP: nothing after it can be attributed."""


class Reply(NamedTuple):
    """One reply, its lines joined by blanks."""

    code: int
    text: str

    @property
    def kind(self) -> int:
        """The first digit: 2 yes, 3 go on, 4 later, 5 no."""
        return self.code // 100

    @property
    def enhanced(self) -> str:
        """The enhanced status code, such as "5.7.1", or "" (RFC 2034)."""
        found = _ENHANCED.match(self.text)
        # RFC 2034, 3: its class is that of the reply, else it is mere text.
        return found[0] if found and int(found[1]) == self.kind else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class Replies:
    """Turns what the socket gives, in whatever pieces, into whole replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = b""
        self._lines: list[bytes] = []
        self._length = 0

    @property
    def is_between(self) -> bool:
        """True if no part of a reply is waiting for its end."""
        return not self._rest and not self._code

    def take(self, data: bytes) -> Iterator[Reply]:
        """Yield the replies that *data* completes; raise Garbled once they end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            found = _LINE.fullmatch(line.rstrip(b"\r"))
            if not found or self._code not in (b"", found[1]):
                raise Garbled(_shown(line))
            self._keep(found[3] or b"")
            if found[2] == b"-":
                self._code = found[1]
            else:
                words = b" ".join(self._lines).decode("utf-8", "replace")
                self._code, self._lines, self._length = b"", [], 0
                yield Reply(int(found[1]), " ".join(words.split()))
        if len(self._rest) > LONGEST_LINE:
            raise Garbled(_shown(self._rest))

    def _keep(self, text: bytes) -> None:
        """Remember *text*, unless a server talks without end."""
        if self._length < LONGEST_WORDS:
            self._lines.append(text[:LONGEST_WORDS])
            self._length += len(text) + 1


def _shown(line: bytes) -> str:
    return f"no reply of SMTP: {line[:80].decode('ascii', 'backslashreplace')!r}"
