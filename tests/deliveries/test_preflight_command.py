"""`manage.py preflight`: for scripts and for people."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from deliveries.preflight import page
from tests.make import make_fit_brief, make_publication, make_readers

pytestmark = pytest.mark.django_db


def run(*arguments):
    """Return what the command printed, and with what it would have ended."""
    out = StringIO()
    try:
        call_command("preflight", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


def test_a_script_reads_what_stands_against_a_brief():
    publication = make_publication()
    make_readers(publication, 1)
    out, code = run(make_fit_brief(publication).pk, "--json")
    assert (json.loads(out), code) == ({"ok": True, "errors": [], "warnings": []}, 0)
    out, code = run(make_fit_brief(publication, headline=" ", preheader="").pk, "--json")
    found = json.loads(out)
    assert (found["ok"], code) == (False, 1)
    assert [error["rule"] for error in found["errors"]] == ["headline-empty"]
    (warning,) = found["warnings"]
    assert sorted(warning) == ["message", "rule", "where"]


def test_a_person_reads_lines():
    publication = make_publication(postal_address="")
    make_readers(publication, 1)
    out, code = run(make_fit_brief(publication).pk)
    assert code == 1
    assert out.startswith("error  postal-address-empty (publication): Harbour Watch has no postal")
    assert "is not fit to be sent: 1 errors, 0 warnings." in out


def test_a_brief_that_is_not_there_is_another_matter():
    for arguments in ((0,), ()):
        with pytest.raises(CommandError) as failed:
            run(*arguments)
        assert failed.value.returncode == 2


def test_the_page_about_the_rules_is_printed_as_it_is():
    assert run("--docs") == (page.make(), 0)
