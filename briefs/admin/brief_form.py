"""The form of a brief: what may still change once it is frozen or published."""

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget

from briefs.admin.widgets import INPUT, Day, GroupChips, Growing, Markdown, Moment, TopicChips
from briefs.models import Brief, Publication
from briefs.rendering import LONGEST

FIELDS = (
    *("publication", "date", "series", "headline", "preheader", "body"),
    *("topics", "authors", "contact_block", "access", "groups", "slug"),
    *("due_at", "embargo_until", "readable_until"),
)
MOMENTS = ("due_at", "embargo_until", "readable_until")
YEARS = range(2000, 2101)


def widgets() -> dict[str, forms.Widget]:
    """Return what each field is written with, where the admin's own would not do."""
    one_line = {"class": f"{INPUT} ib-growing", "maxlength": 200}
    headline = {
        "class": "ib-headline ib-growing",
        "maxlength": 200,
        "placeholder": _("What happened, in one line"),
        "aria-describedby": "inbox-cut",
    }
    return {
        "date": Day(),
        "headline": Growing(headline),
        "preheader": Growing(one_line),
        "body": Markdown(rows=18),
        "contact_block": Markdown(rows=4),
        "access": UnfoldAdminSelectWidget(),
        "authors": UnfoldAdminSelect2MultipleWidget(),
        "topics": TopicChips(),
        "due_at": Moment(),
        "groups": GroupChips(),
        "embargo_until": Moment(),
        "readable_until": Moment(),
    }


def one_way(text: str) -> str:
    """Write line ends one way: the same words shall be the same text, whoever saved them."""
    return text.replace("\r\n", "\n")


def in_living_memory(moment: dt.datetime) -> None:
    """Refuse years that are typing errors; some of them no zone can be reckoned in."""
    if moment.year not in YEARS:
        message = _("Write a year between %(first)s and %(last)s.")
        raise forms.ValidationError(message, params={"first": YEARS[0], "last": YEARS[-1]})


def at_most(characters: int) -> MaxLengthValidator:
    """Return a check that says how long a text is; as max_length, browsers would cut a paste."""
    message = _("This has %(show_value)s characters; %(limit_value)s are the most. Shorten it.")
    return MaxLengthValidator(characters, message)


class BriefForm(forms.ModelForm[Brief]):
    """Keeps a brief where it belongs: topics, publication, and its address on the web.

    What was frozen stays with its publication, and what is published keeps
    date line and web address, since mails and other sites link to it.
    """

    class Meta:
        model = Brief
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.fields:
            return  # shown to somebody who may only look
        for name in ("body", "contact_block"):
            self.fields[name].validators.append(at_most(LONGEST))
        for name in MOMENTS:
            self.fields[name].validators.append(in_living_memory)
        self.fields["headline"].error_messages["required"] = _(
            "A brief needs a headline. Write one, even a working title, and save again."
        )
        self.fields["date"].error_messages["invalid"] = _(
            "This is no date. Write it as year, month and day: 2026-04-06."
        )
        for name in MOMENTS:
            self.fields[name].error_messages["invalid"] = _(
                "This is no date with a time. Choose both, or leave both empty."
            )
        self.fields["access"].help_text = _("Takes effect at once, also for what is published.")
        if self.is_published:
            for name in ("date", "slug"):
                field = self.fields[name]
                # Not "disabled": a browser would leave them out, and the preview needs them.
                field.widget.attrs["readonly"] = True
                field.help_text = _("A published brief keeps its web address.")

    @property
    def is_stale(self) -> bool:
        """True where somebody has saved the brief since this form was opened.

        A request that names no version was made by a program, which knows what it does.
        """
        seen = self.data.get("text_version") if self.is_bound and self.instance.pk else None
        return seen is not None and seen != str(self.instance.text_version)

    @property
    def is_published(self) -> bool:
        """True once readers may have the address of the brief's page."""
        return self.instance.published_at is not None

    def clean_body(self) -> str:
        """Return the text with line ends as they are stored; a browser posts CRLF."""
        return one_way(self.cleaned_data["body"])

    def clean_contact_block(self) -> str:
        """Return the contact block, likewise."""
        return one_way(self.cleaned_data["contact_block"])

    def clean_date(self) -> dt.date:
        """Return the date line; that of a published brief stays."""
        posted: dt.date = self.cleaned_data["date"]
        return self.instance.date if self.is_published else posted

    def clean_slug(self) -> str:
        """Return the web address; that of a published brief stays."""
        posted: str = self.cleaned_data["slug"]
        return self.instance.slug if self.is_published else posted

    def clean_publication(self) -> Publication:
        """Refuse to move what was frozen: its revisions carry the publication's name and sender."""
        posted: Publication = self.cleaned_data["publication"]
        brief = self.instance
        if brief.pk is None or brief.publication == posted:
            return posted
        if self.is_published or brief.revisions.exists():
            message = _(
                "This brief was frozen for “%(name)s” and stays there. Write a new one for "
                "“%(other)s”."
            )
            names = {"name": brief.publication, "other": posted}
            raise forms.ValidationError(message, params=names)
        return posted

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        publication = cleaned.get("publication")
        strange = [t.name for t in cleaned.get("topics", []) if t.publication != publication]
        if publication and strange:
            message = _("%(names)s: no topic of %(publication)s.")
            names = {"names": ", ".join(strange), "publication": publication}
            self.add_error("topics", forms.ValidationError(message, params=names))
        self._check_readers(cleaned)
        if self.is_stale:
            self.add_error(
                None,
                _(
                    "Nothing was saved yet: this brief was saved elsewhere since you opened it. "
                    "All that you typed is still here. Choose below what shall stand, "
                    "and press “Save with these choices”."
                ),
            )
        return cleaned

    def _check_readers(self, cleaned: dict[str, Any]) -> None:
        """Refuse groups of elsewhere, none where it is for groups, and an end before the start."""
        publication, groups = cleaned.get("publication"), cleaned.get("groups") or []
        if publication and any(group.publication != publication for group in groups):
            self.add_error("groups", _("One of these is no client group of this publication."))
        if cleaned.get("access") == Brief.Access.GROUPS and not groups:
            self.add_error("groups", _("Choose the client groups that it is for."))
        begins, ends = cleaned.get("embargo_until"), cleaned.get("readable_until")
        if begins and ends and ends <= begins:
            self.add_error("readable_until", _("It would end before its embargo does."))
