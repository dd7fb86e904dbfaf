"""All settings, read from the environment or `.env`; docs/configuration.md lists them.

Every variable may also be given as NAME_FILE, the path of a file that holds
the value. With nothing set, everything is embedded and kept in `var/`: an
SQLite database, a Valkey on a unix socket, and an inbox on this machine that
catches all mail. DATABASE_URL, REDIS_URL and an e-mail provider replace these
one by one.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv, validate

from intelbrief import env_file, log_in_settings, mail_settings, task_settings
from intelbrief.desk_look import UNFOLD as UNFOLD
from intelbrief.framework_settings import *  # noqa: F403  (settings that nobody is asked for)
from intelbrief.keys import load_or_make
from intelbrief.log_in_settings import *  # noqa: F403  (settings that nobody is asked for)
from intelbrief.logs import logging_of
from intelbrief.ops import valkey
from intelbrief.task_settings import *  # noqa: F403  (settings that nobody is asked for)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = FileAwareEnv()
_env_file = env.str("ENV_FILE", "")
env_file.refuse_broken(Path(_env_file or BASE_DIR / ".env"), is_named=bool(_env_file))
env.read_env(_env_file or str(BASE_DIR / ".env"), recurse=False)

DEBUG = env.bool("DEBUG", False)
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
try:
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    _reason = f"VAR_DIR ({VAR_DIR}) cannot be made: {error.strerror}. Set it to a folder of yours."
    raise ImproperlyConfigured(_reason) from error
RUN_DIR = VAR_DIR / "run"
# What all hosts must see, where there are several: pictures, files of imports, renditions.
SHARED_DIR = Path(env.str("SHARED_DIR", str(VAR_DIR))).resolve()

# --- the site -------------------------------------------------------------

SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or "127.0.0.1"
# A site that only this machine can reach may be embedded and make its own keys.
SITE_IS_LOCAL = SITE_HOST in ("127.0.0.1", "localhost", "::1")
HTTPS = SITE_URL.startswith("https://")
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
# Links are built from SITE_URL only; the Host header decides nothing.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [*LOOPBACK, SITE_HOST])
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- what is embedded -----------------------------------------------------

EMBEDDED_REDIS = not env.str("REDIS_URL", "")
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", "smtp" if env.str("EMAIL_URL", "") else "")
# A configured provider, or a site that the world can reach, turns the inbox off.
LOCAL_INBOX = not EMAIL_PROVIDER and not env.str("PROVIDERS", "") and SITE_IS_LOCAL
INBOX_DIR = VAR_DIR / "inbox"


def _inbox_port() -> int:
    """Return the port that the running inbox wrote down, or the usual one."""
    try:
        return int((RUN_DIR / "inbox.port").read_text())
    except (FileNotFoundError, ValueError):
        return 1025


INBOX_SMTP_PORT_GIVEN = env.int("INBOX_SMTP_PORT", 0)
INBOX_SMTP_PORT = INBOX_SMTP_PORT_GIVEN or _inbox_port()


EMBEDDED_REDIS_SOCKET = valkey.socket_path(VAR_DIR) if EMBEDDED_REDIS else ""

# --- keys -----------------------------------------------------------------

# A server for the world is told its keys; only a local try-out makes its own.
KEYS_DIR = VAR_DIR / "keys"
MAKES_KEYS = DEBUG or SITE_IS_LOCAL


def _key(name: str) -> str:
    """Return the key *name* from the environment, else from var/keys where that is allowed."""
    given = env.str(name, "")
    if given or not MAKES_KEYS:
        return given
    return load_or_make(name, KEYS_DIR)


SECRET_KEY = _key("SECRET_KEY")
# The first key signs, all of them verify: put a new one in front to rotate.
TOKEN_KEYS = [key.strip() for key in _key("TOKEN_KEYS").split(",") if key.strip()]
SUPPRESSION_KEY = _key("SUPPRESSION_KEY")
WEBHOOK_SECRET = _key("WEBHOOK_SECRET")
# The one that is in no backup: it signs them.
BACKUP_KEY = _key("BACKUP_KEY")

# --- database and cache ---------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}"),
}
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"]["CONN_MAX_AGE"] = 60
if SQLITE:
    # At Django's defaults half of a thousand concurrent transactions failed;
    # with these, none. Claims and settles raise synchronous to FULL themselves.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

if EMBEDDED_REDIS:
    _BROKER_URL = f"redis+socket://{EMBEDDED_REDIS_SOCKET}?virtual_host=0"
    _CACHE_URL = f"unix://{EMBEDDED_REDIS_SOCKET}?db=1"
else:
    _CACHE_URL = env.str("REDIS_URL")
    # redis-py and Celery write the address of a unix socket each in a way of its own.
    _BROKER_URL = _CACHE_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _CACHE_URL,
        "KEY_PREFIX": "intelbrief",
        "OPTIONS": {"pool_class": "subscribers.redis_link.Pool"},
    }
}

# How much memory each web process keeps pages of the archive in; 0 makes each page anew.
PAGE_CACHE_MB = env.int("PAGE_CACHE_MB", 32, validate=validate.Range(min=0))

# --- the web server that `manage.py up` starts ----------------------------

# One Python computes on one core at a time; two processes keep a small machine busy.
WEB_PROCESSES = env.int("WEB_PROCESSES", min(2, os.cpu_count() or 1))
# Of each process. Sign-ups that wait for the disk at a time share one write; more threads
# than this wait for one another in Python.
WEB_THREADS = env.int("WEB_THREADS", min(8, 4 * (os.cpu_count() or 1)))

# --- tasks ----------------------------------------------------------------

TICK_SECONDS = env.float("TICK_SECONDS", 3.0)
# How long a worker may be silent before another takes its batch.
LEASE_SECONDS = env.float("LEASE_SECONDS", 60.0)
# How long a lane rests that refused, and a reader whose server said "later", at first.
LANE_REST_SECONDS = env.float("LANE_REST_SECONDS", 15.0)
FIRST_RETRY_SECONDS = env.float("FIRST_RETRY_SECONDS", 300.0)
# How long a domain rests at first that put several readers off in a row; doubled each time.
DOMAIN_REST_SECONDS = env.float("DOMAIN_REST_SECONDS", 60.0)
# What pauses an edition: percent refused or bounced, percent complained; of so many letters.
BRAKE_BOUNCES = env.float("BRAKE_BOUNCES", 5.0)
BRAKE_COMPLAINTS = env.float("BRAKE_COMPLAINTS", 0.1)
BRAKE_AFTER = env.int("BRAKE_AFTER", 200)

CELERY_BROKER_URL = env.str("BROKER_URL", _BROKER_URL)
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 3)
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
# By how much the worker that `manage.py up` starts yields to pages, see nice(2): at 3 it gets
# half of what the web server gets, where both want the processor.
WORKER_NICE = env.int("WORKER_NICE", 3)
CELERY_BEAT_SCHEDULE = task_settings.schedule(TICK_SECONDS)
CELERY_BEAT_SCHEDULE_FILENAME = str(RUN_DIR / "beat")

# --- mail -----------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", "")
if LOCAL_INBOX:
    EMAIL_PROVIDER = "smtp"
    EMAIL_URL = f"smtp://127.0.0.1:{INBOX_SMTP_PORT}"

# Lanes in order of preference: {"main": {"provider": "smtp", "url": "smtp://…", "concurrency": 1}}
PROVIDERS_GIVEN: Any = env.json("PROVIDERS", None)
# Where bounces go, to an address of each delivery's own; empty: to the publication's sender.
BOUNCE_DOMAIN = env.str("BOUNCE_DOMAIN", "").strip().lower()
# A mailbox that is polled for what came back: imaps://user:password@host/INBOX.
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", "").strip()
BOUNCE_MAILBOX_DELETES = env.bool("BOUNCE_MAILBOX_DELETES", False)
# Where a mail unsubscribes, as List-Unsubscribe tells; only with an inbox that acts on it.
UNSUBSCRIBE_MAILBOX = env.str(
    "UNSUBSCRIBE_MAILBOX",
    f"unsubscribe@{BOUNCE_DOMAIN}" if BOUNCE_MAILBOX and BOUNCE_DOMAIN else "",
).strip()
# Under which names the sender's domain publishes DKIM keys; empty: as the provider usually does.
DKIM_SELECTORS: list[str] = env.list("DKIM_SELECTORS", [])
# Whether the preflight asks DNS, the servers of links and images, and the provider.
CHECK_OUTSIDE = env.bool("CHECK_OUTSIDE", True)

PROVIDERS = mail_settings.lanes_of(PROVIDERS_GIVEN, EMAIL_PROVIDER, EMAIL_URL)

ANYMAIL: dict[str, Any] = {
    **{name: env.str(name) for name in mail_settings.esp_names(PROVIDERS, os.environ)},
    "REQUESTS_TIMEOUT": (5, 30),
}
# Webhooks present any of them: put a new one in front, and drop the old one once all know it.
WEBHOOK_SECRETS = mail_settings.secrets_of(WEBHOOK_SECRET)
if WEBHOOK_SECRETS:
    ANYMAIL["WEBHOOK_SECRET"] = WEBHOOK_SECRETS

# Notices (confirmations and the like) go by django.core.mail through the first lane.
try:
    EMAIL_BACKEND, _relay = mail_settings.of_notices(PROVIDERS)
except ValueError as _error:
    raise ImproperlyConfigured(str(_error)) from _error
EMAIL_HOST, EMAIL_PORT = _relay.host, _relay.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _relay.user, _relay.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _relay.starttls, _relay.implicit_tls
# Django's default is to wait for ever.
EMAIL_TIMEOUT = 30

# --- what comes back ------------------------------------------------------

# A reader whose letters bounced for a while is suppressed after so many in a row, over so long.
TRANSIENT_BOUNCES = env.int("TRANSIENT_BOUNCES", 5, validate=validate.Range(min=1))
_some_days = validate.Range(min=0, max=1000)
TRANSIENT_BOUNCES_OVER = timedelta(
    days=env.float("TRANSIENT_BOUNCE_DAYS", 7.0, validate=_some_days)
)
# How long a report waits for the letter that it names to be found.
UNMATCHED_EVENTS_KEPT = timedelta(days=env.float("UNMATCHED_EVENT_DAYS", 3.0, validate=_some_days))

# --- people ---------------------------------------------------------------

try:
    SINGLE_SIGN_ON = log_in_settings.single_sign_on(
        issuer=env.str("OIDC_ISSUER", ""),
        client_id=env.str("OIDC_CLIENT_ID", ""),
        secret=env.str("OIDC_CLIENT_SECRET", ""),
        name=env.str("OIDC_NAME", ""),
        domains=env.list("OIDC_DOMAINS", []),
    )
except ValueError as _error:
    raise ImproperlyConfigured(str(_error)) from _error
# How long an entry of an account keeps IP address and browser, and a failed log-in itself.
LOG_IN_DAYS = env.int("LOG_IN_DAYS", 90, validate=validate.Range(min=1))
# --- sign-ups -------------------------------------------------------------

# How many sign-ups an hour are taken in, by what they are counted; 0 is any number.
# docs/signing-up.md says what happens to those above.
SIGN_UPS_PER_HOUR = {
    "ip": env.int("SIGN_UPS_PER_IP", 20),
    "network": env.int("SIGN_UPS_PER_NETWORK", 120),
    "site": env.int("SIGN_UPS_PER_SITE", 1000),
    "address": env.int("SIGN_UPS_PER_ADDRESS", 10),
    "publication": env.int("SIGN_UPS_PER_PUBLICATION", 2000),
}
# Attack mode begins where so many sign up in a quarter of an hour and this share is unconfirmed.
ATTACK_VOLUME = env.int("ATTACK_VOLUME", 50)
ATTACK_SHARE = env.float("ATTACK_SHARE", 0.8)
# How long a form may overlook that an editor has changed its publication.
DOOR_SECONDS = env.float("DOOR_SECONDS", 1.0)
# The most that a browser has to try; half of it on average.
PROOF_OF_WORK = env.int("PROOF_OF_WORK", 100_000)

# --- the API --------------------------------------------------------------

# How often a key may ask within a minute; 0 is any number. docs/api.md
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 300, validate=validate.Range(min=0))

# --- what readers leave behind --------------------------------------------

# How long a consent record keeps IP address and browser; twice as long, their network.
CONSENT_ORIGIN_DAYS = env.int("CONSENT_ORIGIN_DAYS", 365, validate=validate.Range(min=0))

# --- how long things are kept ---------------------------------------------

# How long after its end an edition has a row for each reader; 0 is for ever. docs/retention.md
DELIVERY_DAYS = env.int("DELIVERY_DAYS", 90, validate=validate.Range(min=0))
if 0 < DELIVERY_DAYS < 30:
    _reason = "DELIVERY_DAYS is less than 30: servers report on a copy for weeks. Set 30 or more."
    raise ImproperlyConfigured(_reason)
# How long single mails that are no brief are kept once they went out or were given up.
NOTICE_DAYS = env.int("NOTICE_DAYS", 90, validate=validate.Range(min=0))
# How long it is kept what webhooks were told, and how; 0 is for ever. docs/webhooks.md
HOOK_DAYS = env.int("HOOK_DAYS", 30, validate=validate.Range(min=0))

# --- languages and time ---------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]
# Codes of further languages that publications may have: docs/languages.md
_more: list[str] = env.list("MORE_LANGUAGES", [])
for _code in _more:
    if _code not in LANG_INFO:
        _reason = f"MORE_LANGUAGES names {_code!r}, which is no language of Django's. Write: ar,he."
        raise ImproperlyConfigured(_reason)
    if _code not in dict(LANGUAGES):
        LANGUAGES.append((_code, LANG_INFO[_code]["name_local"]))
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# --- files ----------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns where it is missing
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic before the first start
MEDIA_ROOT = SHARED_DIR / "media"
MEDIA_URL = "/p/"

# --- security -------------------------------------------------------------

SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", HTTPS)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
# Both reach beyond this site, to hosts that may have no https, and a preload
# takes months to undo: whoever owns the domain decides, so no check asks for it.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.bool("BEHIND_PROXY", HTTPS):
    # The proxy must set this header itself and drop what the visitor sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- who watches ----------------------------------------------------------

# Who presents it may read /metrics, and what is wrong at /readyz; without one, this machine may.
METRICS_TOKEN = env.str("METRICS_TOKEN", "").strip()
# Where faults are reported to: needs the package sentry-sdk. Empty: nowhere.
SENTRY_DSN = env.str("SENTRY_DSN", "").strip()
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", "production")
LOG_FORMAT = env.str("LOG_FORMAT", "console", validate=validate.OneOf(["console", "json"]))
LOGGING = logging_of(env.str("LOG_LEVEL", "INFO"), LOG_FORMAT)
