"""Rows that are written once."""

from typing import Any, NoReturn

from django.db import models


class RowsAreFinal(TypeError):
    """Somebody tried to change or delete a row that is evidence."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Lets rows be added and read, nothing else."""

    def _refuse(self) -> NoReturn:
        raise RowsAreFinal(
            f"{self.model.__name__} rows are written once: add a further row instead."
        )

    def update(self, **kwargs: Any) -> int:
        self._refuse()

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse()

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        self._refuse()

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts"):
            self._refuse()
        return super().bulk_create(*args, **kwargs)


def opened(model: type["AppendOnly"]) -> models.QuerySet[Any]:
    """Return the rows of *model* for who may change them: truncation and erasure, nobody else."""
    return models.QuerySet(model)


class AppendOnly(models.Model):
    """Base of models whose rows never change once they are stored."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            type(self).objects.all()._refuse()
        # A new object that bears the number of a row would otherwise be written over it.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        type(self).objects.all()._refuse()
