"""Deleting several briefs: all of it, or nothing, and no writer's words with them."""

import pytest
from django.contrib import admin
from django.db.models import ProtectedError
from django.test import RequestFactory
from django.urls import reverse

from briefs import drafts, revisions
from briefs.models import AuditEntry, Brief, Draft
from tests.make import make_brief, make_member, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def test_a_deletion_that_is_refused_half_way_says_nothing_of_having_been_done(publication):
    """Frozen between the question and the answer: the trail told of a deletion, and drafts left."""
    wanda = make_member(publication, "writer")
    gone, stays = make_brief(publication), make_brief(publication)
    drafts.keep(wanda, gone, drafts.new_key(), {"body": "My words."}, base=0, turn=0)
    revisions.take(stays)
    request = RequestFactory().post("/")
    request.user = make_user(is_superuser=True)
    page = admin.site.get_model_admin(Brief)
    with pytest.raises(ProtectedError):
        page.delete_queryset(request, Brief.objects.filter(pk__in=[gone.pk, stays.pk]))
    assert Brief.objects.count() == 2
    assert not AuditEntry.objects.filter(verb="deleted").exists()
    assert Draft.objects.get().brief == gone


def test_drafts_of_several_deleted_briefs_outlive_them(root, publication):
    wanda = make_member(publication, "writer")
    briefs = [make_brief(publication), make_brief(publication)]
    for brief in briefs:
        drafts.keep(wanda, brief, drafts.new_key(), {"body": "My words."}, base=0, turn=0)
    chosen = {
        "action": "delete_selected",
        "_selected_action": [brief.pk for brief in briefs],
        "post": "yes",
    }
    root.post(reverse("admin:briefs_brief_changelist"), chosen)
    assert not Brief.objects.exists()
    assert Draft.objects.filter(brief=None).count() == 2
