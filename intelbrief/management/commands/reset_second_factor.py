"""`manage.py reset_second_factor EMAIL`: lets somebody back in who lost their second factors."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs import accounts
from intelbrief.admin import forget_second_factors


class Command(BaseCommand):
    """Take away all second factors of an account; its password stays, and is asked for alone."""

    help = (
        "Takes away passkeys, app and recovery codes of an account, whose owner logs in by "
        "password then, and is told by mail. Make sure that it is the owner who asks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Want the address that the owner logs in with."""
        parser.add_argument("email")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        """Do it, and say what there was."""
        user = accounts.known(email)
        if user is None:
            raise CommandError(f"Nobody logs in as {email}. Write the address as under “Users”.")
        found = forget_second_factors(user, by=None)
        self.stdout.write(f"{user.email}: {found} taken away. The password is asked for alone.")
