"""Looks at what a sink took: each reader exactly one letter, with that reader's own tokens."""

from collections import Counter

from deliveries import letters
from deliveries.letters import EditionMail
from deliveries.models import Delivery, Edition
from intelbrief.ops.sinks.recording import RecordingSink, Taken
from subscribers import tokens
from subscribers.tokens import BadToken


def verify(edition: Edition, sink: RecordingSink) -> str:
    """Return what is wrong with what *sink* took of *edition*, or nothing."""
    rows = {
        address: (pk, subscription)
        for pk, subscription, address in Delivery.objects.filter(
            edition=edition, subscriber__subscriptions__publication=edition.publication
        ).values_list("pk", "subscriber__subscriptions", "subscriber__address")
    }
    taken = list(sink.taken())
    counts = Counter(one.recipient for one in taken)
    twice = [address for address, count in counts.items() if count > 1]
    if twice or counts.keys() != rows.keys():
        missing = len(rows.keys() - counts.keys())
        foreign = len(counts.keys() - rows.keys())
        return f"{len(twice)} readers got it twice, {missing} not at all, {foreign} are unknown."
    mail = letters.load(edition.pk)
    for one in taken:
        delivery, subscription = rows[one.recipient]
        try:
            problem = _problem(one, mail, delivery, subscription)
        except BadToken as error:
            problem = str(error)
        if problem:
            return f"{one.recipient}: {problem}"
    return ""


def _problem(one: Taken, mail: EditionMail, delivery: int, subscription: int) -> str:
    """Return what is wrong with one letter, or nothing; raise BadToken."""
    edition, links = mail.edition_id, mail.links
    if one.message_id.partition("@")[0] != mail.makers.message_id(delivery).decode():
        return f"its Message-ID is {one.message_id}"
    found = Counter(kind for kind, _token in one.tokens)
    # The link that nobody sees has the token of the pixel.
    pixels = 1 if mail.pixel else 0
    if found != Counter(u=1, v=1, c=links + pixels, o=pixels):
        return f"its tokens are {dict(found)}"
    positions = set()
    for kind, token in one.tokens:
        if kind == "u" and tokens.unsubscribe.load(token) != (subscription, delivery):
            return "its unsubscribe link is another reader's"
        if kind == "v" and tokens.view.load(token) != (edition, delivery):
            return "its link to the web page is another reader's"
        if kind == "o" and tokens.pixel.load(token) != (edition, delivery):
            return "its pixel is another reader's"
        if kind == "c" and ("o", token) not in one.tokens:
            its_edition, position, its_delivery = tokens.click.load(token)
            if (its_edition, its_delivery) != (edition, delivery):
                return "a tracked link is another reader's"
            positions.add(position)
    return "" if positions == set(range(links)) else "a tracked link is missing"
