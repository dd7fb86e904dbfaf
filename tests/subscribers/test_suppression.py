"""Suppressed addresses, known by a keyed hash."""

import pytest

from briefs.addresses import InvalidAddress
from subscribers.models import Suppression
from subscribers.suppression import address_hash, is_suppressed, suppress
from tests.make import make_publication

pytestmark = pytest.mark.django_db


def test_the_hash_depends_on_the_key_of_the_installation(settings):
    settings.SUPPRESSION_KEY = "one"
    first = address_hash("ada@example.com")
    settings.SUPPRESSION_KEY = "two"
    assert len(first) == 32
    assert address_hash("ada@example.com") != first


def test_a_suppressed_address_is_known_however_it_is_written():
    publication = make_publication()
    assert suppress("Ada@Example.COM", "manual")
    assert is_suppressed(address_hash("ada@example.com"), publication)


def test_suppressing_twice_keeps_the_first_reason():
    assert suppress("ada@example.com", "bounce")
    assert not suppress("ADA@example.com", "manual")
    assert Suppression.objects.get().reason == "bounce"


def test_a_suppression_of_one_publication_leaves_the_others():
    here, elsewhere = make_publication(), make_publication()
    suppress("ada@example.com", "complaint", publication=here)
    hashed = address_hash("ada@example.com")
    assert is_suppressed(hashed, here)
    assert not is_suppressed(hashed, elsewhere)


def test_an_erased_address_is_kept_as_its_hash_alone():
    suppress("ada@example.com", "erasure")
    assert Suppression.objects.get().address == ""


def test_what_is_no_address_or_no_reason_is_refused():
    with pytest.raises(InvalidAddress):
        suppress("ada@", "manual")
    with pytest.raises(ValueError, match="no reason"):
        suppress("ada@example.com", "whim")
