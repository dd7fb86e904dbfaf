#!/usr/bin/env python
"""Django's command line, for this project."""

import gc
import os
import sys


def main() -> None:
    """Run one management command; say in one line what is wrong with the settings."""
    # While everything is loaded there is no garbage; IntelBriefConfig turns it on again.
    gc.disable()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from environs import EnvError
    except ImportError:
        sys.exit("Django is not installed here. Start ./run once, then use .venv/bin/python.")
    if sys.argv[1:2] == ["doctor"]:
        # It tells what is wrong with settings that cannot be read, so it comes before them.
        from intelbrief.ops.doctor import cli

        sys.exit(cli.main(sys.argv[2:]))
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EnvError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The settings cannot be used: {error}\nSee docs/configuration.md.")


if __name__ == "__main__":
    main()
