"""`up --once`: the main job, done unattended and read back from the inbox.

Three readers sign up through the web form, confirm through the link in their
mail and get the sample brief. They stay subscribed, so that the desk has
something to show; the next run unsubscribes them before its own three come.
"""

import email
import email.policy
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from briefs import revisions
from briefs.models import Brief, Publication
from deliveries import planning, reports, tasks
from deliveries.models import Edition
from intelbrief.inbox import mailbox
from intelbrief.ops import demo
from intelbrief.ops.visitor import Page, PageRefused, Visitor
from subscribers import consent, doorbell, scanners
from subscribers.forms import SOONEST_SECONDS
from subscribers.models import Subscription

NAMES = ("ada", "grace", "katherine")
LIMIT = 60.0  # seconds, once the services are ready
MOST_HTML = 102_400  # octets; above that some readers cut the mail, and its footer is gone


class RunFailed(RuntimeError):
    """The demonstration did not come to its end; the message says at which step."""


@dataclass
class Reader:
    """One of the three."""

    address: str
    visitor: Visitor = field(default_factory=Visitor)
    mail: EmailMessage | None = None
    seconds: float = 0.0  # from publishing until the mail was in the inbox


@dataclass(frozen=True)
class Outcome:
    """What the inbox held in the end."""

    recipients: int
    delivered: int
    subject: str
    seconds: float
    list_unsubscribe: bool
    html_bytes: int
    inbox: str


class Run:
    """One run, from sign-up to inbox."""

    def __init__(self, say: Callable[[str], None], check: Callable[[], None]) -> None:
        self.say = say
        self.check = check  # raises when a service has died
        self.deadline = time.monotonic() + LIMIT
        self.folder: Path = settings.INBOX_DIR
        newest = mailbox.entries(self.folder, limit=1)
        self.before = newest[0].id if newest else ""
        run_id = secrets.token_hex(4)
        self.readers = [Reader(f"{name}.{run_id}@example.com") for name in NAMES]

    def go(self, started_at: float) -> Outcome:
        """Do it all; raise RunFailed with the reason where anything is not as it should be.

        *started_at* is the time.monotonic() that the figure of seconds counts from.
        """
        try:
            publication = vacant_publication()
            self.sign_up(publication)
            self.confirm(publication)
            edition = self.publish(demo.make_brief(publication))
            outcome = self.read_back(edition, started_at)
        except PageRefused as error:
            raise RunFailed(str(error)) from error
        return outcome

    def sign_up(self, publication: Publication) -> None:
        """Fill in the form as three visitors do."""
        url = settings.SITE_URL + reverse("subscribers:subscribe", args=[publication.slug])
        pages = [reader.visitor.open(url) for reader in self.readers]
        # The form takes nobody for a person who is quicker than this.
        time.sleep(SOONEST_SECONDS + 0.1)
        for reader, page in zip(self.readers, pages, strict=True):
            form = page.form_with_email()
            reader.visitor.submit(page, form, **{form.email_fields[0]: reader.address})
            self.say(f"{reader.address} signed up at {url}")

    def confirm(self, publication: Publication) -> None:
        """Open the link of each confirmation mail and press the button."""
        start = f"{settings.SITE_URL}/s/confirm/"
        for reader in self.readers:
            mail = self._wait(
                f"the confirmation mail to {reader.address}",
                partial(self._mail_with, reader, start),
            )
            _confirm(reader.visitor, reader.visitor.open(_link(mail, start)))
            self.say(f"{reader.address} confirmed by the link in the mail")
        active = publication.subscriptions.filter(status=Subscription.Status.ACTIVE).count()
        if active != len(self.readers):
            raise RunFailed(f"{active} readers are subscribed instead of {len(self.readers)}.")

    def publish(self, brief: Brief) -> Edition:
        """Schedule *brief* for now, as `manage.py publish` does."""
        edition = planning.schedule(revisions.take(brief))
        doorbell.ring(tasks.tick)
        self.say(f"“{brief}” is published; edition {edition.pk} goes out")
        return edition

    def read_back(self, edition: Edition, started_at: float) -> Outcome:
        """Wait for the three mails and look at them as they lie in the inbox."""
        subject = f"{edition.brief.series}: {edition.brief.headline}"
        asked_at = time.monotonic()
        for reader in self.readers:
            reader.mail = self._wait(
                f"“{subject}” to {reader.address}",
                partial(self._brief_to, reader, subject),
            )
            reader.seconds = time.monotonic() - asked_at
            self.say(f"{reader.address} got “{subject}”")
        self._wait("the end of the edition", partial(self._is_finished, edition))
        report = reports.summary(edition)
        got = [to for to, mail in self._arrived() if _subject_of(mail) == subject]
        wanted = [reader.address for reader in self.readers]
        if sorted(got) != sorted(wanted):
            raise RunFailed(f"“{subject}” went to {sorted(got)} instead of {sorted(wanted)}.")
        if report["audience"] != len(wanted) or report["statuses"]["sent"] != len(wanted):
            raise RunFailed(f"The ledger does not say that three were sent: {report}.")
        return Outcome(
            recipients=report["audience"],
            delivered=len(got),
            subject=subject,
            seconds=round(time.monotonic() - started_at, 2),
            list_unsubscribe=all(_has_one_click(reader.mail) for reader in self.readers),
            html_bytes=max(_html_bytes(reader.mail) for reader in self.readers),
            inbox=str(self.folder),
        )

    # --- looking ---

    def _is_finished(self, edition: Edition) -> bool:
        edition.refresh_from_db()
        if edition.status in (Edition.Status.PAUSED, Edition.Status.MISSED):
            raise RunFailed(f"The edition is {edition.status}: {edition.word}")
        return edition.status == Edition.Status.FINISHED

    def _arrived(self) -> list[tuple[str, EmailMessage]]:
        """Return (address, mail) of everything that came since the run began."""
        found = []
        for entry in mailbox.entries(self.folder, limit=1_000):
            if entry.id <= self.before:
                break
            letter = mailbox.read(self.folder, entry.id)
            if letter is not None:
                found.append((entry.to, parse(letter.raw)))
        return found

    def _mail_with(self, reader: Reader, start: str) -> EmailMessage | None:
        mails = [mail for to, mail in self._arrived() if to == reader.address]
        return next((mail for mail in mails if _link(mail, start)), None)

    def _brief_to(self, reader: Reader, subject: str) -> EmailMessage | None:
        mails = [mail for to, mail in self._arrived() if to == reader.address]
        return next((mail for mail in mails if _subject_of(mail) == subject), None)

    def _wait(self, what: str, look: Callable[[], Any]) -> Any:
        while not (found := look()):
            self.check()
            if time.monotonic() > self.deadline:
                raise RunFailed(f"Waited {LIMIT:.0f} s in all, in the end for {what}.")
            time.sleep(0.05)
        return found


def vacant_publication() -> Publication:
    """Return a demonstration publication that nobody reads, making one if need be.

    Readers of earlier runs are unsubscribed first. One that has
    other readers is somebody's try-out and is left alone.
    """
    number = 1
    while True:
        slug = demo.SLUG if number == 1 else f"{demo.SLUG}-{number}"
        publication = Publication.objects.filter(slug=slug).first()
        if publication is None:
            return demo.make_publication(slug)
        for name in NAMES:
            ours = rf"^{name}\.[0-9a-f]{{8}}@example\.com$"
            for left in publication.subscriptions.filter(_READS, subscriber__address__regex=ours):
                consent.unsubscribe(left, source="demonstration")
        if not publication.subscriptions.filter(_READS).exists():
            return publication
        number += 1


_READS = Q(status__in=[Subscription.Status.ACTIVE, Subscription.Status.PAUSED])


def parse(raw: bytes) -> EmailMessage:
    """Return a stored message as the standard library reads it."""
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def lines(run: Run, outcome: Outcome) -> list[str]:
    """Return what a person wants to know of the run."""
    width = max(len(reader.address) for reader in run.readers)
    return [
        f"“{outcome.subject}” reached {outcome.delivered} of {outcome.recipients} readers:",
        *(
            f"  {reader.address:<{width}}  signed up, confirmed, got it {reader.seconds:.1f} s "
            "after it was published"
            for reader in run.readers
        ),
        f"The HTML part has {outcome.html_bytes:,} bytes. The mails lie in {outcome.inbox}",
        f"All of it took {outcome.seconds:.1f} s.",
    ]


def _confirm(visitor: Visitor, page: Page) -> None:
    """Press the button, and once more if asked to: two runs within seconds look like a scanner."""
    answer = _press(visitor, page)
    again = next((form for form in answer.forms() if "again" in form.fields), None)
    if again:
        time.sleep(scanners.SOONEST_SECONDS + 0.1)
        visitor.submit(answer, again)


def _press(visitor: Visitor, page: Page) -> Page:
    return visitor.submit(page, page.form_to_post())


def _subject_of(mail: EmailMessage) -> str:
    return str(mail["Subject"] or "")


def _link(mail: EmailMessage, start: str) -> str:
    """Return the first link in the text part that begins with *start*, or nothing."""
    part = mail.get_body(("plain",))
    text = part.get_content() if part is not None else ""
    found = re.search(re.escape(start) + r"[\w~.-]+", text)
    return found.group() if found else ""


def _has_one_click(mail: EmailMessage | None) -> bool:
    """True when the headers are those that mail clients look for (RFC 8058)."""
    assert mail
    # An encoded word in it breaks the button, so the header must stand there plainly.
    raw = next((value for name, value in mail.raw_items() if name == "List-Unsubscribe"), "")
    plain = re.match(r"<https?://[!-~]+>", str(raw).strip()) is not None
    return plain and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def _html_bytes(mail: EmailMessage | None) -> int:
    """Return the size of the HTML part; raise RunFailed where a part is missing or too large."""
    assert mail
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    if html is None or text is None:
        raise RunFailed("The mail lacks its HTML part or its text part.")
    size = len(html.get_content().encode())
    if size > MOST_HTML:
        raise RunFailed(f"The HTML part has {size:,} bytes; {MOST_HTML:,} are the most.")
    return size
