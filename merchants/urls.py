"""Addresses of the merchants' part of the API, under /api/v1/."""

from django.urls import path

from merchants import views

urlpatterns = [path("balance", views.Balance.as_view())]
