"""Every page of the desk, looked at by axe: labels, order, contrast in light and in dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefs.models import Brief, Topic, User
from deliveries import planning, recovery, sending
from deliveries.models import Segment
from subscribers.models import Notice, Subscriber
from subscribers.suppression import suppress
from tests.desk.browsing import Desk
from tests.make import make_brief, make_edition, make_publication, make_readers, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
GRAVE = {"serious", "critical"}


def make_scene() -> None:
    """Store something for every page to show."""
    publication = make_publication()
    Topic.objects.create(publication=publication, name="Ports", slug="ports")
    Segment.objects.create(publication=publication, name="Germans", rules=[])
    make_readers(publication, 3)
    suppress("gone@example.com", "manual")
    make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    make_edition(make_brief(publication, headline="Later"), send_at=timezone.now())
    make_brief(publication, headline="A draft")
    Notice.objects.create(
        kind="editor", user=make_user(), publication=publication, subject="S", text="T"
    )


def paths() -> Iterator[str]:
    """Yield every page that the desk has for the scene."""
    yield "/admin/"
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        first: Any = page.model._default_manager.order_by("pk").first()
        if first is not None:
            yield reverse(f"{name}_change", args=[first.pk])
    draft = Brief.objects.get(headline="A draft")
    reader = Subscriber.objects.first()
    assert reader is not None
    named: dict[str, list[int]] = {
        "deliveries_send": [draft.pk],
        "deliveries_installation": [],
        "deliveries_erase": [reader.pk],
    }
    for name, arguments in named.items():
        yield reverse(f"admin:{name}", args=arguments)


def shown() -> list[str]:
    """Return those pages that may be looked at: rows of evidence cannot be added."""
    client = Client()
    client.force_login(User.objects.get(is_superuser=True))
    unique = dict.fromkeys(paths())
    return [path for path in unique if client.get(path).status_code == 200]


def test_no_page_of_the_desk_has_a_grave_fault(desk: Desk, smtp_server: Any) -> None:
    make_scene()
    axe, faults = Axe(), []
    pages = shown()
    assert len(pages) > 30
    for path in pages:
        page = desk.open(path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            options = {"resultTypes": ["violations"]}
            if scheme == "dark":
                options["runOnly"] = ["color-contrast"]
            faults += [
                f"{path} ({scheme}) {found['id']}: {found['nodes'][0]['html'][:160]}"
                for found in axe.run(page, options=options).response["violations"]
                if found["impact"] in GRAVE
            ]
    assert not faults, "\n".join(faults)
    assert not desk.wrong
