"""What the settings say of Django, whatever the installation: its parts, in their order.

`settings.py` takes every name in capitals from here.
"""

from pathlib import Path

from intelbrief.log_in_settings import LOG_IN_APPS

INSTALLED_APPS = [
    "unfold",
    "intelbrief.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widgets' templates, beside our own
    "anymail",
    *LOG_IN_APPS,
    "briefs",
    "subscribers",
    "deliveries",
    "analytics",
    "api",
    "intelbrief",
]

MIDDLEWARE = [
    "intelbrief.middleware.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "intelbrief.middleware.ContentSecurityPolicyMiddleware",
    "intelbrief.clean_input.EnvelopeMiddleware",
    "intelbrief.clean_input.NulMiddleware",
    "intelbrief.door.FrontDoorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "subscribers.middleware.ReaderMiddleware",
    "briefs.middleware.OldAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "intelbrief.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "intelbrief.editor_zone.EditorTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "intelbrief.log_in.middleware.DeskDoorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "intelbrief.urls"
# What letters link to: a worker that writes them need load neither the desk nor the API.
READERS_URLCONF = "intelbrief.reader_urls"
WSGI_APPLICATION = "intelbrief.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent.parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "intelbrief.log_in.context.single_sign_on",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

FORMAT_MODULE_PATH = ["intelbrief.formats"]
USE_I18N = True
USE_TZ = True

AUTH_USER_MODEL = "briefs.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

SESSION_COOKIE_HTTPONLY = True
# Not "no-referrer": with it a browser sends "Origin: null", and Django's CSRF
# check refuses every form of the admin. Pages with tokens set no-referrer themselves.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DEFAULT_EXCEPTION_REPORTER = "intelbrief.masking.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "intelbrief.masking.ReporterFilter"
