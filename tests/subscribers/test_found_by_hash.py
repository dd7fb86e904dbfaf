"""Evidence without an index of all hashes: who moved, and who is gone, is found all the same."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from briefs.models.append_only import opened
from deliveries import privacy
from subscribers import consent, moving, undoing
from subscribers.importing import copying, loading, running
from subscribers.importing.rows import Row
from subscribers.models import ConsentRecord, ImportRun, Notice, Subscriber, Suppression
from subscribers.story import evidence_under, story
from subscribers.suppression import address_hash
from tests.make import make_publication, make_user

NOWHERE = {"ip": None, "user_agent": ""}
OLD, NEW = "old@harbour.example", "new@harbour.example"


def join(address, publication):
    return consent.add_by_hand(publication, address, basis="A letter", by=make_user())


def move(subscription, address):
    """Have the reader move to *address*; return the record of it."""
    moving.ask(subscription, address)
    moving.move(Notice.objects.get(address=address, record=None), origin=NOWHERE)
    subscription.refresh_from_db()
    return ConsentRecord.objects.latest("pk")


def refused_as_moved(publication, *addresses):
    rows = []
    for number, address in enumerate(addresses, start=1):
        row = Row(number, moving.normalise(address))
        row.hash = address_hash(address)
        rows.append(row)
    known = loading.load(rows, publication, lock=False)
    return {key for key, one in known.items() if one.has_moved}


@pytest.mark.django_db
def test_every_address_that_a_reader_moved_away_from_is_known_to_an_import():
    publication, other = make_publication(), make_publication()
    subscription = join(OLD, publication)
    move(subscription, NEW)
    move(subscription, "newer@harbour.example")
    every = (OLD, NEW, "newer@harbour.example", "nobody@harbour.example")
    assert refused_as_moved(publication, *every) == {OLD, NEW}
    assert refused_as_moved(other, *every) == set()


@pytest.mark.django_db
def test_an_import_does_not_bring_in_the_address_that_a_thief_moved_a_reader_to():
    publication = make_publication()
    subscription = join(OLD, publication)
    made = move(subscription, NEW)
    assert undoing.undo(made, subscription, origin=NOWHERE)
    assert refused_as_moved(publication, OLD, NEW) == {NEW}


@pytest.mark.django_db
def test_evidence_is_found_under_old_addresses_and_of_who_is_gone(mailoutbox):
    publication = make_publication()
    subscription = join(OLD, publication)
    move(subscription, NEW)
    old, new = {address_hash(OLD)}, {address_hash(NEW)}
    kinds = ConsentRecord.objects.values_list("kind", flat=True)
    assert list(kinds.filter(pk__in=evidence_under(old, []))) == ["added"]
    assert list(kinds.filter(pk__in=evidence_under(new, [subscription.subscriber_id]))) == [
        "changed"
    ]
    privacy.erase(Subscriber.objects.get(), source="command")
    assert list(kinds.filter(pk__in=evidence_under(old, []))) == ["added"]
    assert list(kinds.filter(pk__in=evidence_under(new, []))) == ["changed", "erased"]
    assert [row["what"] for row in story(NEW)["records"]] == ["added", "changed", "erased"]


@pytest.mark.django_db
def test_who_took_over_an_old_address_is_told_of_to_editors_alone():
    publication = make_publication()
    move(join(OLD, publication), NEW)
    join(OLD, publication)
    told = story(NEW)["records"], story(NEW, is_for_reader=True)["records"]
    assert [[row["what"] for row in rows] for rows in told] == [
        ["added", "changed", "added"],
        ["added", "changed"],
    ]


@pytest.mark.django_db
def test_an_erasure_spares_the_address_that_somebody_else_has_now(mailoutbox):
    publication = make_publication()
    subscription = join(OLD, publication)
    move(subscription, NEW)
    join(OLD, publication)
    privacy.erase(Subscriber.objects.get(address_key=NEW), source="command")
    assert set(Suppression.objects.values_list("address_hash", flat=True)) == {address_hash(NEW)}


@pytest.mark.django_db
def test_moves_of_before_the_column_are_found_by_the_migration():
    publication = make_publication()
    subscription = join(OLD, publication)
    made = move(subscription, NEW)
    undoing.undo(made, subscription, origin=NOWHERE)
    before = list(ConsentRecord.objects.values_list("pk", "moved_from"))
    assert [moved for _pk, moved in before] == [None, address_hash(OLD), address_hash(NEW)]
    opened(ConsentRecord).update(moved_from=None)
    migration = importlib.import_module("subscribers.migrations.0011_find_moves")
    registry = SimpleNamespace(
        get_model=lambda *_name: SimpleNamespace(objects=_Rows(apps.get_model(*_name)))
    )
    migration.find_moves(registry, SimpleNamespace(connection=connection))
    assert list(ConsentRecord.objects.values_list("pk", "moved_from")) == before


class _Rows:
    """The manager of a model as migrations see it: rows may be changed."""

    def __init__(self, model):
        self._model = model

    def using(self, alias):
        return opened(self._model).using(alias)


# --- what goes to COPY ------------------------------------------------------

ODD = ("back\\slash", "\\N", "\\.", "tab\there", "two\nlines", "\r", "\x01", "", "plain", "ß\u2028")


@pytest.mark.sqlite_only
def test_a_row_of_copy_is_one_line_with_one_tab_between_its_cells():
    for cell in ODD:
        text = copying.text_of([(1, cell, None)])
        assert text.count("\n") == 1
        assert text.count("\t") == 2
        assert text.count(copying.NULL) == 1


@pytest.mark.django_db
def test_odd_names_and_attributes_are_stored_as_they_stand(settings, tmp_path):
    settings.SHARED_DIR = tmp_path / "var"
    path = tmp_path / "odd.csv"
    names = ["back\\slash", "\\N", "\\.", 'quo"te', "NULL", "Zoë", "a\u200bb"]
    lines = [
        f'r{number}@harbour.example,"{name.replace(chr(34), chr(34) * 2)}","x\\ty"'
        for number, name in enumerate(names)
    ]
    path.write_text("\n".join(["email,name,city", *lines]) + "\n", encoding="utf-8")
    run = running.receive(make_publication(), path, name="odd.csv", by=None)
    running.start(run, basis="A list", by=None)
    running.work(60)
    assert ImportRun.objects.get().status == "finished"
    stored = Subscriber.objects.order_by("address_key").values_list("name", "attributes")
    assert [name for name, _attributes in stored] == names
    assert all(attributes == {"city": "x\\ty"} for _name, attributes in stored)
