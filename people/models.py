"""Who uses the service, and how they prove it."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from outbox.ids import uuid7
from people.names import LONGEST as LONGEST_NAME
from people.names import validate_name
from people.phones import LONGEST as LONGEST_PHONE
from people.phones import validate_phone


class UserManager(BaseUserManager["User"]):
    """Makes users; the wallet and the PIN come from `people.services.sign_up` and payments."""

    def create_user(self, phone: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user with a hashed password."""
        user = self.model(phone=phone, **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user who may do everything in the admin."""
        return self.create_user(phone, password, **(fields | {"is_staff": True, "is_superuser": True}))


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Signs in with phone and password; confirms payments with a PIN."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone = models.CharField(
        _("phone"),
        max_length=LONGEST_PHONE,
        unique=True,
        validators=[validate_phone],
        error_messages={"unique": _("This phone number has an account already.")},
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME, validators=[validate_name])
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "phone"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="user_phone_is_digits", condition=Q(phone__regex=r"^\+?[0-9]{5,15}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.phone})"


class Pin(models.Model):
    """The second step before money moves. Failures are counted by the database, under a lock per payer."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    hash = models.CharField(max_length=160)  # Argon2id over HMAC-SHA256(pepper, PIN)
    failures = models.SmallIntegerField(default=0, db_default=0)
    locks = models.SmallIntegerField(default=0, db_default=0)  # since the last right PIN: the next is longer
    locked_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pin_failures_between_0_and_5", condition=Q(failures__gte=0, failures__lte=5)
            ),
        ]

    def __str__(self) -> str:
        return f"PIN of {self.user_id}"


class Session(models.Model):
    """A signed-in device: an API token, or a browser session's memory of the PIN. Only hashes are stored."""

    class Kind(models.TextChoices):
        """What holds the raw token."""

        API = "api", _("API token")
        BROWSER = "browser", _("browser session")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the raw token
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    pin_mac = models.BinaryField(max_length=32, null=True)  # made by the session's first right PIN
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="session_expiry")]
        constraints = [
            models.CheckConstraint(
                name="session_ends_after_it_began", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} session of {self.user_id}"


class Throttle(models.Model):
    """How often a phone number or an address tried to sign in within the running window."""

    key = models.CharField(max_length=80, primary_key=True)
    tries = models.IntegerField()
    window_ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["window_ends_at"], name="throttle_window")]

    def __str__(self) -> str:
        return self.key
