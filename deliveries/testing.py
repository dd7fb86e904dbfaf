"""Test mails: a brief as a reader would get it, to a few addresses, outside the ledger."""

import time
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from briefs import audit, corrections, revisions
from briefs.addresses import normalise
from briefs.models import Brief, Revision, User
from briefs.rendering import Unrenderable
from deliveries import compiling, lanes, providers
from deliveries.ledger import Fate
from deliveries.letters import EditionMail, Letter


class TestMailFailed(Exception):
    """There is no such mail, or the provider did not take it; the message says why.

    `taken` names the addresses that have theirs all the same.
    """

    __test__ = False  # not a test case

    def __init__(self, message: str, taken: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.taken = list(taken)


def send_test(brief: Brief, address: str, by: User | None = None) -> None:
    """Send *brief* as it is now to *address*, marked as a test.

    Raise InvalidAddress or TestMailFailed.
    """
    send_tests(brief, [address], by)


def send_tests(brief: Brief, addresses: Sequence[str], by: User | None = None) -> None:
    """Send *brief* as it is now to *addresses*, marked as a test.

    Its links lead to the publication's pages, since no reader stands behind
    it. Raise InvalidAddress or TestMailFailed; who comes after one that was
    refused gets it all the same.
    """
    to = [normalise(address).address for address in addresses]
    revision = revisions.take(brief, by)
    mail = _mail(revision)
    first = time.time_ns()  # no two tests share a Message-ID
    letters = {
        first + place: Letter(
            mail=mail, delivery=first + place, attempt=1, subscription=0, address=address, name=""
        )
        for place, address in enumerate(to)
    }
    taken, refused = [], []
    try:
        with providers.opened(lanes.names()[0], providers.NullJournal()) as provider:
            for outcome in provider.deliver(list(letters.values())):
                address = letters[outcome.delivery].address
                if outcome.fate is Fate.SENT:
                    taken.append(address)
                else:
                    refused.append(f"{address}: {outcome.reply or outcome.reason}")
    except lanes.LaneTrouble as trouble:
        refused.append(str(trouble))
    if taken:
        # By number: an audit entry outlives the erasure of an address.
        audit.record("tested", brief=brief, by=by, revision=revision, words=f"{len(taken)}")
    if refused:
        raise TestMailFailed(" ".join(refused), taken)


def _mail(revision: Revision) -> EditionMail:
    """Return the mail of *revision* for no reader; raise TestMailFailed if there is none."""
    publication = revision.snapshot["publication"]
    page = f"{settings.SITE_URL}/s/{publication['slug']}/"
    try:
        notice = corrections.mail_block(revision.brief, publication["language"])
        mail = compiling.render(revision, view=page, unsubscribe=page, notice=notice)
    except Unrenderable as error:
        raise TestMailFailed(str(error)) from error
    return EditionMail(
        edition_id=0,
        subject=_("[Test] %(subject)s") % {"subject": mail.subject},
        html=mail.html,
        text=mail.text,
        slot_prefix="no-slot-in-a-test-",
        links=0,
        sender_name=publication["sender_name"],
        sender_address=publication["sender_address"],
        reply_to=publication["reply_to"],
        list_name=publication["slug"],
        is_public=publication["is_public"],
        domain=publication["sender_address"].rpartition("@")[2],
        per_reader=False,
    )
