"""Admin actions that ask before they do, want a reason, and leave it in the object's history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal

Text = str | Promise


class Reason(forms.Form):
    """Why it is done. An action that has to know more derives its own form."""

    reason = forms.CharField(label=_("Reason"), min_length=3, max_length=200)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody of the staff confirmed: who it was, why, and what else the form asked for."""

    staff_id: UUID
    reason: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done to one object after a person confirmed it.

    Attributes:
        name: part of the address.
        verb: on the button.
        question: what happens, in one sentence.
        permission: who may, as `app.codename`.
        applies: whether it makes sense for this object now.
        act: does it; False if somebody else was first, or a text that is shown this once. A Refusal is shown
            to who asked.
        form: what is asked before.
    """

    name: str
    verb: Text
    question: Text
    permission: str
    applies: Callable[[Any], bool]
    act: Callable[[Any, Given], bool | str]
    form: type[Reason] = Reason


class ConfirmedActions(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Shows its actions as links on the object's page; GET asks, POST does."""

    change_form_template = "admin/confirmed_change_form.html"
    confirmed: Sequence[Action] = ()

    def get_urls(self) -> list[URLPattern]:
        """Add one address per action."""
        return [
            path(
                f"<path:object_id>/{action.name}/",
                self.admin_site.admin_view(partial(self.confirm, action=action)),
                name=self._address(action),
            )
            for action in self.confirmed
        ] + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Offer the actions that apply."""
        shown = self.get_object(request, unquote(object_id))
        links = [
            {"address": reverse(f"admin:{self._address(action)}", args=[object_id]), "verb": action.verb}
            for action in self.confirmed
            if shown is not None and request.user.has_perm(action.permission) and action.applies(shown)
        ]
        context = {"confirmed_actions": links, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def confirm(self, request: HttpRequest, object_id: str, *, action: Action) -> HttpResponse:
        """Ask, and once a reason is given, act."""
        if not request.user.has_perm(action.permission):
            raise PermissionDenied
        meant = self.get_object(request, unquote(object_id))
        if meant is None:
            raise Http404
        form = action.form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._act(request, meant, action, form.cleaned_data)
        context = self.admin_site.each_context(request) | {
            "title": action.verb,
            "action": action,
            "meant": meant,
            "form": form,
            "opts": self.opts,
            "back": self._page_of(meant),
        }
        return TemplateResponse(request, "admin/confirmed_action.html", context)

    def _act(self, request: HttpRequest, meant: Any, action: Action, fields: dict[str, Any]) -> HttpResponse:
        given = Given(UUID(str(request.user.pk)), fields["reason"], fields)
        try:
            done = action.applies(meant) and action.act(meant, given)
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(self._page_of(meant))
        if done:
            self.log_change(request, meant, f"{action.verb}: {given.reason}")
            self.message_user(request, _("Done: %(verb)s.") % {"verb": action.verb}, messages.SUCCESS)
            if isinstance(done, str):
                self.message_user(request, done, messages.WARNING)
        else:
            self.message_user(request, _("Nothing was done: it was so already."), messages.WARNING)
        return HttpResponseRedirect(self._page_of(meant))

    def _page_of(self, meant: Any) -> str:
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(page, args=[meant.pk])

    def _address(self, action: Action) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{action.name}"
