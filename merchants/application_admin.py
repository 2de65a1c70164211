"""Applications in the admin: read, then approved or refused, with a reason."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from merchants import applications
from merchants.models import Application, Plan
from people.browsing import ReadOnly
from people.confirmed import Action, ConfirmedActions, Given, Reason


class ApprovalForm(Reason):
    """On which plan the shop begins, and why it may."""

    field_order = ("plan", "reason")

    plan = forms.ModelChoiceField(
        label=_("Plan"), queryset=Plan.objects.order_by("fee_bp"), initial="standard"
    )


def _approve(application: Application, given: Given) -> bool:
    return applications.approve(
        application_id=application.pk,
        staff_id=given.staff_id,
        reason=given.reason,
        plan=given.fields["plan"].pk,
    )


def _refuse(application: Application, given: Given) -> bool:
    return applications.refuse(application_id=application.pk, staff_id=given.staff_id, reason=given.reason)


def _waits(application: Application) -> bool:
    return application.status == Application.Status.WAITING


@admin.register(Application)
class ApplicationAdmin(ConfirmedActions, ReadOnly):
    """People who want to be shops. Who is approved keeps his printed codes; they pay the shop then."""

    list_display = ("shop_name", "category", "owner", "status", "created_at", "decided_by")
    list_filter = ("status",)
    list_select_related = ("owner", "decided_by")
    search_fields = ("shop_name", "owner__phone", "owner__name")
    search_ids = ("pk", "owner_id")
    confirmed = (
        Action(
            name="approve",
            verb=_("Approve"),
            question=_("A shop is opened, and the person's printed codes pay it from now on, less the fee."),
            permission="merchants.change_application",
            applies=_waits,
            act=_approve,
            form=ApprovalForm,
        ),
        Action(
            name="refuse",
            verb=_("Refuse"),
            question=_("The person stays a person, and may apply again."),
            permission="merchants.change_application",
            applies=_waits,
            act=_refuse,
        ),
    )
