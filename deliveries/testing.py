"""Test mails: a brief as a reader would get it, to one address, outside the ledger."""

import time

from django.conf import settings
from django.utils.translation import gettext as _

from briefs import audit, revisions
from briefs.addresses import normalise
from briefs.models import Brief, User
from briefs.rendering import Unrenderable
from deliveries import compiling, lanes, providers
from deliveries.ledger import Fate
from deliveries.letters import EditionMail, Letter


class TestMailFailed(Exception):
    """There is no such mail, or the provider did not take it; the message says why."""

    __test__ = False  # not a test case


def send_test(brief: Brief, address: str, by: User | None = None) -> None:
    """Send *brief* as it is now to *address*, marked as a test.

    Its links lead to the publication's pages, since no reader stands behind
    it. Raise InvalidAddress or TestMailFailed.
    """
    to = normalise(address).address
    revision = revisions.take(brief, by)
    publication = revision.snapshot["publication"]
    page = f"{settings.SITE_URL}/s/{publication['slug']}/"
    try:
        mail = compiling.render(revision, view=page, unsubscribe=page)
    except Unrenderable as error:
        raise TestMailFailed(str(error)) from error
    letter = Letter(
        mail=EditionMail(
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
        ),
        delivery=time.time_ns(),  # no two tests share a Message-ID
        attempt=1,
        subscription=0,
        address=to,
        name="",
    )
    try:
        with providers.opened(lanes.names()[0], providers.NullJournal()) as provider:
            outcomes = list(provider.deliver([letter]))
    except lanes.LaneTrouble as trouble:
        raise TestMailFailed(str(trouble)) from trouble
    for outcome in outcomes:
        if outcome.fate is not Fate.SENT:
            raise TestMailFailed(outcome.reply or outcome.reason)
    audit.record("tested", brief=brief, by=by, revision=revision)
