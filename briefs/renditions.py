"""Renditions: what a worker makes of a brief once, kept as files, and taken away when it is old.

A row of the database says what is wanted; whoever asks inserts it, a worker
claims it by one UPDATE, and the file bears the digest of all that it shows. So
two who ask cause one file, a worker that dies costs a delay, and a correction
asks for another file by itself.
"""

import datetime as dt
import logging
import os
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from briefs.models import Brief, Correction, Rendition
from briefs.pdf import printing
from briefs.pdf.sheet import Sheet, sheet_of

log = logging.getLogger(__name__)

Kind, Status = Rendition.Kind, Rendition.Status
ENDINGS = {Kind.PDF: "pdf", Kind.CARD: "png"}
MOST_ATTEMPTS = 4
# Longer than the press may take: of two workers the second finds nothing to do.
CLAIM = dt.timedelta(seconds=printing.SECONDS + 60)
FIRST_PAUSE = dt.timedelta(seconds=20)
# For so long a text counts as fresh, whose PDF is made before anybody asks.
FRESH = dt.timedelta(hours=2)
MOST_FRESH = 20
# What nothing points at is kept for a while: somebody may be reading it.
KEPT = dt.timedelta(days=1)


# --- asking -----------------------------------------------------------------


def want(brief: Brief, sheet: Sheet) -> Rendition:
    """Return the Rendition of *sheet*, which *brief* is printed as; a worker makes it."""
    row, is_new = Rendition.objects.get_or_create(
        brief=brief, kind=Kind.PDF, digest=sheet.digest, defaults={"due_at": Now()}
    )
    if is_new:
        row.refresh_from_db(fields=["due_at"])
    return row


def content(row: Rendition) -> bytes | None:
    """Return the file of *row*; None where it is not made yet, or lost, and is made again."""
    if row.status != Status.READY:
        return None
    try:
        return file_of(row.kind, row.digest).read_bytes()
    except FileNotFoundError:
        ready = Rendition.objects.filter(pk=row.pk, status=Status.READY)
        if ready.update(status=Status.WANTED, due_at=Now(), attempts=0, made_at=None):
            log.warning("The file of rendition %s is gone; it is made again.", row)
        row.refresh_from_db()
        return None


def want_fresh() -> int:
    """Ask for the PDFs of what was published or corrected lately; return how many are new."""
    since = timezone.now() - FRESH
    corrected = Correction.objects.filter(at__gte=since).values_list("brief", flat=True)
    lately = Q(published_at__gte=since) | Q(pk__in=list(corrected))
    briefs = (
        Brief.objects.filter(lately, status=Brief.Status.PUBLISHED)
        .select_related("publication", "published_revision")
        .order_by("-published_at", "-pk")[:MOST_FRESH]
    )
    sheets = [(brief, sheet_of(brief)) for brief in briefs]
    rows = Rendition.objects.filter(kind=Kind.PDF, brief__in=[brief.pk for brief, _ in sheets])
    known = set(rows.values_list("brief", "digest"))
    new = [(brief, sheet) for brief, sheet in sheets if (brief.pk, sheet.digest) not in known]
    for brief, sheet in new:
        want(brief, sheet)
    return len(new)


# --- making -----------------------------------------------------------------


def due() -> QuerySet[Rendition]:
    """Return what waits to be made, the longest first."""
    return Rendition.objects.filter(
        kind=Kind.PDF, status=Status.WANTED, due_at__lte=Now()
    ).order_by("due_at", "pk")


def make_due(seconds: float) -> bool:
    """Make what is due for about *seconds*; return whether something is left."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        row = due().first()
        if row is None:
            return False
        make(row)
    return due().exists()


def make(row: Rendition) -> bool:
    """Make the file of *row*; return False if another worker has it, or it was not made."""
    claimed = Rendition.objects.filter(
        pk=row.pk, status=Status.WANTED, due_at__lte=Now(), attempts=row.attempts
    ).update(attempts=F("attempts") + 1, due_at=Now() + CLAIM)
    if not claimed:
        return False
    row.refresh_from_db()
    ours = Rendition.objects.filter(pk=row.pk, status=Status.WANTED, attempts=row.attempts)
    if row.attempts > MOST_ATTEMPTS:
        # Each worker that had it ended in the middle: it shall end no more of them.
        ours.update(status=Status.FAILED, error=row.error or "The worker ended each time.")
        return False
    brief = Brief.objects.select_related("publication", "published_revision").get(pk=row.brief_id)
    sheet = sheet_of(brief) if brief.published_revision_id else None
    if sheet is None or sheet.digest != row.digest:
        ours.delete()  # it reads otherwise by now, which is asked for by another row
        return False
    try:
        made = printing.print_sheet(sheet)
        keep_file(file_of(row.kind, row.digest), made)
    except (printing.NotPrinted, OSError) as error:
        _put_off(ours, row, error)
        return False
    done = ours.update(status=Status.READY, made_at=Now(), octets=len(made), error="")
    return bool(done)


def _put_off(ours: QuerySet[Rendition], row: Rendition, error: Exception) -> None:
    """Try *row* again later, or never more."""
    words = f"{type(error).__name__}: {error}"
    is_final = isinstance(error, printing.Unprintable) or row.attempts >= MOST_ATTEMPTS
    log.warning("No PDF of brief %s (attempt %s): %s", row.brief_id, row.attempts, words)
    if is_final:
        ours.update(status=Status.FAILED, error=words)
    else:
        ours.update(due_at=Now() + FIRST_PAUSE * 4 ** (row.attempts - 1), error=words)


# --- files ------------------------------------------------------------------


def folder_of(kind: str) -> Path:
    """Return where files of *kind* lie: outside of all that the web server gives away."""
    return Path(settings.SHARED_DIR) / "renditions" / kind


def file_of(kind: str, digest: str) -> Path:
    """Return the file of a rendition, whether it is there or not."""
    return folder_of(kind) / f"{digest}.{ENDINGS[Kind(kind)]}"


def keep_file(file: Path, made: bytes) -> None:
    """Write *file* whole or not at all: two may make it at once, and one may be killed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(made)
            part.flush()
            # Else a loss of power leaves the name, and nothing in it.
            os.fsync(handle)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


# --- tidying ----------------------------------------------------------------


def tidy() -> int:
    """Take away rows that a later one has followed, and files without a row; return how many.

    What failed is forgotten too, so that who asks after a day has it tried again.
    """
    old = Now() - KEPT
    gone, _each = Rendition.objects.filter(status=Status.FAILED, due_at__lt=old).delete()
    for kind in Kind.values:
        rows = Rendition.objects.filter(kind=kind)
        last = rows.values("brief").annotate(last=Max("pk")).values("last")
        gone += rows.exclude(pk__in=last).filter(created_at__lt=old).delete()[0]
        gone += _drop_files(kind)
    return gone


def _drop_files(kind: str) -> int:
    folder, gone = folder_of(kind), 0
    if not folder.is_dir():
        return 0
    until = time.time() - KEPT.total_seconds()
    old = [entry for entry in os.scandir(folder) if entry.stat().st_mtime < until]
    for first in range(0, len(old), 500):
        some = {Path(entry.path): Path(entry.name).stem for entry in old[first : first + 500]}
        found = Rendition.objects.filter(kind=kind, digest__in=some.values())
        named = set(found.values_list("digest", flat=True))
        for file, digest in some.items():
            if digest not in named or file.suffix == ".part":
                file.unlink(missing_ok=True)
                gone += 1
    return gone
