"""The passkey that is removed, unless it is the last factor where one is asked for."""

from typing import Any

from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from briefs import second_factor
from briefs.models import User
from intelbrief.log_in.adapters import FactorAdapter


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Ask, then remove; allauth asks the adapter only where an app is removed."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask whether it shall go, where it may."""
        if not second_factor.may_remove(self.get_object()):
            return _refuse(request)
        found: HttpResponse = super().get(request, *args, **kwargs)
        return found

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it; of two that are removed at once, one is seen to be the last."""
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.request.user.pk)
            if not second_factor.may_remove(self.get_object()):
                return _refuse(self.request)
            found: HttpResponse = super().form_valid(form)
        return found


def _refuse(request: HttpRequest) -> HttpResponse:
    messages.error(request, FactorAdapter.error_messages["cannot_delete_authenticator"])
    return HttpResponseRedirect(reverse("log_in_home"))


remove_passkey = RemovePasskey.as_view()
