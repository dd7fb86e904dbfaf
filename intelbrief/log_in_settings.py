"""What the settings say of log-in: django-allauth, django-axes, single sign-on.

`settings.py` takes every name in capitals from here, and what depends on the
environment from `single_sign_on()`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse_lazy

LOG_IN_APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
# A link to a new password; a notice that waits for a mail server gets its link when it goes out.
PASSWORD_RESET_TIMEOUT = 2 * 3600

# --- accounts: the user's own row has the address, allauth's table of addresses stays empty ---

ACCOUNT_ADAPTER = "intelbrief.log_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = str
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
# Else whoever types an address at “forgotten” has us write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# allauth's own token is bound to its table of addresses.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  (a path)
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_FORMS = {"reset_password": "intelbrief.log_in.forms.AskForPassword"}
ACCOUNT_RATE_LIMITS = {
    # Counts codes of a second factor: who may try them knows the password. Wrong passwords are
    # counted by axes, where a stranger cannot lock an editor out by the address alone.
    "login_failed": "30/m/ip,5/5m/key",
}

# --- second factors ---

MFA_ADAPTER = "intelbrief.log_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A clock that is half a minute off is common.
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "add_webauthn": "intelbrief.log_in.forms.AddPasskey",
    "authenticate": "intelbrief.log_in.forms.Factor",
    "reauthenticate": "intelbrief.log_in.forms.FactorAgain",
}

USERSESSIONS_TRACK_ACTIVITY = False  # not at each request: intelbrief.log_in.middleware does

# --- lock-out ---

AXES_HANDLER = "intelbrief.log_in.lockout.Handler"
AXES_FAILURE_LIMIT = 8
AXES_FAILURES_PER_IP = 40  # ours: an office behind one address has several who mistype
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Together: an address alone would let a stranger lock its owner out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "intelbrief.log_in.lockout.hashed_name"
AXES_CLIENT_IP_CALLABLE = "intelbrief.log_in.lockout.origin"
AXES_CLIENT_STR_CALLABLE = "intelbrief.log_in.lockout.anonymous"
AXES_LOCKOUT_CALLABLE = "intelbrief.log_in.lockout.answer"
AXES_SENSITIVE_PARAMETERS = ["login", "email", "username", "code", "credential", "next"]
AXES_DISABLE_ACCESS_LOG = True  # AccountEntry is ours
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- single sign-on ---

SOCIALACCOUNT_ADAPTER = "intelbrief.log_in.single_sign_on.Adapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"


def single_sign_on(
    *, issuer: str, client_id: str, secret: str, name: str, domains: Sequence[str]
) -> dict[str, Any]:
    """Return how the issuer is asked; nothing where none is configured.

    Raises ValueError, with what to write instead, for half a configuration and
    for an issuer whose answers anybody on the way could write.
    """
    if not issuer:
        return {}
    parts = urlsplit(issuer)
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or (parts.scheme != "https" and not is_here):
        raise ValueError(f"OIDC_ISSUER is “{issuer}”. Write it like https://login.example.org.")
    if not (client_id and secret):
        raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
    return {
        "name": name or parts.hostname,
        "client_id": client_id,
        "secret": secret,
        "domains": [domain.strip().lower().lstrip("@") for domain in domains if domain.strip()],
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
