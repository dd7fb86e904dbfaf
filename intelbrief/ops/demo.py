"""The demonstration: a publication, a brief of the kind it sends, somebody who may log in."""

import datetime as dt
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import dateformat, timezone, translation

from briefs.importing import make_draft
from briefs.models import Brief, Publication, User
from briefs.plaintext import read_brief

SLUG = "demonstration"
ADMIN = "admin@example.com"
SAMPLE = Path(__file__).with_name("sample_brief.txt")
# Without what is easily mistaken for something else when it is copied from a screen.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class NewAdmin:
    """A log-in that was made just now; the password is kept nowhere else."""

    email: str
    password: str


def make_publication(slug: str = SLUG) -> Publication:
    """Store a demonstration publication under *slug*."""
    return Publication.objects.create(
        slug=slug,
        name="Meridian Daily",
        tagline="Ports, passages and the people who depend on them. One brief each morning.",
        description=(
            "Each working day at seven, one subject in five paragraphs: what happened, "
            "why it matters, and what to watch. *This publication is a demonstration: "
            "its places and its news are invented.*"
        ),
        series="Meridian Daily",
        sender_name="Meridian Daily",
        sender_address="brief@meridian.example",
        reply_to="desk@meridian.example",
        postal_address="Meridian Daily\n12 Chart Room Lane\nVeldhaven VH1 4MD",
        contact_block="Questions and corrections: [desk@meridian.example]"
        "(mailto:desk@meridian.example)",
        colour="#1d4e6b",
        language="en",
        time_zone="Europe/Brussels",
        hold_seconds=60,
    )


def seed() -> Publication | None:
    """Make the demonstration publication with a draft if there is none; return what was made.

    A second call changes nothing.
    """
    with transaction.atomic():
        if Publication.objects.exists():
            return None
        publication = make_publication()
        make_brief(publication)
    return publication


def make_brief(publication: Publication, date: dt.date | None = None) -> Brief:
    """Read the sample brief, dated today, into a draft of *publication*."""
    day = date or timezone.localdate()
    # Not strftime, whose names of months follow the locale of the process.
    with translation.override("en"):
        line = dateformat.format(day, "F j, Y")
    text = SAMPLE.read_text(encoding="utf-8").replace("{date}", line, 1)
    return make_draft(read_brief(text), publication)


def administrator() -> str:
    """Return the address of the first user who may do everything; empty if there is none."""
    first = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    return first.email if first else ""


def make_admin() -> NewAdmin | None:
    """Make a first user who may do everything; return None if there is one."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    User.objects.create_superuser(ADMIN, password, name="Admin")
    return NewAdmin(ADMIN, password)
