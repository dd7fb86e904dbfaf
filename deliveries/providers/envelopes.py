"""Putting a letter into wire form: its envelope for one server's abilities, and its body."""

import logging

from deliveries import returnpaths
from deliveries.lanes import LaneTrouble
from deliveries.providers.conversation import Features, Job
from deliveries.providers.verdicts import Judge, Sendable

log = logging.getLogger(__name__)


def job(letter: Sendable, features: Features, judge: Judge, bounce_domain: str = "") -> Job | None:
    """Return *letter* as it goes to a server with *features*, or None once *judge* has it.

    Bounces go to an address of the letter's own at *bounce_domain*, else to
    its sender. Raises LaneTrouble where the server takes no message of that size: every
    other copy is as large.
    """
    try:
        body = letter.as_bytes()
    except Exception as error:
        # It fails alone: its neighbours have other names and addresses.
        log.exception("Delivery %s cannot be written.", letter.delivery)
        judge.unwritable(letter, str(error) or type(error).__name__)
        return None
    options = ""
    if features.size is not None:
        if 0 < features.size < len(body):
            judge.not_accepted(letter, "")
            raise LaneTrouble(
                f"{judge.host} takes messages of {features.size} octets at most; "
                f"this one has {len(body)}."
            )
        options = f" SIZE={len(body)}"
    sender = letter.mail.sender_address
    if bounce_domain:
        sender = returnpaths.return_path(letter.delivery, bounce_domain)
    if letter.needs_smtputf8 or not sender.isascii():
        if not features.smtputf8:
            words = f"{judge.host} does not take addresses beyond ASCII (RFC 6531)."
            judge.failed(letter, "no-smtputf8", words)
            return None
        options += " BODY=8BITMIME SMTPUTF8"
    envelope = f"MAIL FROM:<{sender}>{options}\r\nRCPT TO:<{letter.address}>\r\nDATA\r\n".encode()
    if envelope.count(b"\n") != 3 or envelope.count(b"\r") != 3:
        judge.failed(letter, "bad-address", "The address holds a line break.")
        return None
    return Job(letter, envelope, body)
