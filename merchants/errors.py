"""Every way the merchants' part says no."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class UnknownPlan(Refusal):
    code, status = "unknown_plan", 400
    sentence = _("There is no such plan.")


class PlanPeriodPast(Refusal):
    code, status = "plan_period_past", 400
    sentence = _("A plan changes at a later time than now.")


class PlanPeriodTaken(Refusal):
    code, status = "plan_period_taken", 409
    sentence = _("Another change of the plan begins at the same time.")


class UpgradeWaiting(Refusal):
    code, status = "upgrade_waiting", 409
    sentence = _("Your application is being reviewed already.")


class ApplicantFrozen(Refusal):
    code, status = "applicant_frozen", 409
    sentence = _("The person's wallet or shop is frozen. Unfreeze it first, or refuse the application.")


class ApplicantSuspected(Refusal):
    code, status = "applicant_suspected", 409
    sentence = _("Alerts about the person's codes are open. Look at them and close them first, or refuse.")
