"""Every way the merchants' part says no."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class UnknownPlan(Refusal):
    code, status = "unknown_plan", 400
    sentence = _("There is no such plan.")
