"""Rules on what a brief must have, and may not have been left empty."""

from collections.abc import Iterator

from briefs.preflight.reading import TEXT, Reading, short
from briefs.preflight.registry import Trouble


@TEXT.error("headline-empty")
def headline_empty(text: Reading) -> Iterator[Trouble]:
    """Find a brief without a headline: its subject would say nothing."""
    if not text.lines["headline"].strip():
        yield Trouble("headline", "The brief has no headline. Write one.")


@TEXT.error("text-empty")
def text_empty(text: Reading) -> Iterator[Trouble]:
    """Find a brief with neither key points nor a body."""
    if not text["body"].strip() and not text["key_points"]:
        yield Trouble("body", "The brief says nothing yet. Write key points or a body.")


@TEXT.warning("preheader-empty")
def preheader_empty(text: Reading) -> Iterator[Trouble]:
    """Find a brief without a preheader: inboxes show the beginning of the text after the subject,
    which is rarely what would make a reader open it.
    """
    if text.lines["preheader"].strip():
        return
    mailed = (part for part in text.parts if part.where not in ("contact_block", "publication"))
    shown = next((part.words for part in mailed if part.words.strip()), "")
    if shown:
        yield Trouble(
            "preheader",
            f"Without a preheader, inboxes show “{short(shown)}” after the subject. Write one if "
            "something else should make readers open it.",
        )


@TEXT.error("contact-empty")
def contact_empty(text: Reading) -> Iterator[Trouble]:
    """Find a brief without a contact block: readers could not ask anybody."""
    if not text["contact_block"].strip():
        yield Trouble(
            "contact_block",
            "The contact block is empty. Fill it in here, or once for all briefs in the "
            "publication.",
        )


@TEXT.error("contact-unfinished")
def contact_unfinished(text: Reading) -> Iterator[Trouble]:
    """Find a contact block that ends with a colon: nobody is named after it."""
    contact = text["contact_block"].strip()
    if contact.endswith(":"):
        yield Trouble(
            "contact_block",
            f"The contact block ends with “{contact[-30:]}”, and nobody is named after it. Add "
            "whom readers shall contact.",
        )


@TEXT.error("postal-address-empty")
def postal_address_empty(text: Reading) -> Iterator[Trouble]:
    """Find a publication without a postal address, which the law asks for in every brief."""
    if not text.publication["postal_address"].strip():
        yield Trouble(
            "publication",
            f"{text.publication['name']} has no postal address, and the law asks for one in "
            "every brief. Add it to the publication.",
        )


@TEXT.error("sender-empty")
def sender_empty(text: Reading) -> Iterator[Trouble]:
    """Find a publication without a sender address: no mail can come from nobody."""
    if not text.publication["sender_address"]:
        yield Trouble(
            "publication",
            f"{text.publication['name']} has no sender address. Add it to the publication.",
        )


@TEXT.error("sender-beyond-ascii")
def sender_beyond_ascii(text: Reading) -> Iterator[Trouble]:
    """Find a sender address with letters beyond ASCII, which many servers refuse (RFC 6531)."""
    yield from _beyond_ascii(text, "sender_address", "sender")


@TEXT.error("reply-to-beyond-ascii")
def reply_to_beyond_ascii(text: Reading) -> Iterator[Trouble]:
    """Find a reply-to address with letters beyond ASCII, which many servers refuse (RFC 6531)."""
    yield from _beyond_ascii(text, "reply_to", "reply-to")


def _beyond_ascii(text: Reading, field: str, name: str) -> Iterator[Trouble]:
    if not text.publication[field].isascii():
        yield Trouble(
            "publication",
            f"The {name} address “{text.publication[field]}” has letters beyond ASCII, "
            "which many servers refuse (RFC 6531). Use another in the publication.",
        )
