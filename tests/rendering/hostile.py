"""Texts written to keep a parser busy or to end its process, as a program that reads them all.

`python -m tests.rendering.hostile` prints one line per text; a process of its
own, for what is tested is that it neither hangs nor dies.
"""

import datetime as dt
import os
import random

LONG = 100_000
# Each is repeated until it is as long as a body may be.
UNITS = [
    "[", "![", "[[", "[a](", "[a](<", "![a](", ")[", "](", "[^1]", "[^1]: a", "*[a]: b\n", "<a ",
    "<a\n", "</a", "<a x='", '<a x="', "<!--", "-->", "<?", "<![CDATA[", "<b", "<http://",
    "*", "**a ", "_a", "*_a", "***a", "`", "``a`", "~~", "==", "\\", "'", '"', "'a \"", "&", "&#",
    "a.", "a@", "a@a.", "http://", "www.", "|", "|\n", "\n|-|-\n", "a\n: b\n", "\\\n: ", "\n#",
    "\n=", "\n- ", "\n1. ", "> ", ">", "- ", "1. ", "    ", "\t", " ", "\n\n", "a\n\n", "~~~\n",
    "```\n", "- [ ] ", "[x]: ", "[^1]: a1. **\t", "\n\n1. <p><?", "\u0301", "😀",
    "<b>", "<b><i>", "<div>", "<q><div>", "<ul><li>", "<table><tr><td>", "<blockquote>", "<p>",
    "<a href=https://e.example/>", "<svg>", "<table>",
]  # fmt: skip
WHOLE = [
    "\n".join("    " * level + "- a" for level in range(300)),
    "\n".join("    " * level + "1. a" for level in range(150)),
    "a\n" + "\n".join(": a\n\n" + "    " * level + "a" for level in range(150)),
    "a\n: b\n" * 3000,
    "> " * 2000 + "a",
    "<b>" * 2000 + "a",
    "".join(f"*[a{number}]: x\n" for number in range(3000)) + "\n" + "a1 a2 " * 3000,
    "".join(f"[^{number}]: x\n" for number in range(2000))
    + "".join(f"[^{number}]" for number in range(2000)),
    "".join(f"[{number}]: https://e.example/{number}\n" for number in range(2000)) + "[1] " * 3000,
    " ".join(f"[a](https://e.example/{number})" for number in range(3000)),
]
PASTED = ["1", "A", "a.a", "-", "a@a.", " a", "• \n", "[", "<a ", "&amp;", ":", "contact ", "~"]


def units() -> list[str]:
    """Return UNITS, and some put together by chance, the same each time."""
    chance = random.Random(9)
    return UNITS + ["".join(chance.choices(UNITS, k=3)) for _ in range(20)]


def main() -> None:
    """Read everything; print what became of it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")
    django.setup()
    from briefs.plaintext import UnreadableBrief, read_brief
    from briefs.rendering import LONGEST_LINE, Text, Unrenderable, render_email, render_page
    from tests.rendering.sample import LOOK, PLACES

    refused = 0

    def outcome(source: str, point: str = "") -> str:
        nonlocal refused
        text = Text("Headline", dt.date(2016, 4, 6), body=source, key_points=(point,))
        try:
            render_email(text, LOOK, PLACES)
        except Unrenderable as error:
            refused += 1
            # It never raises; it shows what is refused by way of the same parser, at the same cost.
            if refused % 4 == 0:
                render_page(text)
            return error.rule
        return "rendered"

    def repeated(unit: str, length: int) -> str:
        return (unit * (length // len(unit) + 1))[:length]

    for unit in units():
        found = outcome(repeated(unit, LONG), repeated(unit, LONGEST_LINE))
        print(f"{found} {unit!r}", flush=True)
    for source in WHOLE:
        print(f"{outcome(source)} {source[:20]!r}…", flush=True)
    for unit in PASTED:
        for head in ("", "April 6, 2016\n\nSERIES: headline\n\n"):
            try:
                read_brief(head + repeated(unit, LONG))
                print(f"read {unit!r}", flush=True)
            except UnreadableBrief:
                print(f"unreadable {unit!r}", flush=True)


if __name__ == "__main__":
    main()
