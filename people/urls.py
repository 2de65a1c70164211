"""Addresses of the people's part of the API, under /api/v1/."""

from django.urls import path

from people import views

urlpatterns = [
    path("sessions", views.Sessions.as_view()),
    path("sessions/current", views.CurrentSession.as_view()),
]
