"""Corrections: a dated notice that a published brief was wrong, and what it says now."""

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from briefs import audit, revisions, text_versions, workflow
from briefs.differences import Change, Piece, Row, for_readers, plain
from briefs.models import Brief, Correction, Revision, User
from briefs.rendering import Unrenderable, fill_line, render_inline

LONGEST_NOTICE = 1_000  # characters


class NothingToCorrect(Exception):
    """The text is the one that stands on the web, or no text stands there; the message says."""


class NotANotice(ValueError):
    """A notice is empty, too long, or cannot be shown; the message says what to do."""


class Superseded(workflow.WrongStatus):
    """A text that has been corrected since must not go out any more."""


def issue(brief: Brief, notice: str, by: User | None, seen: int | None = None) -> Correction:
    """Put the text of *brief* as it stands now on the web, with a *notice* for its readers.

    *seen* is the text_version that the editor looked at: raise
    text_versions.SavedMeanwhile if somebody has saved since. Raise
    NothingToCorrect where that is the text there already, so that a second
    click does nothing; NotANotice; and as workflow.publish() does.
    """
    notice = checked(notice)
    with transaction.atomic():
        row = (
            Brief.objects.select_for_update(of=("self",), no_key=True)
            .select_related("publication", "published_revision")
            .get(pk=brief.pk)
        )
        if seen is not None and row.text_version != seen:
            raise text_versions.SavedMeanwhile(row.headline)
        wrong = _published(row)
        right = revisions.take(row, by)
        if right == wrong:
            raise NothingToCorrect(
                f"“{row}” reads on the web as it does here. Save the right text first."
            )
        workflow.publish(row, right, timezone.now())
        try:
            with transaction.atomic():
                correction = Correction.objects.create(
                    brief=row, wrong=wrong, right=right, notice=notice, by=by
                )
        except IntegrityError as error:
            raise NothingToCorrect(
                f"This very text was a correction of “{row}” before. Say in it what is new."
            ) from error
        audit.record("corrected", brief=row, by=by, revision=right, words=notice)
    brief.refresh_from_db(fields=["published_revision", "status"])
    return correction


def _published(brief: Brief) -> Revision:
    if brief.status != Brief.Status.PUBLISHED or brief.published_revision is None:
        raise NothingToCorrect(f"“{brief}” has not been published: write it anew, and send it.")
    return brief.published_revision


def checked(notice: str) -> str:
    """Return *notice* as it is stored; raise NotANotice for what no reader could read."""
    notice = " ".join(notice.split())
    if not notice:
        raise NotANotice(_("Say in a sentence what was wrong and what is right."))
    if len(notice) > LONGEST_NOTICE:
        message = _("A notice has %(most)s characters at most; this one has %(number)s.")
        raise NotANotice(message % {"most": LONGEST_NOTICE, "number": len(notice)})
    if fill_line(notice) != notice:
        raise NotANotice(_("A notice is the same for everybody: write it without merge fields."))
    try:
        shown = render_inline(notice)
    except Unrenderable as error:
        raise NotANotice(str(error)) from error
    if not shown.strip():
        raise NotANotice(_("Nothing of this notice would be seen. Write it in plain words."))
    return notice


# --- what was corrected -----------------------------------------------------


def is_superseded(revision: Revision, planned_at: dt.datetime | None = None) -> bool:
    """Tell whether *revision* was corrected, and no later correction came back to it.

    What was *planned_at* a time before the latest correction, with whatever
    other text than the right one, is superseded too: a text that was saved
    between the two stood on no page, and no correction names it.
    """
    which = Q(wrong=revision) | Q(right=revision)
    if planned_at is not None:
        which |= Q(at__gt=planned_at)
    # By number, which the lock on the brief gives out in turn: hosts' clocks may differ.
    last = Correction.objects.filter(which, brief=revision.brief_id).order_by("pk").last()
    return last is not None and last.right_id != revision.pk


def require_current(revision: Revision, planned_at: dt.datetime | None = None) -> None:
    """Raise Superseded where is_superseded() says so: it must go to nobody any more."""
    if is_superseded(revision, planned_at):
        raise Superseded(
            f"Revision {revision.number} of “{revision.brief}” has been corrected since. "
            "Open the send screen and send the text as it is now."
        )


# --- what readers are told --------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """A correction as readers are told of it, in the language that was active when it was made."""

    at: dt.datetime
    day: str
    markdown: str
    plain: str
    html: SafeString
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class _Pair:
    """Two snapshots, known by their digests: what was frozen never changes."""

    digests: tuple[str, str]
    before: dict[str, Any] = field(compare=False)
    after: dict[str, Any] = field(compare=False)


def notices(
    brief: Brief, until: dt.datetime | None = None, since: dt.datetime | None = None
) -> list[Notice]:
    """Return the corrections of *brief*, the latest first, for every channel that shows it.

    *until* leaves out what was corrected later, *since* what was by then.
    Dates and names of fields are in the active language.
    """
    rows = brief.corrections.select_related("wrong", "right")
    if until is not None:
        rows = rows.filter(at__lte=until)
    if since is not None:
        rows = rows.filter(at__gt=since)
    return [_notice(row, brief) for row in rows]


def _notice(correction: Correction, brief: Brief) -> Notice:
    wrong, right = correction.wrong, correction.right
    pair = _Pair((wrong.digest, right.digest), wrong.snapshot, right.snapshot)
    language = get_language() or "en"
    return Notice(
        at=correction.at,
        day=_day(correction.at, brief),
        markdown=correction.notice,
        plain=plain(correction.notice, targets=True),
        html=mark_safe(render_inline(correction.notice, language=language)),  # noqa: S308  (sanitised by render_inline)
        changes=_changes(pair, language),
    )


def _day(at: dt.datetime, brief: Brief) -> str:
    """Return the date by the calendar of the publication."""
    return date_format(at.astimezone(ZoneInfo(brief.publication.time_zone)), "DATE_FORMAT")


@lru_cache(maxsize=64)
def _changes(pair: _Pair, language: str) -> tuple[Change, ...]:
    return tuple(for_readers(_unmerged(pair.before), _unmerged(pair.after)))


def _unmerged(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return the texts of *snapshot* with the defaults of their merge fields: for everybody."""
    day = date_format(dt.date.fromisoformat(snapshot["date"]), "DATE_FORMAT")
    return {**{key: _filled(value) for key, value in snapshot.items()}, "date": day}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [fill_line(item) for item in value]
    return fill_line(value) if isinstance(value, str) else value


# --- in a mail --------------------------------------------------------------

# A mail has 100 kB for everything; what changed beyond this is found on the web page.
_MOST_ROWS = 8
_MOST_CHARACTERS = 400


def mail_block(
    brief: Brief,
    language: str,
    until: dt.datetime | None = None,
    since: dt.datetime | None = None,
    most: int = _MOST_ROWS,
) -> SafeString:
    """Return the notices of *brief* as HTML for the top of a mail; "" where there is none.

    Before and after stand in lines of their own: in a mail no hidden words
    can tell a screen reader what was struck out.
    """
    with translation.override(language):
        found = notices(brief, until, since)
        left = most
        blocks = []
        for notice in found:
            rows = [row for change in notice.changes for row in change.rows]
            blocks.append(_mail_notice(notice, rows[:left], has_more=len(rows) > left))
            left -= min(left, len(rows))
    return SafeString("\n".join(blocks))


def _mail_notice(notice: Notice, rows: list[Row], *, has_more: bool) -> SafeString:
    more = _("More has changed; the page on the web shows all of it.") if has_more else ""
    return format_html(
        "<h2>{}</h2>\n<p>{}</p>{}{}",
        _("Correction, %(day)s") % {"day": notice.day},
        notice.html,
        format_html_join("", "\n{}", ((_mail_row(row),) for row in rows)),
        format_html("\n<p>{}</p>", more) if more else "",
    )


def _mail_row(row: Row) -> SafeString:
    before = [piece for piece in row.pieces if piece.kind != "added"]
    after = [piece for piece in row.pieces if piece.kind != "removed"]
    lines = []
    if row.kind != "added":
        lines.append((_("Before:"), _marked(before)))
    if row.kind != "removed":
        lines.append((_("Now:"), _marked(after)))
    return format_html_join("\n", "<p><strong>{}</strong> {}</p>", lines)


def _marked(pieces: list[Piece]) -> SafeString:
    names = {"kept": "{}", "removed": "<del>{}</del>", "added": "<ins>{}</ins>"}
    shown, left = [], _MOST_CHARACTERS
    for piece in pieces:
        text = piece.text if len(piece.text) <= left else piece.text[:left].rstrip() + "…"
        shown.append(format_html(names[piece.kind], text))
        left -= len(piece.text)
        if left <= 0:
            break
    return SafeString("".join(shown))
