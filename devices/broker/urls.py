"""Where a broker asks about its clients."""

from django.urls import path

from devices.views import mqtt_auth

urlpatterns = [
    path("auth", mqtt_auth.authenticate),
    path("acl", mqtt_auth.authorize),
]
