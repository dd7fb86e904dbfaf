"""Rules on the mail as it goes out."""

import re
from collections.abc import Iterator
from html import escape

from django.conf import settings

from briefs.preflight import Trouble
from briefs.rendering import TooDeep, TooInvolved, TooLong, TooManyFields, Unrenderable, html_octets
from deliveries import wire
from deliveries.preflight.matter import MAIL, Matter

# Gmail clips a larger HTML part, and the unsubscribe link with it.
MOST_OCTETS = 102_400
MANY_OCTETS = 80_000
LONG_HEADER = 600
LONG_LINE = 300
_ONE_CLICK = b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_TAG = re.compile(r"</?(?:p|div|span|td|tr|table|a|br|html|body)\b[^<>\n]*>", re.IGNORECASE)


@MAIL.error("unrenderable")
def unrenderable(matter: Matter) -> Iterator[Trouble]:
    """Find a text that cannot be made into a mail, for a reason that has no rule of its own."""
    kinds = (TooLong, TooDeep, TooInvolved, TooManyFields)
    if isinstance(matter.rendered, Unrenderable) and not isinstance(matter.rendered, kinds):
        yield Trouble("body", str(matter.rendered))


@MAIL.error("too-long")
def too_long(matter: Matter) -> Iterator[Trouble]:
    """Find a text with more characters than any brief: a mail of it would be cut off."""
    if isinstance(matter.rendered, TooLong):
        yield Trouble("body", str(matter.rendered))


@MAIL.error("nested-too-deep")
def nested_too_deep(matter: Matter) -> Iterator[Trouble]:
    """Find lists, quotations or HTML that are nested deeper than anybody could read."""
    if isinstance(matter.rendered, TooDeep):
        yield Trouble("body", str(matter.rendered))


@MAIL.error("too-involved")
def too_involved(matter: Matter) -> Iterator[Trouble]:
    """Find Markdown that would take too long to read, as written for that purpose."""
    if isinstance(matter.rendered, TooInvolved):
        yield Trouble("body", str(matter.rendered))


@MAIL.error("merge-too-many")
def merge_too_many(matter: Matter) -> Iterator[Trouble]:
    """Find more merge fields than a mail has slots for."""
    if isinstance(matter.rendered, TooManyFields):
        yield Trouble("body", str(matter.rendered))


@MAIL.error("too-large")
def too_large(matter: Matter) -> Iterator[Trouble]:
    """Find a mail of more than 102,400 octets, with links and values as readers get them: Gmail
    cuts it off, and the unsubscribe link with it.
    """
    if matter.mail and (octets := html_octets(matter.mail)) > MOST_OCTETS:
        yield Trouble(
            "body",
            f"The mail has {octets:,} octets, and Gmail cuts off what is over "
            f"{MOST_OCTETS:,}, with the unsubscribe link. Shorten the body.",
        )


@MAIL.warning("large")
def large(matter: Matter) -> Iterator[Trouble]:
    """Find a mail of more than 80,000 octets, which comes near to what Gmail cuts off."""
    if matter.mail and MANY_OCTETS < (octets := html_octets(matter.mail)) <= MOST_OCTETS:
        message = f"The mail has {octets:,} of at most {MOST_OCTETS:,} octets. Do not add much."
        yield Trouble("body", message)


@MAIL.warning("subject-as-mailed")
def subject_as_mailed(matter: Matter) -> Iterator[Trouble]:
    """Find a subject that grows beyond 600 octets when it is written in ASCII (RFC 2047), as one
    in another script does: some servers cut it, others take it for a trick.
    """
    if not matter.mail:
        return
    octets = len(wire.unstructured("Subject", matter.mail.subject))
    if octets > LONG_HEADER:
        yield Trouble(
            "headline",
            f"As it is mailed, the subject takes {octets} octets, since each letter beyond ASCII "
            f"takes several. Shorten it until it takes {LONG_HEADER}: some servers cut it.",
        )


@MAIL.error("text-part-empty")
def text_part_empty(matter: Matter) -> Iterator[Trouble]:
    """Find a text part that says nothing: readers without HTML, watches and filters see it only."""
    if matter.mail and (matter.text["body"].strip() or matter.text["key_points"]):
        says = "".join(
            part.words
            for part in matter.text.parts
            if part.where not in ("contact_block", "publication")
        )
        words = [*says.split(), *(i.alt for part in matter.text.parts for i in part.pictures)]
        if not any(letter.isalnum() for word in words for letter in word) or not matter.mail.text:
            yield Trouble(
                "body",
                "Without HTML and images, readers would get nothing to read. Say in words what "
                "the brief is about.",
            )


@MAIL.warning("text-part-lines")
def text_part_lines(matter: Matter) -> Iterator[Trouble]:
    """Find lines of more than 300 characters in the text part, where lines end after 72: a long
    address that is not tracked stands there, and no window shows it whole.
    """
    lines = matter.mail.text.splitlines() if matter.mail else []
    longest = max(lines, key=len, default="")
    if len(longest) > LONG_LINE:
        yield Trouble(
            "body",
            f"A line of the text part has {len(longest)} characters (“{longest[:60]}…”). Use a "
            "shorter address there.",
        )


@MAIL.warning("text-part-html")
def text_part_html(matter: Matter) -> Iterator[Trouble]:
    """Find HTML in the text part that comes from the publication's own lines: its name, its postal
    address or the words of its links.
    """
    fields = ("name", "postal_address", "unsubscribe_wording", "sender_name")
    for field in fields:
        if found := _TAG.search(matter.publication[field]):
            yield Trouble(
                "publication",
                f"The {field.replace('_', ' ')} of the publication has “{found[0]}” in it, which "
                "readers would see as it is. Take it out.",
            )


@MAIL.error("unsubscribe-missing")
def unsubscribe_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a mail without an unsubscribe link in one of its parts: the law asks for it."""
    yield from _missing(matter, matter.unsubscribe_link, "unsubscribe link")


@MAIL.error("view-missing")
def view_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a mail without the link to its web page in one of its parts: inboxes show little."""
    yield from _missing(matter, matter.view_link, "link to view it in a browser")


def _missing(matter: Matter, link: str, name: str) -> Iterator[Trouble]:
    if not matter.mail:
        return
    parts = (("HTML", matter.mail.html, escape(link)), ("text", matter.mail.text, link))
    for kind, content, wanted in parts:
        if wanted not in content:
            yield Trouble(
                "settings",
                f"The {kind} part of the mail has no {name}. Tell who looks after the site: its "
                "templates were changed.",
            )


@MAIL.error("one-click-missing")
def one_click_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a mail without the headers by which inboxes offer to unsubscribe (RFC 8058): Gmail and
    Yahoo refuse mail to many without them.
    """
    if matter.mail and (
        _ONE_CLICK not in matter.head or b"\r\nList-Unsubscribe: <" not in matter.head
    ):
        yield Trouble(
            "settings",
            "The mail has no List-Unsubscribe-Post header, and large providers refuse it. Tell "
            "who looks after the site.",
        )


@MAIL.warning("one-click-insecure")
def one_click_insecure(matter: Matter) -> Iterator[Trouble]:
    """Find a site without https: inboxes offer to unsubscribe at an https address only (RFC 8058,
    3.1). Nothing is said of a try-out on one's own machine.
    """
    if matter.unsubscribe_link.startswith("https://") or settings.SITE_IS_LOCAL:
        return
    yield Trouble(
        "settings",
        "Inboxes show no unsubscribe button, since the site has no https. Set SITE_URL to its "
        "https address.",
    )
