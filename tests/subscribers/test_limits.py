"""How often anybody may sign up, and what is said to who comes too often."""

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from redis import Redis

from subscribers import intake, limits
from subscribers.models import Notice, SignUp
from subscribers.origin import origin_of
from tests.make import make_publication

pytestmark = pytest.mark.django_db


@pytest.fixture
def most(settings):
    """Set some limits and take the others away."""

    def allow(**given):
        settings.SIGN_UPS_PER_HOUR = dict.fromkeys(settings.SIGN_UPS_PER_HOUR, 0) | given

    return allow


def count(ip="192.0.2.1", address="ada@example.com", publications=(1,), **more):
    named = limits.counters(ip=ip, address=address, publications=list(publications), **more)
    (verdict,) = limits.count([named])
    return verdict


def test_an_ip_address_is_told_to_wait(most):
    most(ip=2)
    assert [count().must_wait for _ in range(3)] == [False, False, True]
    assert 55 <= count().minutes <= 60
    assert not count(ip="192.0.2.2").must_wait


def test_a_network_counts_as_a_whole(most):
    most(network=2)
    assert [count(ip=f"192.0.2.{n}").must_wait for n in range(3)] == [False, False, True]
    assert not count(ip="192.0.3.1").must_wait


def test_all_addresses_of_a_household_are_one(most):
    most(ip=1)
    assert not count(ip="2001:db8:1:2::1").must_wait
    assert count(ip="2001:db8:1:2:ffff::9").must_wait
    assert not count(ip="2001:db8:1:3::1").must_wait
    assert not count(ip="192.0.2.9").must_wait
    assert count(ip="::ffff:192.0.2.9").must_wait


def test_one_mailbox_is_not_filled_by_way_of_its_tags(most):
    most(address=2)
    victims = ["ada+1@gmail.com", "A.D.A+2@GoogleMail.com", "ada@gmail.com"]
    assert [bool(count(address=one).limit) for one in victims] == [False, False, True]
    assert count(address="bo+1@harbour.example").limit is None
    assert count(address="b.o@harbour.example").limit is None
    assert count(address="bo+2@harbour.example").limit is None
    assert count(address="bo@harbour.example").limit is limits.Limit.ADDRESS


def test_who_knocks_at_a_closed_door_closes_no_other(most):
    most(ip=1, publication=2)
    for _try in range(5):
        count()
    assert count(ip="192.0.2.2").limit is None
    assert count(ip="192.0.2.3").limit is limits.Limit.PUBLICATION


def test_a_proof_of_work_opens_a_publication_that_is_full(most):
    most(publication=1)
    assert count().limit is None
    assert count().limit is limits.Limit.PUBLICATION
    assert count(proven=True).limit is None


def test_a_flood_through_another_site_closes_no_form_of_ours(most):
    most(ip=1, site=2)
    assert not count(site="blog.example").must_wait
    assert count(site="blog.example").must_wait
    assert not count().must_wait
    assert not count(ip="192.0.2.2", site="blog.example").must_wait
    assert count(ip="192.0.2.3", site="blog.example").limit is limits.Limit.SITE


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "::ffff:127.0.0.1", None])
def test_who_cannot_be_told_from_others_is_not_counted(most, ip):
    most(ip=1, network=1)
    assert not any(count(ip=ip).must_wait for _ in range(3))


@pytest.mark.parametrize(
    ("told", "ip"),
    [
        ("203.0.113.66, 198.51.100.4:4711", "198.51.100.4"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("", "192.0.2.9"),
    ],
)
def test_what_a_proxy_tells_is_read(rf, settings, told, ip):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = rf.get("/", REMOTE_ADDR="192.0.2.9", headers={"x-forwarded-for": told})
    assert origin_of(request)["ip"] == ip


def test_redis_learns_no_address(most):
    most(address=5)
    count(address="ada@example.com")
    redis = Redis.from_url(django_settings.CACHES["default"]["LOCATION"])
    keys = list(redis.scan_iter("intelbrief:sign-ups:*"))
    assert keys
    assert not any(b"ada" in key or b"example" in key for key in keys)
    assert all(0 < redis.pttl(key) <= 3_600_000 for key in keys)


def test_without_redis_the_door_stands_open(most, settings, monkeypatch):
    most(ip=1)
    monkeypatch.setattr(limits, "_link", limits._Link())
    settings.CACHES = {"default": {"LOCATION": "unix:///nowhere/redis.sock?db=1"}}
    assert not any(count().must_wait for _ in range(3))


def test_the_page_says_politely_how_long_to_wait(client, fill_in, most):
    most(ip=1)
    client.defaults["REMOTE_ADDR"] = "192.0.2.1"
    assert fill_in().status_code == 303
    answer = fill_in("eve@example.com")
    assert answer.status_code == 429
    assert "Too many sign-ups came from your network. Please try again in " in answer.text
    assert int(answer["Retry-After"]) <= 3600
    assert SignUp.objects.count() == 0
    assert Notice.objects.count() == 1


def test_who_signs_up_one_address_again_and_again_is_thanked_alike(fill_in, most):
    most(address=2)
    answers = [fill_in("ada@example.com") for _ in range(4)]
    assert {(a.status_code, a["Location"], a.content) for a in answers} == {
        (303, answers[0]["Location"], b"")
    }


def test_ten_thousand_sign_ups_for_one_victim_are_one_mail(client, stamp, most):
    """Fewer of them, through the same functions: no limit but that of the mailbox is left."""
    most()
    publications = [make_publication() for _ in range(2)]
    for number in range(60):
        publication = publications[number % 2]
        data = {"address": "victim@example.com", "stamp": stamp(publication, 60)}
        url = reverse("subscribers:subscribe", args=[publication.slug])
        client.post(url, data, REMOTE_ADDR=f"198.51.{number}.1")
        if number % 7 == 0:
            intake.note_waiting()
    intake.note_waiting()
    due = sorted(Notice.objects.values_list("due_at", flat=True))
    assert len(due) == 2
    assert (due[1] - due[0]).total_seconds() >= 3599


@pytest.mark.parametrize("is_behind_proxy", [True, False])
def test_who_comes_by_ipv4_is_one_visitor_also_where_the_server_listens_on_ipv6(
    rf, settings, is_behind_proxy
):
    settings.SECURE_PROXY_SSL_HEADER = (
        ("HTTP_X_FORWARDED_PROTO", "https") if is_behind_proxy else None
    )
    name = "HTTP_X_FORWARDED_FOR" if is_behind_proxy else "REMOTE_ADDR"
    request = rf.get("/", **{name: "::ffff:192.0.2.7"})
    assert origin_of(request)["ip"] == "192.0.2.7"
