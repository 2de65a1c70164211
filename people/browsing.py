"""Admin pages over rows that programs write: found quickly among millions, edited by nobody."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts no further than anybody would turn pages: an exact count reads the whole table."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most 10,000."""
        rows: QuerySet[Any] = self.object_list[:MOST_COUNTED]  # type: ignore[assignment]  # admin's are querysets
        return rows.count()


class Browsable(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list that stays quick: newest first, a capped count, ids found by their index."""

    paginator = CappedPaginator
    show_full_result_count = False
    ordering = ("-pk",)
    list_per_page = 50
    search_ids: Sequence[str] = ("pk",)  # fields that a whole UUID in the search box is compared with

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look a UUID up by index; search anything else in `search_fields`."""
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        found = Q()
        for field in self.search_ids:
            found |= Q(**{field: wanted})
        return queryset.filter(found), False


class ReadOnly(Browsable):
    """Rows that people look at and programs write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody delete."""
        return False
