"""The first-run checklist: what is left to do before the first brief can go out."""

from typing import NamedTuple

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefs.models import Brief, Publication
from deliveries import lanes
from deliveries.admin.send import TEST_SENT
from deliveries.models import Edition
from subscribers.models import Subscription


class Step(NamedTuple):
    """One thing to do, and the page where it is done."""

    title: str | Promise
    hint: str | Promise
    url: str
    done: bool
    note: str | Promise = ""


def steps(publications: frozenset[int]) -> list[Step]:
    """Return the steps to the first edition, done or not, in the order of doing them."""
    theirs = Publication.objects.filter(pk__in=publications)
    first = theirs.order_by("pk").first()
    add = reverse("admin:briefs_publication_add")
    form = reverse("admin:briefs_publication_change", args=[first.pk]) if first else add
    no_postal = theirs.filter(postal_address="").order_by("pk").first()
    no_sender = theirs.filter(sender_address="").order_by("pk").first()
    brief = Brief.objects.filter(publication__in=publications).order_by("-pk").first()
    send = reverse("admin:deliveries_send", args=[brief.pk]) if brief else ""
    write = reverse("admin:briefs_brief_add")
    return [
        Step(
            _("Set up a publication"),
            _("Its name, colour and sign-up page."),
            form,
            first is not None,
        ),
        Step(
            _("Write down a postal address"),
            _("The law asks for one in every brief."),
            _change(no_postal) or form,
            first is not None and no_postal is None,
        ),
        Step(
            _("Choose the sender"),
            _("An address at a domain that is yours; readers see it, and servers check it."),
            _change(no_sender) or form,
            first is not None and no_sender is None,
        ),
        _provider_step(form),
        Step(
            _("Welcome the first readers"),
            _("Share the sign-up page, or add somebody by hand."),
            reverse("admin:subscribers_subscriber_add"),
            Subscription.objects.filter(
                publication__in=publications, status=Subscription.Status.ACTIVE
            ).exists(),
        ),
        Step(
            _("Send yourself a test"),
            _("Write a brief and look at it in your own inbox."),
            send or write,
            _test_was_sent(publications),
        ),
        Step(
            _("Send the first edition"),
            _("Now, or at six in the morning."),
            send or write,
            Edition.objects.filter(publication__in=publications, frozen_at__isnull=False).exists(),
        ),
    ]


def _change(publication: Publication | None) -> str:
    if publication is None:
        return ""
    return reverse("admin:briefs_publication_change", args=[publication.pk])


def _provider_step(form: str) -> Step:
    title = _("Connect an e-mail provider")
    if settings.LOCAL_INBOX:
        return Step(
            title,
            _("Mail stays on this machine, in the local inbox. Set EMAIL_URL to send for real."),
            reverse("admin:index"),
            True,
            _("try-out"),
        )
    hint = _("Set EMAIL_PROVIDER or EMAIL_URL in the environment and restart.")
    return Step(title, hint, form, bool(lanes.names()))


def _test_was_sent(publications: frozenset[int]) -> bool:
    entries = LogEntry.objects.filter(
        Q(content_type__app_label="briefs", content_type__model="brief"),
        change_message=TEST_SENT,
    )
    briefs = {int(pk) for pk in entries.values_list("object_id", flat=True)[:200] if pk}
    return Brief.objects.filter(pk__in=briefs, publication__in=publications).exists()
