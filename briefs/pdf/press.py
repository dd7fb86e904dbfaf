"""The press: a document on standard input, its PDF on standard output; run as a script.

It is a process of its own, without the settings and keys of the site, bounded
in time and memory, and it loads nothing: pictures come along with the document.
What it refuses is told on standard error, in one line.
"""

import base64
import io
import json
import logging
import resource
import sys
from typing import Any, NoReturn

TOO_MUCH = 3  # exit status: another attempt would fail too
CPU_SECONDS = 60
MOST_MEMORY = 2_000_000_000  # octets of addresses; Pango maps each font whole
MOST_OCTETS = 50_000_000
MOST_PAGES = 150


def bound() -> None:
    """Let the kernel end this process if it takes far more than any brief does."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OCTETS, MOST_OCTETS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refuse(reason: str) -> NoReturn:
    """End with *reason*."""
    print(reason, file=sys.stderr)
    raise SystemExit(TOO_MUCH)


def main() -> None:
    """Print the one document that comes in."""
    bound()
    order: dict[str, Any] = json.load(sys.stdin)
    # Only now: what is loaded is bounded, too.
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    # What a style sheet or a picture lacks is no news to whoever keeps the log.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    pictures = {url: base64.b64decode(octets) for url, octets in order["pictures"].items()}

    class Given(URLFetcher):  # type: ignore[misc,unused-ignore]  # untyped where it is missing
        """Gives the pictures that came along; opens no file and no connection."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            if url not in pictures:
                raise FatalURLFetchingError(f"The document asks for {url[:200]}.")
            return URLFetcherResponse(url, body=pictures[url])

    fetcher = Given(allowed_protocols=[])
    try:
        document = HTML(string=order["html"], base_url="about:blank", url_fetcher=fetcher).render(
            pdf_variant="pdf/ua-1", pdf_tags=True
        )
        if len(document.pages) > MOST_PAGES:
            refuse(f"It has {len(document.pages)} pages; {MOST_PAGES} are the most.")
        made = io.BytesIO()
        document.write_pdf(made, pdf_variant="pdf/ua-1", pdf_tags=True)
    except MemoryError:
        refuse("It takes more memory than any brief should.")
    except RecursionError:
        refuse("It is nested too deep.")
    except FatalURLFetchingError as error:
        refuse(str(error))
    sys.stdout.buffer.write(made.getvalue())


if __name__ == "__main__":
    main()
