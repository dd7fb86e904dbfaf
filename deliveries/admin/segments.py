"""Segments on the desk: rules clicked together, and how many readers meet them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs.admin.desk import DeskAdmin, allowed_ids, is_superuser, number, publication_label
from briefs.admin.widgets import INPUT, Day
from briefs.models import Publication, Topic
from briefs.roles import Verb
from deliveries import readership, segments
from deliveries.models import Edition, Segment

# What a row may say, and the field that has its value; "fact:is" are the rule's own words.
KINDS = {
    "attribute:equal": (gettext_lazy("attribute is"), "text"),
    "attribute:contains": (gettext_lazy("attribute contains"), "text"),
    "attribute:exists": (gettext_lazy("attribute is there"), ""),
    "language:equal": (gettext_lazy("language is"), "language"),
    "language:not-equal": (gettext_lazy("language is not"), "language"),
    "joined:before": (gettext_lazy("joined before"), "day"),
    "joined:after": (gettext_lazy("joined after"), "day"),
    "domain:equal": (gettext_lazy("address is at"), "text"),
    "domain:not-equal": (gettext_lazy("address is not at"), "text"),
    "topic:chosen": (gettext_lazy("has chosen the topic"), "topic"),
    "topic:not-chosen": (gettext_lazy("has not chosen the topic"), "topic"),
    "edition:got": (gettext_lazy("got the edition"), "edition"),
    "edition:not-got": (gettext_lazy("did not get the edition"), "edition"),
}


# So many editions are offered, and the one that a rule names already.
MOST_EDITIONS = 60


def _chosen(*given: Any) -> int:
    """Return the first of *given* that is the number of a row; 0 for none."""
    return next((found for value in given if (found := number(str(value or "")))), 0)


class RuleForm(forms.Form):
    """One rule; a row without a kind is none."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Rule"),
        required=False,
        choices=[("", "–"), *((kind, label) for kind, (label, _field) in KINDS.items())],
    )
    key = forms.CharField(label=gettext_lazy("Name of the attribute"), required=False)
    text = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=200)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=Day())
    topic = forms.ModelChoiceField(
        Topic.objects.none(), label=gettext_lazy("Topic"), required=False
    )
    edition = forms.ModelChoiceField(
        Edition.objects.none(), label=gettext_lazy("Edition"), required=False
    )

    def __init__(self, *args: Any, publications: frozenset[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = Publication._meta.get_field("language").choices or []
        # Each row lists them: of thousands, the page would be all choices.
        sent = Edition.objects.filter(publication__in=publications, frozen_at__isnull=False)
        latest = list(sent.values_list("pk", flat=True)[:MOST_EDITIONS])
        chosen = _chosen(self.data.get(self.add_prefix("edition")), self.initial.get("edition"))
        choices: dict[str, Any] = {
            "topic": Topic.objects.filter(publication__in=publications),
            "edition": Edition.objects.filter(
                Q(pk__in=latest) | Q(pk=chosen), publication__in=publications
            ).select_related("brief"),
        }
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = choices[name]
            elif name == "language":
                assert isinstance(field, forms.ChoiceField)
                field.choices = [("", "–"), *languages]
            field.widget.attrs["class"] = INPUT

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") and not self.errors:
            try:
                segments.checked([self.rule()])
            except segments.UnknownRule as error:
                raise forms.ValidationError(_("This rule is not complete.")) from error
        return cleaned

    def rule(self) -> segments.Rule:
        """Return the rule that this row says."""
        fact, _colon, verb = self.cleaned_data["kind"].partition(":")
        rule: segments.Rule = {"fact": fact, "is": verb}
        if fact == "attribute":
            rule["key"] = self.cleaned_data["key"].strip()
        field = KINDS[self.cleaned_data["kind"]][1]
        if field:
            value = self.cleaned_data[field]
            rule["value"] = str(getattr(value, "pk", value) or "").strip()
        return rule


def _row(rule: segments.Rule) -> dict[str, Any]:
    """Return the fields of a row that say *rule*; the opposite of RuleForm.rule()."""
    kind = f"{rule.get('fact')}:{rule.get('is')}"
    field = KINDS.get(kind, ("", ""))[1]
    row = {"kind": kind, "key": rule.get("key", "")}
    return {**row, field: rule.get("value", "")} if field else row


class SegmentForm(forms.ModelForm[Segment]):
    """What a segment is called, and whose readers it is of."""

    class Meta:
        model = Segment
        fields = ("publication", "name")

    def __init__(self, *args: Any, publications: frozenset[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["publication"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Publication.objects.filter(pk__in=publications)
        choice.widget.attrs["class"] = INPUT
        self.fields["name"].widget.attrs["class"] = INPUT
        # Its rules name topics and editions of this publication.
        choice.disabled = bool(self.instance.pk)


_Rules = formset_factory(RuleForm, extra=3, max_num=30, absolute_max=40)


@admin.register(Segment)
class SegmentAdmin(DeskAdmin[Segment]):
    """Rules in rows; a script shows of each row only what its rule needs."""

    verbs: ClassVar[dict[str, Verb | None]] = dict.fromkeys(
        ("view", "add", "change", "delete"), "publish"
    )
    list_display = ["name", "publication_name"]
    list_select_related = ["publication"]
    search_fields = ["name"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.count_view)
        url = path("<int:pk>/count/", view, name="deliveries_segment_count")
        return [url, *super().get_urls()]

    def count_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer with how many readers are in a segment; with a million this takes a moment."""
        segment = self._asked_for(request, str(pk))
        assert segment is not None  # a number was given
        try:
            found = readership.exact(segment.publication, rules=segments.rules_of(segment))
        except segments.UnknownRule:
            return JsonResponse({"readers": None})
        return JsonResponse({"readers": found.readers})

    @admin.display(description=gettext_lazy("Publication"), ordering="publication__name")
    def publication_name(self, segment: Segment) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(segment.publication)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one segment, or a new one, and store what comes back."""
        segment = self._asked_for(request, object_id)
        publications = self._publications(request)
        data = request.POST if request.method == "POST" else None
        form = SegmentForm(data, instance=segment, publications=publications)
        rules = _Rules(
            data,
            initial=[_row(rule) for rule in segment.rules] if segment else None,
            prefix="rules",
            form_kwargs={"publications": publications},
        )
        if data is not None and form.is_valid() and rules.is_valid() and _fits(form, rules):
            return self._store(request, form, rules)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Segment"),
            "opts": self.opts,
            "segment": segment,
            "form": form,
            "rules": rules,
            "is_readable": segment is not None and _is_readable(segment),
            "readers": _readers(segment) if segment else None,
            "kinds": {kind: field for kind, (_label, field) in KINDS.items()},
        }
        return TemplateResponse(request, "admin/deliveries/segment.html", context)

    def _asked_for(self, request: HttpRequest, object_id: str | None) -> Segment | None:
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return None
        if not self.has_change_permission(request):
            raise PermissionDenied
        rows: QuerySet[Segment] = self.get_queryset(request)
        segment = rows.filter(pk=number(object_id) or 0).first()
        if segment is None:
            raise Http404
        return segment

    def _publications(self, request: HttpRequest) -> frozenset[int]:
        if is_superuser(request):
            return frozenset(Publication.objects.values_list("pk", flat=True))
        return allowed_ids(request, "publish")

    def _store(
        self, request: HttpRequest, form: SegmentForm, rules: BaseFormSet[RuleForm]
    ) -> HttpResponse:
        is_new = form.instance.pk is None
        form.instance.rules = _said(rules)
        segment = form.save()
        if is_new:
            self.log_addition(request, segment, [{"added": {}}])
        else:
            self.log_change(request, segment, [{"changed": {"fields": ["rules"]}}])
        readers = _readers(segment)
        message = _("Saved; its readers are being counted.")
        if readers is not None:
            message = _("Saved: %(readers)s readers as of now.") % {"readers": f"{readers:,}"}
        messages.success(request, message)
        return HttpResponseRedirect(reverse("admin:deliveries_segment_change", args=[segment.pk]))


def _said(rules: BaseFormSet[RuleForm]) -> list[segments.Rule]:
    """Return the rules of the rows that have a kind."""
    return segments.checked([row.rule() for row in rules.forms if row.cleaned_data.get("kind")])


def _fits(form: SegmentForm, rules: BaseFormSet[RuleForm]) -> bool:
    """Tell whether there is a rule at all, and none names what is another publication's."""
    publication = form.cleaned_data["publication"]
    rows = [row for row in rules.forms if row.cleaned_data.get("kind")]
    if not rows:
        form.add_error(None, _("Add a rule: without one this would be everyone."))
    for row in rows:
        field = KINDS[row.cleaned_data["kind"]][1]
        value = row.cleaned_data.get(field) if field in ("topic", "edition") else None
        if value is not None and value.publication_id != publication.pk:
            row.add_error(field, _("This belongs to another publication."))
    return form.is_valid() and all(not row.errors for row in rows)


def _is_readable(segment: Segment) -> bool:
    try:
        segments.checked(segments.rules_of(segment))
    except segments.UnknownRule:
        return False
    return True


def _readers(segment: Segment) -> int | None:
    """Return how many are in *segment* as of now; None where that takes long to count."""
    try:
        return readership.quick(segment.publication, rules=segments.rules_of(segment)).readers
    except segments.UnknownRule:
        return None
