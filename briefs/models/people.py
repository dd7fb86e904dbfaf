"""Who works here: users and what they may do for which publication."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.addresses import normalise
from briefs.models.publications import Publication, validate_time_zone


class UserManager(BaseUserManager["User"]):
    """Makes users, whose log-in is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user; raise InvalidAddress for what is no address."""
        user = self.model(email=normalise(email).key, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find the user who logs in as *username*, however it is capitalised."""
        return self.get(email__iexact=(username or "").strip())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who works on a publication; logs in with an e-mail address."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    is_staff = models.BooleanField(
        _("may log in to the admin"), default=False, help_text=_("Editors need this.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this instead of deleting a colleague.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class Membership(models.Model):
    """What a user is to a publication."""

    class Role(models.TextChoices):
        WRITER = "writer", _("writer")
        EDITOR = "editor", _("editor")
        PUBLISHER = "publisher", _("publisher")
        OWNER = "owner", _("owner")

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    publication = models.ForeignKey(Publication, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.WRITER)
    weekly_summary = models.BooleanField(
        _("weekly summary"),
        default=True,
        help_text=_("Mailed on Mondays to editors, publishers and owners."),
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "publication"], name="one_role_per_publication"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["writer", "editor", "publisher", "owner"]),
                name="membership_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.publication} · {self.get_role_display()}"
