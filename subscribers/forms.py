"""The sign-up forms, and how they tell readers from robots without asking them to prove it."""

import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress
from briefs.models import Publication, Topic
from briefs.models.publications import validate_header_text, without_turns
from subscribers import proof_of_work, typos, wordings
from subscribers.importing.addresses import read

SOONEST_SECONDS = 1.0  # nobody reads, types and sends faster; a script does
LATEST_SECONDS = 24 * 3600.0
# The stamp of a form on somebody else's page: it has no time, as that page is not made anew.
TIMELESS = 0
SALT = "subscribers.forms.stamp"


@lru_cache
def zones() -> frozenset[str]:
    """Return the names of all time zones; asked for each time, the disk would be searched."""
    return frozenset(available_timezones())


@lru_cache
def zones_to_choose() -> dict[str, list[tuple[str, str]]]:
    """Return the zones that people know by a city, by part of the world."""
    found: dict[str, list[tuple[str, str]]] = {}
    parts = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    for zone in sorted(zones()):
        part, _slash, place = zone.partition("/")
        if part in parts:
            found.setdefault(part, []).append((zone, place.replace("_", " ").replace("/", " – ")))
    return found


class NameField(forms.CharField):
    """A name, without what a reader cannot see in it and did not mean."""

    def to_python(self, value: Any) -> str | None:
        """Take out what turns the direction of writing; a pasted name may have brought it."""
        text = super().to_python(value)
        return without_turns(text).strip() if text else text


class _Shared(dict[str, forms.Field]):
    """The fields of a form class as those of each of its forms.

    Django copies them for each form, which takes longer than to check what was
    typed. No form of ours changes its fields.
    """

    def __deepcopy__(self, _memo: object) -> "_Shared":
        return self


class SignUpForm(forms.Form):
    """What every sign-up form asks: the address and, if the reader likes, a little more.

    Two more inputs come with it. `stamp` is signed: it says when the form was
    shown, and with which wording, so that consent is kept with the words that
    were really read. `website` is seen by no person; what fills it in is a robot.

    Language and time zone are guesses of the browser as often as choices, so
    one that we do not know is passed over and keeps nobody out.
    """

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
        error_messages={
            "required": _("Write your e-mail address, like ada@example.com."),
            "max_length": _("An e-mail address has at most 254 characters."),
        },
    )
    name = NameField(
        label=_("Name"),
        max_length=120,
        required=False,
        validators=[validate_header_text],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": _("Take at most 120 characters for the name.")},
    )
    language = forms.CharField(label=_("Language of our mails"), required=False)
    time_zone = forms.CharField(label=_("Time zone"), required=False)

    def __init__(
        self, publications: Sequence[Publication], data: Any = None, *, is_elsewhere: bool = False
    ) -> None:
        # "Use the other address" and "keep it" are buttons; the address is what they say.
        chosen = data and (data.get("correct") or data.get("keep"))
        if chosen:
            data = data.copy()
            data["address"] = chosen
        super().__init__(data)
        self.publications = publications
        self.is_elsewhere = is_elsewhere
        self.suggestion = ""  # what the address was probably meant to be
        self.asks_for_proof = False

    # --- what is asked for ------------------------------------------------

    @property
    def scope(self) -> str:
        """Return what a proof of work for this form is bound to."""
        raise NotImplementedError

    @property
    def wanted(self) -> list[Publication]:
        """Return the publications that are asked for."""
        raise NotImplementedError

    def wishes(self) -> list[dict[str, Any]]:
        """Return what is asked for, as a SignUp keeps it."""
        return [
            {"publication": publication.pk, "wording": wordings.text_of(publication)}
            for publication in self.wanted
        ]

    # --- robots -----------------------------------------------------------

    @property
    def is_robot(self) -> bool:
        """True when a field is filled in that no person can see."""
        return bool(self.data.get("website"))

    def is_proven(self) -> bool:
        """Tell whether a proof of work came along; it serves once."""
        solution = str(self.data.get("altcha") or "")
        return bool(solution) and proof_of_work.is_solved(solution, self.scope)

    @cached_property
    def digest(self) -> str:
        """Return what names the words that this form shows."""
        words = [wordings.text_of(publication) for publication in self.publications]
        return wordings.digest("\n".join(words))

    def fresh_stamp(self) -> str:
        """Return a stamp for a form that is shown now."""
        return _stamp(int(time.time() * 1000), self.digest)

    def timeless_stamp(self) -> str:
        """Return a stamp for a form on another site; it lasts as long as the wording."""
        return _stamp(TIMELESS, self.digest)

    @property
    def stamp_to_show(self) -> str:
        """Return the stamp that came in while it is good, so that waiting helps; else a new one."""
        stamp = str(self.data.get("stamp", ""))
        return stamp if self._age(stamp) is not None else self.fresh_stamp()

    # --- cleaning ---------------------------------------------------------

    def clean_address(self) -> str:
        """Refuse what mail cannot be sent to."""
        try:
            address = read(self.cleaned_data["address"]).address
        except InvalidAddress as error:
            raise ValidationError(
                _("This is not a complete e-mail address. Write it like ada@example.com.")
            ) from error
        if not address.rpartition("@")[0].isascii():
            raise ValidationError(
                _("We cannot write to addresses with accents or other letters before the @ yet.")
            )
        return address

    def clean_language(self) -> str:
        """Pass over a language that no mail of ours is written in."""
        language = str(self.cleaned_data["language"])
        return language if language in dict(settings.LANGUAGES) else ""

    def clean_time_zone(self) -> str:
        """Pass over what is no time zone."""
        zone = str(self.cleaned_data["time_zone"])
        return zone if zone in zones() else ""

    def clean(self) -> dict[str, Any]:
        """Check when the form was shown and how the address is spelt, once all else is right."""
        cleaned = super().clean() or {}
        if not self.errors:
            age = self._age(str(self.data.get("stamp", "")))
            if age is None:
                raise ValidationError(
                    gettext("This page was open for long. Please press the button again.")
                )
            if age < SOONEST_SECONDS:
                raise ValidationError(
                    gettext("That was very quick. Please press the button again.")
                )
            if not self.data.get("keep"):
                self._ask_for_slips(cleaned["address"])
        return cleaned

    def _ask_for_slips(self, address: str) -> None:
        """Ask, where the domain looks misspelt; whoever keeps it as typed is believed."""
        self.suggestion = typos.meant(address)
        if self.suggestion:
            message = _("Did you mean %(address)s?")
            raise ValidationError({"address": message % {"address": self.suggestion}})

    def _age(self, stamp: str) -> float | None:
        """Return the seconds since the form was shown; None if the stamp is not good any more."""
        found = _read_stamp(stamp)
        if found is None:
            return None
        shown_at, digest = found
        if digest != self.digest:
            return None
        if shown_at == TIMELESS:
            return LATEST_SECONDS if self.is_elsewhere else None
        age = time.time() - shown_at
        return float(age) if 0 <= age <= LATEST_SECONDS else None


def _stamp(milliseconds: int, digest: str) -> str:
    """Return a stamp of a form that was shown at Unix time *milliseconds* with these words."""
    text = f"{milliseconds:x}:{digest}"
    return f"{text}:{_mac(text)}"


def _read_stamp(stamp: str) -> tuple[float, str] | None:
    """Return when and with which words the form was shown; None where we did not write that.

    Forms that were pasted into other sites may have stamps of django.core.signing,
    which takes ten times as long.
    """
    text, _colon, mac = stamp.rpartition(":")
    if stamp.isascii() and hmac.compare_digest(_mac(text), mac):
        milliseconds, _colon, digest = text.partition(":")
        return int(milliseconds, 16) / 1000, digest
    try:
        shown_at, digest = signing.loads(stamp, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return shown_at, digest


def _mac(text: str) -> str:
    return hmac.digest(_stamp_key(settings.SECRET_KEY), text.encode(), "sha256").hex()


@lru_cache(1)
def _stamp_key(secret: str) -> bytes:
    return hashlib.sha256(f"{SALT}:{secret}".encode()).digest()


class SubscribeForm(SignUpForm):
    """The form of one publication, with its topics."""

    def __init__(
        self, publication: Publication, data: Any = None, *, is_elsewhere: bool = False
    ) -> None:
        super().__init__([publication], data, is_elsewhere=is_elsewhere)
        self.publication = publication

    @property
    def wording(self) -> str:
        """Return the words that the reader agrees to."""
        return wordings.text_of(self.publication)

    @property
    def scope(self) -> str:
        return self.publication.slug

    @property
    def wanted(self) -> list[Publication]:
        return [self.publication]

    @cached_property
    def topics(self) -> list[Topic]:
        """Return the topics to choose from."""
        return list(self.publication.topics.all())

    @cached_property
    def topics_chosen(self) -> list[int]:
        """Return the ids of the topics that were ticked; none stands for all of them."""
        ticked = _list(self.data, "topics")
        return [topic.pk for topic in self.topics if topic.slug in ticked] if ticked else []

    def wishes(self) -> list[dict[str, Any]]:
        (wish,) = super().wishes()
        return [wish | {"topics": self.topics_chosen}] if self.topics_chosen else [wish]


class ChooseForm(SignUpForm):
    """The form of all public publications: several are chosen, and confirmed by one mail."""

    @property
    def scope(self) -> str:
        return proof_of_work.EVERYWHERE

    @cached_property
    def offers(self) -> list[tuple[Publication, str, bool]]:
        """Return each publication, its wording, and whether it is ticked."""
        ticked = _list(self.data, "publications")
        return [
            (publication, wordings.text_of(publication), publication.slug in ticked)
            for publication in self.publications
        ]

    @property
    def wanted(self) -> list[Publication]:
        return [publication for publication, _words, is_ticked in self.offers if is_ticked]

    def clean(self) -> dict[str, Any]:
        """Ask for one publication at least."""
        if not self.wanted:
            raise ValidationError(gettext("Choose at least one."))
        return super().clean()


for _form in (SubscribeForm, ChooseForm):
    _form.base_fields = _Shared(_form.base_fields)


def _list(data: Any, name: str) -> Iterable[str]:
    return set(data.getlist(name)) if hasattr(data, "getlist") else ()
