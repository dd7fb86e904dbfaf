"""Keys of the API and secrets of webhooks, put where none of them belongs."""

import pytest

from api.keys import WRITTEN_AS
from intelbrief.masking import masked

SECRET = "ezPGMvcUW3N-z7j_JxeMnjf2nFCcjG2LDQKuXwRaypU"

pytestmark = pytest.mark.sqlite_only


def test_a_key_in_a_path_is_told_to_no_log_but_for_which_one_it_is():
    key = f"ib_sw00mt2j_{SECRET}"
    assert WRITTEN_AS.fullmatch(key)
    shown = masked(f"Not Found: /api/v1/briefs/{key} ({{'Authorization': 'Bearer {key}'}})")
    assert SECRET not in shown
    assert "/api/v1/briefs/ib_sw00mt2j_" in shown


def test_a_secret_of_a_webhook_is_told_to_no_log():
    secret = "aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBzZWNyZXQ+/w=="
    assert secret[:20] not in masked(f"whsec_{secret} is not what I have")
