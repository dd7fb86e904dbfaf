"""The send screen: what goes out, to how many, what stands against it, and when."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import access, revisions, roles, workflow
from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import editor_of
from briefs.admin.widgets import INPUT, Moment
from briefs.models import Brief, User
from briefs.rendering import fill_line, fill_lines
from deliveries import (
    audience,
    planning,
    readership,
    segments,
    tallies,
    testing,
    zones,
)
from deliveries.admin import checks, moments, sign_off
from deliveries.models import Edition, Segment
from deliveries.tasks import tick
from subscribers import doorbell

NOW, LATER, READER = "now", "later", "reader"
# The first-run checklist knows a sent test by this entry in the history.
TEST_SENT = "Sent a test"


class SendForm(forms.Form):
    """When the brief goes out."""

    when = forms.ChoiceField(choices=[(NOW, ""), (LATER, ""), (READER, "")], initial=NOW)
    send_at = forms.DateTimeField(label=gettext_lazy("Date and time"), required=False)
    # A time on the wall: in no zone, and so no DateTimeField.
    local_time = forms.CharField(
        label=gettext_lazy("Date and time where each reader is"), required=False, max_length=16
    )
    segment = forms.ModelChoiceField(
        Segment.objects.none(),
        label=gettext_lazy("To whom"),
        required=False,
        empty_label=gettext_lazy("Everyone whom this brief is for"),
    )
    # The last edition that the screen knew of: a click from an older screen sends nothing.
    after = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # What the screen showed: what a colleague saved since goes out only once it has been seen.
    shown = forms.CharField(required=False)

    def __init__(self, brief: Brief, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["send_at"].widget = Moment()
        self.fields["local_time"].widget = Moment()
        segments_field = self.fields["segment"]
        assert isinstance(segments_field, forms.ModelChoiceField)
        segments_field.queryset = Segment.objects.filter(publication=brief.publication)
        segments_field.widget.attrs["class"] = INPUT

    def clean_local_time(self) -> str:
        """Return the time if it is one; it only has to be where it is used."""
        local_time: str = self.cleaned_data["local_time"]
        if self.cleaned_data.get("when") == READER:
            try:
                zones.parse(local_time)
            except zones.NotALocalTime as error:
                raise forms.ValidationError(_("Choose a date and a time.")) from error
        return local_time

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") == LATER and not self.errors:
            send_at = cleaned.get("send_at")
            if send_at is None:
                self.add_error("send_at", _("Choose a date and a time."))
            elif send_at <= timezone.now():
                self.add_error("send_at", _("That time has passed; choose a later one."))
        return cleaned


class TestForm(forms.Form):
    """Where test mails go: to colleagues by a tick, and to any other addresses."""

    __test__ = False  # not a test case

    MOST = 20

    colleagues = forms.MultipleChoiceField(
        label=gettext_lazy("Colleagues"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    address = forms.CharField(label=gettext_lazy("Send a test to"), max_length=2000, required=False)

    def __init__(self, brief: Brief, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].widget = forms.TextInput(
            {"class": INPUT, "autocomplete": "email", "inputmode": "email"}
        )
        others = User.objects.filter(
            is_active=True, memberships__publication=brief.publication_id
        ).exclude(pk=user.pk)
        choices = [(one.email, str(one)) for one in others.distinct().order_by("email")[:50]]
        field = self.fields["colleagues"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Gather the "addresses" as they are mailed, each once."""
        cleaned = super().clean() or {}
        written = re.split(r"[\s,;]+", cleaned.get("address", ""))
        given = [*cleaned.get("colleagues", []), *filter(None, written)]
        found: dict[str, str] = {}
        for text in given:
            try:
                address = normalise(text)
            except InvalidAddress as error:
                self.add_error("address", str(error))
                continue
            found.setdefault(address.key, address.address)
        if not given and not self.errors:
            self.add_error("address", _("Tick a colleague, or write an address."))
        if len(found) > self.MOST:
            message = _("A test goes to %(most)s addresses at most.")
            self.add_error("address", message % {"most": self.MOST})
        return {**cleaned, "addresses": list(found.values())}


def send_view(
    model_admin: ModelAdmin[Edition], request: HttpRequest, brief_id: int
) -> HttpResponse:
    """GET shows the screen; POST schedules the brief or sends a test, and comes back."""
    brief = get_object_or_404(Brief.objects.select_related("publication"), pk=brief_id)
    if not roles.can(request.user, "publish", brief.publication):
        raise PermissionDenied
    last = brief.editions.order_by("pk").last()
    morning = next_morning(brief)
    initial = {
        "when": LATER if access.is_embargoed(brief, timezone.now()) else NOW,
        "send_at": morning,
        "local_time": f"{morning:%Y-%m-%dT%H:%M}",
        "after": last.pk if last else 0,
    }
    send_form = SendForm(brief, initial=initial)
    user = editor_of(request)
    test_form = TestForm(brief, user, initial={"address": user.email})
    if request.method == "POST":
        if "test" in request.POST:
            test_form = TestForm(brief, user, request.POST)
            answer = _send_test(request, brief, test_form)
        else:
            send_form = SendForm(brief, request.POST)
            answer = None if "plan" in request.POST else _schedule(request, brief, send_form)
        if answer:
            return answer
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Send"),
        "opts": None,
        "send_form": send_form,
        "test_form": test_form,
        **(moments.plan(brief, send_form.data) if send_form.is_bound else {}),
        **_facts(request, brief),
    }
    return TemplateResponse(request, "admin/deliveries/send.html", context)


def next_morning(brief: Brief) -> dt.datetime:
    """Return the next six in the morning where the publication is at home, or when it may go."""
    zone = ZoneInfo(brief.publication.time_zone)
    here = timezone.now().astimezone(zone)
    six = here.replace(hour=6, minute=0, second=0, microsecond=0)
    six = six if six > here else six + dt.timedelta(days=1)
    return max(six, brief.embargo_until.astimezone(zone)) if brief.embargo_until else six


def _schedule(request: HttpRequest, brief: Brief, form: SendForm) -> HttpResponse | None:
    """Write the intent down and go to the edition's page; None leaves the screen as it is."""
    if not form.is_valid():
        return None
    user = editor_of(request)
    when = form.cleaned_data["when"]
    clock = Edition.Clock.READER if when == READER else Edition.Clock.PUBLICATION
    revision = revisions.take(brief, by=user)
    if form.cleaned_data["shown"] not in ("", _as_shown(revision.snapshot)):
        messages.error(
            request,
            _("Nothing was sent: it has changed since you opened this page. Look once more."),
        )
        return None
    try:
        edition = planning.schedule(
            revision,
            send_at=form.cleaned_data["send_at"] if when == LATER else None,
            clock=clock,
            local_time=form.cleaned_data["local_time"] if when == READER else "",
            segment=form.cleaned_data["segment"],
            hold=dt.timedelta(seconds=brief.publication.hold_seconds),
            by=user,
            after=form.cleaned_data["after"] or 0,
        )
    except planning.PreflightFailed:
        messages.error(request, _("Nothing was sent: the errors below come first."))
        return None
    except planning.TimeHasPassed:
        form.add_error("local_time", _("That time has passed wherever your readers are."))
        return None
    except segments.UnknownRule as error:
        form.add_error("segment", str(error))
        return None
    except planning.AlreadyScheduled as already:
        messages.info(request, _("This brief is on its way already; here it is."))
        return _to_edition(already.edition)
    except workflow.WrongStatus as wrong:
        messages.error(request, str(wrong))
        return None
    doorbell.ring(tick)
    _log(request, brief, f"Scheduled edition {edition.pk}")
    if when != NOW:
        day = date_format(timezone.localtime(edition.send_at), "j F Y, H:i")
        messages.success(request, _("Scheduled for %(day)s.") % {"day": day})
    return _to_edition(edition)


def _send_test(request: HttpRequest, brief: Brief, form: TestForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    addresses = form.cleaned_data["addresses"]
    try:
        testing.send_tests(brief, addresses, editor_of(request))
    except testing.TestMailFailed as failed:
        message = _("The test to %(address)s was not taken: %(words)s")
        refused = ", ".join(one for one in addresses if one not in failed.taken)
        messages.error(request, message % {"address": refused, "words": failed})
        if failed.taken:
            _log(request, brief, TEST_SENT)
        return None
    _log(request, brief, TEST_SENT)
    message = _("A test is on its way to %(address)s.")
    messages.success(request, message % {"address": ", ".join(addresses)})
    return redirect("admin:deliveries_send", brief.pk)


def _facts(request: HttpRequest, brief: Brief) -> dict[str, Any]:
    """Return what the screen says about the brief before anything is clicked."""
    publication = brief.publication
    content = revisions.snapshot(brief)
    # Digests and corrections are for others than the readers of a brief.
    editions = Edition.objects.filter(
        publication=publication, kind=Edition.Kind.BRIEF, audience__isnull=False
    )
    last = editions.exclude(brief=brief).order_by("-send_at").first()
    subject = fill_lines(revisions.text_from(content))
    open_edition = Edition.objects.filter(brief=brief, status__in=Edition.OPEN).first()
    return {
        "brief": brief,
        "publication": publication,
        "shown": _as_shown(content),
        "sender": content["publication"],
        "subject": ": ".join(part for part in (subject.series, subject.headline) if part),
        "preheader": subject.preheader or fill_line(next(iter(subject.key_points), "")),
        "audience": readership.quick(
            publication, audience.topics_of(brief), groups=audience.groups_of(brief)
        ),
        "last_edition": last,
        "last_report": tallies.of(last) if last else None,
        **checks.context(brief),
        "open_edition": open_edition,
        "signed_off": sign_off.of_brief(brief, open_edition),
        "earlier": brief.editions.filter(status=Edition.Status.FINISHED).first(),
        "editor_zone": timezone.get_current_timezone_name(),
        "hold": publication.hold_seconds,
        "can_write": roles.can(request.user, "write", publication),
        "local_inbox": settings.LOCAL_INBOX,
    }


def _as_shown(content: dict[str, Any]) -> str:
    """Return the digest of a snapshot without the web address, which the first click settles."""
    return revisions.fingerprint({**content, "slug": ""})


def _to_edition(edition: Edition) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:deliveries_edition_change", args=[edition.pk]))


def _log(request: HttpRequest, brief: Brief, words: str) -> None:
    """Keep what was done in the brief's history."""
    LogEntry.objects.log_actions(
        user_id=editor_of(request).pk,
        queryset=[brief],
        action_flag=CHANGE,
        change_message=words,
        single_object=True,
    )
