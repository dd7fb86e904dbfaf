from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "deliveries"
    verbose_name = "Sending"

    def ready(self) -> None:
        from deliveries import guard
        from subscribers import notices

        notices.may_mail_readers = guard.may_mail_readers
