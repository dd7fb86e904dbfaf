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


def unname(collector: Any, field: Any, sub_objs: models.QuerySet[Any], using: str) -> None:
    """Empty the reference to what is deleted; for on_delete, where a plain SET_NULL is refused.

    A colleague's account or a reader's row may go: the evidence stays, and
    names nobody any more.
    """
    rows: models.QuerySet[Any] = models.QuerySet(field.model, query=sub_objs.query, using=using)
    collector.add_field_update(field, None, rows)


# As Django's own SET_NULL: the rows need not be read to be emptied.
unname.lazy_sub_objs = True  # type: ignore[attr-defined]  # read by Django


class AppendOnly(models.Model):
    """Base of models whose rows never change once they are stored."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        # Django's own work, and whoever takes the back door, meets the same refusal.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            type(self).objects.all()._refuse()
        # A new object that bears the number of a row would otherwise be written over it.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        type(self).objects.all()._refuse()
