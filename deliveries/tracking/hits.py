"""A hit: somebody fetched the pixel of a mail, or followed one of its links."""

from typing import NamedTuple

# Where the position of a link would stand.
PIXEL = -1  # as deliveries.models.PIXEL
CANARY = -2  # the link that no person can see: never counted, it gives its visitor away

GET, HEAD = "GET", "HEAD"
_METHODS = {"G": GET, "H": HEAD}


class Hit(NamedTuple):
    """What is known of one hit, for the seconds until it is counted.

    `visitor` is a digest of IP address and user agent under a key that is
    thrown away within a day; `kind` is what agents.kind_of() says of both.
    """

    at: int  # milliseconds of the epoch, by the clock of whoever answered
    edition: int
    position: int  # of a link, PIXEL or CANARY
    delivery: int  # 0 unless the policy is per reader
    visitor: str
    kind: str = ""
    method: str = GET

    def packed(self) -> bytes:
        """Return the hit as the stream carries it; unpack() reads it."""
        return (
            f"{self.at},{self.edition},{self.position},{self.delivery},"
            f"{self.visitor},{self.kind},{self.method[0]}"
        ).encode()


def unpack(packed: bytes) -> Hit:
    """Return the hit that packed() wrote; raise ValueError on anything else."""
    try:
        at, edition, position, delivery, visitor, kind, method = packed.decode("ascii").split(",")
        return Hit(
            int(at), int(edition), int(position), int(delivery), visitor, kind, _METHODS[method]
        )
    except (KeyError, UnicodeDecodeError) as error:
        raise ValueError("This is no hit.") from error
