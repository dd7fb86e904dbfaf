"""The form on other sites: as plain HTML, and by script."""

import json
import re

import pytest
from django.urls import reverse

from subscribers import intake
from subscribers.forms import SubscribeForm
from subscribers.models import ConsentRecord, Defence, Subscriber
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def post(client, publication):
    """Post the form as a script on another site does."""

    def send(address="ada@example.com", accept=JSON, **fields):
        url = reverse("subscribers:embed", args=[publication.slug])
        stamp = SubscribeForm(publication).timeless_stamp()
        answer = client.post(
            url,
            {"address": address, "stamp": stamp, **fields},
            headers={"accept": accept, "origin": "https://blog.example"},
        )
        intake.note_waiting()
        return answer

    return send


def test_a_script_of_any_site_may_post_and_read_the_answer(client, publication, post):
    url = reverse("subscribers:embed", args=[publication.slug])
    asked = client.options(url, headers={"origin": "https://blog.example"})
    assert asked.status_code == 204
    for answer in (asked, post()):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer
    assert "POST" in asked["Access-Control-Allow-Methods"]
    assert not client.cookies
    assert ConsentRecord.objects.get().source == "embed"


def test_our_own_form_answers_no_script_of_another_site(client, publication, fill_in):
    assert "Access-Control-Allow-Origin" not in fill_in()
    assert client.options(f"/s/{publication.slug}/").status_code == 405


def test_the_answer_to_a_script_is_one_for_all_addresses(publication, post):
    make_subscription(publication, "active@example.com")
    make_subscription(publication, "left@example.com", status="unsubscribed")
    answers = {
        (answer.status_code, answer.content)
        for answer in map(post, ("new@example.com", "active@example.com", "left@example.com"))
    }
    assert len(answers) == 1


def test_a_mistake_is_told_in_words(post):
    answer = post("ada@")
    assert answer.status_code == 422
    assert "complete e-mail address" in answer.json()["errors"]["address"]


def test_a_slip_is_asked_about_and_kept_at_the_readers_word(post):
    answer = post("ada@gmial.com")
    assert answer.json()["suggestion"] == "ada@gmail.com"
    assert not Subscriber.objects.exists()
    assert post("ada@gmial.com", keep="ada@gmial.com").json()["done"]
    assert Subscriber.objects.get().address == "ada@gmial.com"


def test_under_attack_the_script_is_given_a_puzzle(publication, post):
    Defence.objects.create(publication=publication, mode="on")
    answer = post()
    assert answer.status_code == 422
    assert set(answer.json()["proof"]) >= {"challenge", "salt", "signature", "maxnumber"}


def test_the_plain_form_leads_to_our_page(post, publication):
    answer = post(accept="text/html")
    assert answer.status_code == 303
    assert answer["Location"] == f"/s/{publication.slug}/thanks/"


def test_a_plain_form_with_old_words_shows_the_new_ones(client, publication, post, stamp):
    old = SubscribeForm(publication).timeless_stamp()
    publication.consent_wording = "New words."
    publication.save()
    answer = post(accept="text/html", stamp=old)
    assert answer.status_code == 422
    assert "New words." in answer.text
    assert 'value="ada@example.com"' in answer.text
    fresh = re.search(r'name="stamp" value="([^"]+)"', answer.text)[1]
    assert SubscribeForm(publication)._age(fresh) is not None


def test_the_stamp_of_another_site_does_not_serve_on_our_page(fill_in, publication):
    assert fill_in(stamp=SubscribeForm(publication).timeless_stamp()).status_code == 422


def test_the_script_holds_what_it_needs_and_ends_no_page(client):
    publication = make_publication(name="</script><b>", consent_wording="</script>")
    publication.topics.create(name="Ports", slug="ports")
    answer = client.get(f"/s/{publication.slug}/embed.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "</script" not in answer.text
    words = json.loads(re.search(r"var words = (.*);", answer.text)[1])
    assert words["topics"] == [["ports", "Ports"]]
    assert words["name"] == "</script><b>"


def test_an_editor_finds_what_to_paste(client, publication):
    html = client.get(f"/s/{publication.slug}/embed/").text
    assert f"/s/{publication.slug}/embed.js&quot; async" in html
    assert "&lt;form method=&quot;post&quot;" in html


def test_a_publication_that_is_not_public_is_nowhere(client):
    publication = make_publication(is_public=False)
    for name in ("embed/", "embed.js"):
        assert client.get(f"/s/{publication.slug}/{name}").status_code == 404
    assert client.post(f"/s/{publication.slug}/embed/").status_code == 404
