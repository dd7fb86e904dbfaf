"""What a reader subscribes to."""

import re
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator, MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise

# First path segments that belong to the site (docs/configuration.md); no publication may take one.
RESERVED_SLUGS = frozenset(
    """
    admin inbox api s u v c o p webhooks healthz readyz metrics static media i18n accounts
    confirm robots.txt sitemap.xml favicon.ico search feed about
    """.split()  # noqa: SIM905  (reads better than twenty quoted words)
)


# As datetime.date.weekday() counts them.
WEEKDAYS = (
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
)


def validate_slug_is_free(value: str) -> None:
    """Refuse a slug that would hide one of the site's own pages."""
    if value.lower() in RESERVED_SLUGS:
        message = _("“%(slug)s” is an address of the site itself; take another.")
        raise ValidationError(message, params={"slug": value})


def validate_time_zone(value: str) -> None:
    """Refuse what is no name of the IANA time zone database."""
    if value not in available_timezones():
        message = _("“%(zone)s” is no time zone; write one like Europe/Berlin.")
        raise ValidationError(message, params={"zone": value})


def validate_address(value: str) -> None:
    """Refuse what mail cannot be sent to."""
    try:
        normalise(value)
    except InvalidAddress as error:
        raise ValidationError(str(error)) from error


# What turns the direction of writing makes a name read as another (UAX #9).
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("[\u2028\u2029]")


def validate_header_text(value: str) -> None:
    """Refuse characters that have no place in a header line (RFC 5322, 2.2)."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        raise ValidationError(_("Line breaks and control characters cannot stand here."))
    if without_turns(value) != value:
        message = _(
            "Something invisible in it turns the direction of writing or ends the line. Type the "
            "text instead of pasting it."
        )
        raise ValidationError(message)


def without_turns(text: str) -> str:
    """Return *text* without Unicode's line ends and its controls of direction."""
    return _LINE_ENDS.sub(" ", _TURNS.sub("", text))


class Publication(models.Model):
    """What a reader subscribes to: owns sender, look, postal address and languages."""

    class Tracking(models.TextChoices):
        OFF = "off", _("off: links go straight to their target")
        TOTALS = "totals", _("totals only: no reader can be told from another")
        PER_READER = "per-reader", _("per reader: named in the sign-up wording")

    class Frame(models.TextChoices):
        SHEET = "sheet", _("sheet: white on a shaded page")
        PLAIN = "plain", _("plain: text on the page itself")
        LETTER = "letter", _("letter: serifs, and no colour but in links")

    name = models.CharField(_("name"), max_length=120, validators=[validate_header_text])
    slug = models.SlugField(
        _("web address"),
        max_length=60,
        unique=True,
        validators=[validate_slug_is_free],
        help_text=_("The part of the address after the site: /<this>/."),
    )
    tagline = models.CharField(
        _("tagline"), max_length=200, blank=True, help_text=_("One sentence for the sign-up page.")
    )
    description = models.TextField(
        _("description"), blank=True, help_text=_("What readers get, and when. Markdown.")
    )
    series = models.CharField(
        _("series"),
        max_length=80,
        blank=True,
        validators=[validate_header_text],
        help_text=_("The standing title before each headline, as in “Daily Brief: …”."),
    )
    is_public = models.BooleanField(
        _("public"), default=True, help_text=_("Anyone may subscribe and read the briefs.")
    )

    sender_name = models.CharField(
        _("sender name"), max_length=120, blank=True, validators=[validate_header_text]
    )
    sender_address = models.CharField(
        _("sender address"), max_length=254, blank=True, validators=[validate_address]
    )
    reply_to = models.CharField(
        _("reply-to"), max_length=254, blank=True, validators=[validate_address]
    )
    postal_address = models.TextField(
        _("postal address"),
        blank=True,
        help_text=_("The law asks for one in every brief; nothing is sent while it is empty."),
    )
    contact_block = models.TextField(
        _("contact block"),
        blank=True,
        help_text=_("Stands under every brief. Markdown."),
    )

    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#1f4e79",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour like #1f4e79."))],
    )
    logo = models.ImageField(
        _("logo"),
        upload_to="logos/",
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg", "gif", "webp"])],
    )
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    tracking = models.CharField(
        _("opens and clicks"),
        max_length=10,
        choices=Tracking.choices,
        default=Tracking.TOTALS,
        help_text=_(
            "Per reader needs readers’ consent: the usual sign-up wording then names it, and one "
            "of your own has to. Who signed up before is still counted in totals only. "
            "A stricter choice holds at once, for mails on their way too."
        ),
    )
    # Since when the sign-up wording names what is noted of each reader; null: it always has.
    tracks_readers_since = models.DateTimeField(null=True, blank=True, editable=False)

    consent_wording = models.TextField(
        _("sign-up wording"),
        blank=True,
        help_text=_("What readers agree to; each change is kept with the consents given under it."),
    )
    unsubscribe_wording = models.CharField(
        _("unsubscribe wording"),
        max_length=200,
        blank=True,
        help_text=_("The words of the link at the foot of each mail."),
    )
    privacy_url = models.URLField(
        _("privacy notice"), blank=True, help_text=_("Empty: the page that comes with the site.")
    )
    imprint_url = models.URLField(
        _("imprint"), blank=True, help_text=_("Empty: the page that comes with the site.")
    )
    hold_seconds = models.PositiveIntegerField(
        _("hold before sending, in seconds"),
        default=60,
        validators=[MaxValueValidator(3600)],
        help_text=_("How long “publish now” can be taken back."),
    )
    needs_approval = models.BooleanField(
        _("two-person rule"),
        default=False,
        help_text=_("A brief goes out only once somebody who did not write it has approved it."),
    )
    # With a default of the database's own: the version before this one stores rows without it.
    requires_second_factor = models.BooleanField(
        _("second factor"),
        default=False,
        db_default=False,
        help_text=_(
            "Who works on it logs in with a passkey, or with a code beside the password; until "
            "somebody has set one up, the desk shows them nothing else."
        ),
    )
    audience_share = models.PositiveSmallIntegerField(
        _("unusual audience, in percent"),
        default=30,
        validators=[MaxValueValidator(1000)],
        help_text=_("The desk warns when an audience differs from the last one by more than this."),
    )
    frame = models.CharField(_("frame"), max_length=10, choices=Frame.choices, default=Frame.SHEET)
    header = models.CharField(
        _("line above the brief"),
        max_length=200,
        blank=True,
        validators=[validate_header_text],
        help_text=_("Stands in every mail under the name, as in “Monday to Friday”."),
    )
    footer = models.TextField(
        _("foot of every mail"), blank=True, help_text=_("Markdown; under the contact block.")
    )
    default_topics: "models.ManyToManyField[Topic, models.Model]" = models.ManyToManyField(
        "Topic",
        blank=True,
        related_name="+",
        verbose_name=_("topics of a new brief"),
    )
    welcome_shows_latest = models.BooleanField(
        _("latest brief in the welcome"),
        default=False,
        help_text=_("The welcome of a new reader brings the latest brief with it."),
    )
    digest_weekday = models.PositiveSmallIntegerField(
        _("day of the weekly digest"), choices=WEEKDAYS, default=4
    )
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the weekly digest"),
        default=16,
        validators=[MaxValueValidator(23)],
        help_text=_("In the publication’s time zone; for readers who chose it."),
    )
    shows_locked_headlines = models.BooleanField(
        _("headlines of briefs for subscribers"),
        default=False,
        help_text=_(
            "The page of a brief for subscribers tells everybody its headline, and no more."
        ),
    )
    feed_full_text = models.BooleanField(
        _("whole briefs in feeds"),
        default=True,
        help_text=_("Else the summary with a link; either way only what a reader may read."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tracking__in=["off", "totals", "per-reader"]),
                name="publication_tracking_is_known",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="publication_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(frame__in=["sheet", "plain", "letter"]),
                name="publication_frame_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(digest_weekday__lte=6, digest_hour__lte=23),
                name="publication_digest_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Store addresses in the one form they are compared and mailed in."""
        for field in ("sender_address", "reply_to"):
            value = getattr(self, field)
            if value:
                try:
                    setattr(self, field, normalise(value).address)
                except InvalidAddress:
                    continue  # the field's own validator says so


class Topic(models.Model):
    """What a reader may choose within a publication."""

    class Kind(models.TextChoices):
        SUBJECT = "subject", _("subject")
        REGION = "region", _("region")

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="topics")
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("web address"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SUBJECT)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "slug"], name="one_topic_per_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    """A name under a brief; need not be somebody who logs in."""

    name = models.CharField(_("name"), max_length=120, validators=[validate_header_text])
    slug = models.SlugField(_("web address"), max_length=120, unique=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="author",
        verbose_name=_("user"),
    )
    about = models.TextField(_("about"), blank=True)

    class Meta:
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
