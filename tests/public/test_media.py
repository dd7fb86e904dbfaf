"""Uploaded files under /p/: given, never listed, never run."""

import pytest


@pytest.fixture
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "logos").mkdir(parents=True)
    (tmp_path / "media" / "logos" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def test_an_uploaded_picture_is_given(client, folder):
    answer = client.get("/p/logos/logo.png")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "max-age" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "%2e%2e/secret.txt", "logos/../../secret.txt", "logos/", "nothing.png", "/"],
)
def test_nothing_else_is_given(client, folder, path):
    assert client.get(f"/p/{path}").status_code == 404


@pytest.mark.parametrize("path", ["a/" * 2500 + "a", "a" * 300])
def test_a_name_longer_than_the_file_system_allows_is_not_there(client, folder, path):
    assert client.get(f"/p/{path}").status_code == 404
