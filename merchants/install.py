"""What every deployment has before the first shop opens: the plans."""

from django.apps import apps
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from merchants.models import Plan

# slug: name, fee in basis points. Operators change rates and add plans in the admin.
PLANS = {"micro": ("Micro", 100), "standard": ("Standard", 80), "volume": ("Volume", 60)}


# Django has no other hook after a migrate. Whoever empties the tables sends the signal too, and gets the
# rows back.
@receiver(post_migrate, sender=apps.get_app_config("merchants"))
def after_migrate(**_: object) -> None:
    """Store the plans that are missing; change nothing that is there."""
    for slug, (name, fee_bp) in PLANS.items():
        Plan.objects.get_or_create(slug=slug, defaults={"name": name, "fee_bp": fee_bp})
