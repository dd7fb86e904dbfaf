"""Imports: hostile files give what is good in them and a reason for the rest."""

import io
import json
import zipfile
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given
from hypothesis import strategies as st

from briefs.addresses import normalise
from subscribers.importing import Unreadable, attributes, files, reading, rows, unpacking
from subscribers.importing.addresses import plain
from subscribers.importing.cells import neutralise, restore
from subscribers.models import ImportRun, Subscriber
from tests.make import make_publication


@pytest.fixture
def read(tmp_path):
    """Return what reads bytes as a table: its look, and its records."""

    def take(content):
        path = tmp_path / "table"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        seen = reading.look(path)
        return seen, list(reading.records(path, seen))

    return take


@pytest.fixture
def run_import(db, settings, tmp_path, capsys):
    settings.SHARED_DIR = tmp_path / "var"

    def run(content, *options):
        path = tmp_path / "readers.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        publication = make_publication()
        capsys.readouterr()
        arguments = [str(path), "--publication", publication.slug, "--json", *options]
        call_command("import_subscribers", *arguments)
        return json.loads(capsys.readouterr().out)

    return run


ROWS = "email,name\nana@harbour.example,Zoë\n"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (ROWS.encode("utf-8"), "utf-8"),
        (ROWS.encode("utf-8-sig"), "utf-8-sig"),
        (ROWS.encode("utf-16"), "utf-16"),
        (ROWS.encode("utf-16-le"), "utf-16-le"),
        (ROWS.encode("utf-16-be"), "utf-16-be"),
        (ROWS.encode("cp1252"), "cp1252"),
    ],
)
def test_encodings_are_told_apart(read, content, encoding):
    seen, records = read(content)
    assert seen.encoding == encoding
    assert seen.headers == ["email", "name"]
    assert records[0].cells == ["ana@harbour.example", "Zoë"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_told_apart(read, delimiter, end):
    text = end.join([f'email{delimiter}"a name"', f"ana@harbour.example{delimiter}Ana", ""])
    seen, records = read(text)
    assert (seen.delimiter, seen.headers) == (delimiter, ["email", "a name"])
    assert [record.cells for record in records] == [["ana@harbour.example", "Ana"]]


@pytest.mark.sqlite_only
def test_a_file_without_headers_is_a_table_too(read):
    seen, records = read("ana@harbour.example;Ana\nbo@harbour.example;Bo\n")
    assert seen.headers == ["column 1", "column 2"]
    assert len(records) == 2


@pytest.mark.sqlite_only
def test_line_breaks_in_quotes_belong_to_their_cell(read):
    _seen, records = read('email,note\r\nana@harbour.example,"one\r\ntwo"\r\nbo@h.example,x\r\n')
    assert [record.cells[1] for record in records] == ["one\r\ntwo", "x"]


@pytest.mark.sqlite_only
def test_an_unterminated_quote_costs_its_own_line_only(read):
    good = "".join(f"r{number}@harbour.example,R\n" for number in range(5_000))
    _seen, records = read(f'email,name\n{good}bad@harbour.example,"Bad\n{good}')
    refused = [record for record in records if record.trouble]
    assert [record.trouble for record in refused] == ["quote"]
    assert refused[0].cells == ['bad@harbour.example,"Bad']
    assert len(records) == 10_001


@pytest.mark.sqlite_only
def test_a_huge_field_costs_its_own_row_only(read):
    _seen, records = read(f"email,name\na@h.example,{'x' * 200_000}\nb@h.example,B\n")
    assert [record.trouble for record in records] == ["too-long", ""]
    quoted = f'email,name\na@h.example,"{"x" * 200_000}"\nb@h.example,"B"\n'
    assert [record.trouble for record in read(quoted)[1]] == ["too-long", ""]


@pytest.mark.sqlite_only
def test_a_line_without_end_is_not_held_in_memory(read):
    _seen, records = read(f"email,name\na@h.example,{'x' * 3_000_000}\nb@h.example,B\n")
    assert [record.trouble for record in records] == ["too-long", ""]
    assert all(len(cell) <= 500 for record in records for cell in record.cells)


@pytest.mark.sqlite_only
def test_the_same_file_gives_the_same_numbers_from_anywhere(read, tmp_path):
    text = "email,name\n" + "".join(
        f'r{n}@h.example,"a\nb"\n' if n % 7 == 0 else f"r{n}@h.example,x\n\n" for n in range(300)
    )
    seen, records = read(text)
    for after in (0, 1, 77, 299, 300):
        assert list(reading.records(tmp_path / "table", seen, after)) == records[after:]


@pytest.mark.sqlite_only
@given(content=st.binary(max_size=400))
@example(content=b'email,"\n')
@example(content=b"\xff\xfe\x00")
@example(content=b'{"subscribers": [[[[]]]]}')
@example(content=b"sep=;\n")
def test_no_bytes_make_the_reader_fail(content):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        path.write_bytes(content)
        try:
            seen = reading.look(path)
        except reading.Unreadable:
            return
        for record in reading.records(path, seen):
            assert record.trouble or len(record.cells) == len(seen.headers)


def test_hostile_rows_leave_the_good_ones(run_import):
    told = run_import(
        b"email,name,attributes\n"
        b"ana@harbour.example,Ana,\n"
        b"nul\x00@harbour.example,N,\n"
        b"bad@,B,\n"
        b",nobody,\n"
        b"caf\xe9@harbour.example,C,\n"
        b"z\xc3\xb6e@harbour.example,Zo\xc3\xab,\n"
        b"wide@harbour.example,W,,,,more\n"
        b'json@harbour.example,J,"{""a"": ""\\u0000""}"\n'
        b'nan@harbour.example,J,"{""a"": NaN}"\n'
        b'"ok@harbour.example" x,O,\n'
        b"ANA@Harbour.Example,Ana,\n"
        b"\n"
        b'open@harbour.example,"never closed,\n'
        b"last@harbour.example,=HYPERLINK(1),\n"
    )
    assert told["created"] == 4  # ana, zöe, nan (kept as text), last
    assert told["unchanged"] == 1
    assert told["reasons"] == {
        "nul": 1,
        "address": 1,
        "no-address": 1,
        "encoding": 1,
        "too-many-cells": 1,
        "attributes": 1,
        "malformed": 1,
        "quote": 1,
    }
    refused = files.refused_of(ImportRun.objects.get()).read_bytes()
    assert refused.startswith(b"row,why,detail,email,name,attributes")
    assert b"bad@" in refused


def test_a_guess_takes_the_column_that_holds_addresses(run_import):
    text = "Address,Email\n1 Quay Street,ana@harbour.example\n"
    assert run_import(text)["mapping"] == {"Address": "attribute", "Email": "address"}
    told = run_import("Address,Contact\n1 Quay Street,ana@harbour.example\n", "--dry-run")
    assert told["mapping"]["Contact"] == "address"


def test_a_file_whose_addresses_cannot_be_told_is_mapped_by_hand(run_import):
    text = "work,home\nana@work.example,ana@home.example\n"
    with pytest.raises(CommandError, match="No column is mapped"):
        run_import(text)
    assert not ImportRun.objects.exists()
    assert run_import(text, "--map", "home=address")["created"] == 1
    assert Subscriber.objects.get().address == "ana@home.example"


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


@pytest.mark.parametrize("method", ["ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"])
def test_no_broken_zip_makes_the_reader_fail(tmp_path, method):
    packed, table = tmp_path / "packed.zip", tmp_path / "table"
    with zipfile.ZipFile(packed, "w", getattr(zipfile, method)) as archive:
        archive.writestr("réaders.csv", ROWS)
    good = packed.read_bytes()
    for place in range(4, len(good)):
        for byte in (good[place] ^ 0x80, good[place] ^ 0x0F, 0xFF):
            packed.write_bytes(good[:place] + bytes([byte]) + good[place + 1 :])
            with suppress(Unreadable):
                unpacking.unpack(packed, table)


def test_a_zip_with_one_table_is_unpacked(run_import):
    assert run_import(zipped(readers_csv=ROWS, photo_png="x"))["created"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(a_csv="x" * 30_000_000), "unpacks to more than"),
        (zipped(a_csv=ROWS, b_csv=ROWS), "holds 2 tables"),
        (zipped(a_png="x"), "holds no CSV"),
        (zipped(a_csv=ROWS)[:-30], "."),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"[" * 100_000, "JSON"),
        (b'{"a": 1}', "no list"),
        (b",".join([b"x"] * 600), "600 columns"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_refused_with_words(run_import, content, words):
    with pytest.raises(CommandError, match=words):
        run_import(content)
    assert not ImportRun.objects.exists()
    assert not [path for path in files.folder().iterdir() if path.is_file()]


@pytest.mark.sqlite_only
def test_a_zip_may_grow_by_a_measure_of_its_own_size():
    assert unpacking.allowed_bytes(1_000) == unpacking.FREE_BYTES
    assert unpacking.allowed_bytes(10**12) == unpacking.MOST_BYTES


LOCAL = st.text("abzAZ09.!#$%&'*+/=?^_`{|}~-@ ", max_size=70)
DOMAIN = st.text("abzAZ09.-", max_size=70)


@pytest.mark.sqlite_only
@given(st.one_of(st.builds("{}@{}.example".format, LOCAL, DOMAIN), st.text(max_size=80)))
@example("a@b")
@example("a@xn--strae-oqa.example")
@example("a@ab--c.example")
@example("a@x.test")
@example("a@x.local")
@example("a@" + "x" * 64 + ".example")
@example("x" * 65 + "@b.example")
@example("a@b.example\n")
@example("a@b.c1")
@example("a@b.c--d")
def test_the_fast_pass_takes_only_what_is_an_address_and_in_the_same_form(text):
    fast = plain(text)
    if fast is not None:
        assert fast == normalise(text)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("text", ["Ada@Example.com", "a.b+c@sub.d-e.example", "x@y.museum"])
def test_the_fast_pass_takes_what_is_common(text):
    assert plain(text) == normalise(text)


@pytest.mark.sqlite_only
@given(st.text(st.sampled_from("'=+-@\t\r\nab＝ "), max_size=8))
def test_a_disarmed_cell_is_restored_exactly_and_begins_no_formula(cell):
    shown = neutralise(cell)
    assert restore(shown) == cell
    assert shown[:1] not in "=+-@\t\r\n＝" or not shown


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2018-02-05 19:28:23", "2018-02-05T19:28:23+00:00"),
        ("2024-01-05T10:00:00.000Z", "2024-01-05T10:00:00+00:00"),
        ("2024-01-05 10:00:00 +0000 UTC", "2024-01-05T10:00:00+00:00"),
        ("2023-03-24 10:23:10 UTC", "2023-03-24T10:23:10+00:00"),
        ("2024-03-13 02:03:09+02:00", "2024-03-13T00:03:09+00:00"),
        ("04/06/2026", "2026-04-06T00:00:00+00:00"),
        ("06.04.2026 07:00", "2026-04-06T07:00:00+00:00"),
        ("0001-01-01 00:00:00+14:00", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_houses_write_them(cell, iso):
    moment = rows.moment_of(cell)
    assert (moment.isoformat() if moment else None) == iso


@pytest.mark.sqlite_only
@pytest.mark.parametrize("cell", ["[" * 60_000, "{" * 9_000, '{"a": "\\ud800"}', "x" * 60_000])
def test_attributes_that_cannot_be_stored_are_refused(cell):
    with pytest.raises(ValueError, match=r"."):
        attributes.parse(cell)


@pytest.mark.sqlite_only
def test_attributes_may_be_what_python_prints():
    assert attributes.parse("{'staff': 'true', 'n': (1, 2)}") == {"staff": "true", "n": [1, 2]}
