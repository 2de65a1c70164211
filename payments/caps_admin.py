"""Limits in the admin: caps are data that staff change, and codes get the class that a cap counts them in."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import caps
from payments.books import LARGEST_AMOUNT
from payments.models import CapRule, Code, RiskClass
from people.confirmed import Action, Given

_SORT = ("tier", "code_kind", "risk_class")


class CapRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A cap, and the sort of payments that it counts."""

    cap = forms.IntegerField(
        label=gettext_lazy("cap"),
        min_value=0,
        max_value=LARGEST_AMOUNT,
        help_text=gettext_lazy("What one payer may pay in a day, in minor units. 0 lets nobody pay so."),
    )

    class Meta:
        model = CapRule
        fields = (*_SORT, "cap")


@admin.register(CapRule)
class CapRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """How much a payer may pay in a day under a rule. A sort of payments without a rule is not capped."""

    form = CapRuleForm
    list_display = ("name", *_SORT, "cap")
    ordering = ("-tier", "-code_kind", "risk_class")

    def get_fields(self, request: HttpRequest, obj: CapRule | None = None) -> tuple[str, ...]:
        """Show the name once there is one."""
        return (*_SORT, "cap") if obj is None else ("name", *_SORT, "cap")

    def get_readonly_fields(self, request: HttpRequest, obj: CapRule | None = None) -> tuple[str, ...]:
        """Keep the sort of a rule: payments were counted under it."""
        return () if obj is None else ("name", *_SORT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete what payments count in."""
        return False

    def save_model(self, request: HttpRequest, obj: CapRule, form: Any, change: bool) -> None:
        """Name a new rule after its sort; of an old one change the cap alone."""
        if change:
            obj.save(update_fields=["cap"])
            return
        obj.name = caps.name_of(tier=obj.tier, code_kind=obj.code_kind, risk_class=obj.risk_class)
        obj.save(force_insert=True)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Write the old and the new cap into the history."""
        if add or "cap" not in form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        caps_of = {"old": form.initial["cap"], "new": form.cleaned_data["cap"]}
        return _("Cap: %(old)s → %(new)s minor units") % caps_of


def classify(risk_class: RiskClass) -> Action:
    """Return the action that gives a code this risk class."""

    def act(code: Code, given: Given) -> bool:
        return caps.classify(code_id=code.pk, risk_class=risk_class)

    return Action(
        name=f"class-{risk_class.lower()}",
        verb=format_lazy(gettext_lazy("Set class {letter}"), letter=risk_class.value),
        question=gettext_lazy("The caps of its new class count the payments that begin from now on."),
        permission="payments.change_code",
        applies=partial(_has_another_class, risk_class),
        act=act,
    )


def _has_another_class(risk_class: RiskClass, code: Code) -> bool:
    return code.status == Code.Status.ACTIVE and code.risk_class != risk_class


CLASSES = tuple(classify(risk_class) for risk_class in RiskClass)
