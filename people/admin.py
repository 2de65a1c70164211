"""People in the admin: who they are, whether their PIN is locked, where they are signed in."""

from datetime import datetime

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from people.browsing import Browsable, ReadOnly
from people.confirmed import Action, ConfirmedActions, Given
from people.models import Pin, Session, User
from people.pin import unlock

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def _is_locked(user: User) -> bool:
    return Pin.objects.filter(pk=user.pk, failures__gt=0).exists()


def _unlock(user: User, given: Given) -> bool:
    return unlock(user_id=user.pk)


@admin.register(User)
class PersonAdmin(ConfirmedActions, Browsable, UserAdmin):  # type: ignore[type-arg]
    """People. Only a superuser gives powers away or touches others who have some."""

    list_display = ("name", "phone", "is_active", "is_staff", "pin_locked_until", "created_at")
    list_filter = ("is_active", "is_staff")
    list_select_related = ("pin",)
    search_fields = ("phone", "name")
    ordering = ("-pk",)
    readonly_fields = ("id", "created_at", "last_login", "pin_locked_until")
    fieldsets = (
        (None, {"fields": ("id", "name", "phone", "password")}),
        (_("Access"), {"fields": ("is_active", *POWERS)}),
        (_("Signs of life"), {"fields": ("created_at", "last_login", "pin_locked_until")}),
    )
    add_fieldsets = ((None, {"fields": ("phone", "name", "usable_password", "password1", "password2")}),)
    confirmed = (
        Action(
            name="unlock",
            verb=_("Unlock the PIN"),
            question=_("Wrong PINs are forgotten and the next try is free. Be sure who is asking."),
            permission="people.change_pin",
            applies=_is_locked,
            act=_unlock,
        ),
    )

    @admin.display(description=_("PIN locked until"))
    def pin_locked_until(self, user: User) -> datetime | None:
        """Return when the lock ends or ended; staff may have no PIN."""
        return user.pin.locked_until if hasattr(user, "pin") else None

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Let only a superuser give powers away."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _is_superuser(request.user) else fields + POWERS

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody change others of the staff: whose name to sign in with he sets, he could become."""
        may = super().has_change_permission(request, obj)
        return may and (_is_superuser(request.user) or obj == request.user or not _has_powers(obj))

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 (Django passes it by this name)
        form_url: str = "",
    ) -> HttpResponse:
        """Let only a superuser reset a password of staff; one's own wants the old one, elsewhere."""
        if not _is_superuser(request.user) and _has_powers(self.get_object(request, unquote(id))):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody delete: people are part of the books. Take `may sign in` away instead."""
        return False


@admin.register(Session)
class SessionAdmin(ReadOnly):
    """Where people are signed in; deleting a row signs them out there."""

    list_display = ("user", "kind", "created_at", "expires_at")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("user__phone", "user__name")
    search_ids = ("pk", "user_id")
    fields = ("user", "kind", "created_at", "expires_at")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let whoever may delete sessions end one."""
        return request.user.has_perm("people.delete_session")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Leave the secrets where they are."""
        return super().get_queryset(request).defer("token_hash", "pin_mac")


def _is_superuser(user: object) -> bool:
    return bool(getattr(user, "is_superuser", False))


def _has_powers(user: object) -> bool:
    return bool(getattr(user, "is_staff", False)) or _is_superuser(user)
