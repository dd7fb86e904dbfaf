"""The desk's sidebar."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar, each item where this user may see the page."""
    pages = admin.site._registry.items()
    seen = {model._meta.label_lower for model, page in pages if page.has_view_permission(request)}

    def item(title: str, icon: str, model: str) -> dict[str, Any]:
        name = model.replace(".", "_")
        return {
            "title": title,
            "icon": icon,
            "link": reverse(f"admin:{name}_changelist"),
            "permission": lambda _request: model in seen,
        }

    editions = reverse("admin:deliveries_edition_changelist")
    # They lie below the editions' address, and have entries beside theirs.
    pages_of_their_own = (
        reverse("admin:deliveries_calendar"),
        reverse("admin:deliveries_one_reader"),
    )
    home = {"title": _("Dashboard"), "icon": "space_dashboard", "link": reverse("admin:index")}
    return [
        {
            "title": _("Desk"),
            "items": [
                home,
                item(_("Briefs"), "article", "briefs.brief"),
                {
                    **item(_("Editions"), "send", "deliveries.edition"),
                    "active": lambda request: (
                        request.path.startswith(editions)
                        and not request.path.startswith(pages_of_their_own)
                    ),
                },
                {
                    "title": _("Calendar"),
                    "icon": "calendar_month",
                    "link": reverse("admin:deliveries_calendar"),
                    "permission": lambda _request: "deliveries.edition" in seen,
                },
                item(_("Reports"), "monitoring", "analytics.editionfigures"),
                item(_("Deliverability"), "monitor_heart", "analytics.trouble"),
            ],
        },
        {
            "title": _("Readers"),
            "items": [
                item(_("Readers"), "group", "subscribers.subscriber"),
                {
                    "title": _("“I got nothing”"),
                    "icon": "person_search",
                    "link": reverse("admin:deliveries_one_reader"),
                    "permission": lambda _request: "deliveries.delivery" in seen,
                },
                item(_("Client groups"), "workspaces", "briefs.clientgroup"),
                item(_("Segments"), "filter_alt", "deliveries.segment"),
                item(_("Subscriptions"), "mark_email_read", "subscribers.subscription"),
                item(_("Imports"), "upload_file", "subscribers.importrun"),
                item(_("Consent"), "verified_user", "subscribers.consentrecord"),
                item(_("Suppressions"), "block", "subscribers.suppression"),
                item(_("Sign-up forms"), "how_to_reg", "subscribers.defence"),
                item(_("Notices"), "notifications", "subscribers.notice"),
            ],
        },
        {
            "title": _("Publications"),
            "items": [
                item(_("Publications"), "newspaper", "briefs.publication"),
                item(_("Topics"), "label", "briefs.topic"),
                item(_("Authors"), "ink_pen", "briefs.author"),
                item(_("Snippets"), "text_snippet", "briefs.snippet"),
            ],
        },
        {
            "title": _("People"),
            "items": [
                item(_("Users"), "person", "briefs.user"),
                item(_("Memberships"), "badge", "briefs.membership"),
                item(_("Invitations"), "forward_to_inbox", "briefs.invitation"),
                item(_("Log-ins"), "login", "briefs.accountentry"),
                item(_("Audit trail"), "history", "briefs.auditentry"),
            ],
        },
        {
            "title": _("Other programs"),
            "items": [
                item(_("API keys"), "key", "api.apikey"),
                item(_("Webhooks"), "webhook", "api.hookendpoint"),
                item(_("Webhook messages"), "receipt_long", "api.hookmessage"),
            ],
        },
    ]
