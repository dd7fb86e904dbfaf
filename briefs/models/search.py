"""What of a published brief is searched, and the words that a typing mistake may have meant."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefs.models.briefs import Brief


class SearchText(models.Model):
    """The words of a brief as they stand on the web, without any markup.

    Migration 0011 hangs the index of the database on it: a table of FTS5 with
    triggers, or a column `document` with a GIN index. Whoever alters this table
    on SQLite, where that means making it anew, has to make the triggers anew.
    """

    brief = models.OneToOneField(
        Brief, models.CASCADE, primary_key=True, related_name="search_text", verbose_name=_("brief")
    )
    # Of the revision that the words were taken from: tells what is to be read again.
    digest = models.CharField(_("digest"), max_length=64)
    # PostgreSQL's name for how words of this language are reduced to their stems.
    configuration = models.CharField(_("configuration"), max_length=63, default="simple")
    headline = models.TextField(_("headline"))
    names = models.TextField(_("names"), help_text=_("Topics and authors, one a line."))
    lead = models.TextField(_("lead"), help_text=_("Preheader, key points, series, one a line."))
    body = models.TextField(_("body"))

    class Meta:
        verbose_name = _("searched text")
        verbose_name_plural = _("searched texts")

    def __str__(self) -> str:
        return self.headline


class SearchWord(models.Model):
    """A word that occurs in some brief, restricted ones too: it is shown to nobody by itself.

    `head` and `tail` are its first two and last three letters without accents: a
    word with a mistake in it shares at least one of them with what was meant.
    """

    word = models.CharField(_("word"), max_length=40, primary_key=True)
    head = models.CharField(max_length=2, db_index=True)
    tail = models.CharField(max_length=3, db_index=True)

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")

    def __str__(self) -> str:
        return self.word
