"""What is sent in a bench: an edition whose letters have the wanted size."""

from django.db import transaction

from briefs.models import Brief, Publication
from deliveries import compiling, letters
from deliveries.letters import Letter
from intelbrief.ops import population

HTML11K = 11 * 1024  # octets of the HTML part as mailed; a shorter text part stands before it


def make(publication: Publication, kind: str) -> Brief:
    """Store a brief of *kind*: "sample", or "html11k" whose HTML part has 11 kB."""
    if kind == "sample":
        return population.make_brief(publication, kind)
    size = 0
    for _step in range(4):
        raw = specimen(publication, size).as_bytes()
        missing = HTML11K - (len(raw) - raw.index(b"text/html"))
        if abs(missing) < 50:
            break
        size = max(0, size + missing)
    return population.make_brief(publication, kind, size)


def specimen(publication: Publication, size: int) -> Letter:
    """Return a letter of a brief with *size* characters of body, leaving nothing behind."""
    with transaction.atomic():
        letter = _letter(population.make_brief(publication, "html11k", size))
        transaction.set_rollback(True)
    return letter


def specimen_of(brief: Brief) -> Letter:
    """Return a letter of *brief* as it would go out, leaving nothing behind."""
    with transaction.atomic():
        letter = _letter(brief)
        transaction.set_rollback(True)
    return letter


def _letter(brief: Brief) -> Letter:
    edition = population.schedule(brief)
    edition.message_domain = brief.publication.sender_address.rpartition("@")[2]
    edition.save()
    compiling.compile_edition(edition)
    mail = letters.load(edition.pk)
    return Letter(mail, 100_000, 1, 100_000, population.address(100_000), "Reader 100000")
