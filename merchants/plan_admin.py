"""Which plan a shop is on, as its page in the admin shows it: the past is read, the future is changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants import plans
from merchants.models import PlanPeriod
from outbox import clock


class PlanPeriods(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """A shop's plans: what has begun stays, what is to come can be added and taken away."""

    def clean(self) -> None:
        """Refuse to rewrite what was promised for a time that is over."""
        super().clean()
        for form in self.deleted_forms:
            if plans.has_begun(form.initial["starts_at"]):
                raise ValidationError(_("A plan that has begun stays."))
        begun = [
            plans.has_begun(form.cleaned_data["starts_at"]) for form in self.extra_forms if _is_told(form)
        ]
        if self.instance._state.adding and not any(begun):
            raise ValidationError(_("A new shop needs a plan that begins at once."))
        if not self.instance._state.adding and any(begun):
            raise ValidationError(_("A plan changes at a later time than now."))


def _is_told(form: Any) -> bool:
    return form.is_valid() and "starts_at" in form.cleaned_data


class PlanPeriodForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A plan and its beginning; now, unless something else is said."""

    starts_at = forms.SplitDateTimeField(label=_("from"), widget=AdminSplitDateTime, required=False)

    class Meta:
        model = PlanPeriod
        fields = ("plan", "starts_at")

    def clean_starts_at(self) -> Any:
        """Let what nothing is said of begin now."""
        return self.cleaned_data["starts_at"] or clock.now()


class PlanPeriodInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Which plan the shop is on, from when; a later date waits for its day."""

    model = PlanPeriod
    form = PlanPeriodForm
    formset = PlanPeriods
    extra = 0
    min_num = 1
    validate_min = True
    ordering = ("starts_at",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody move a plan: one that is to come is taken away and added anew."""
        return False
