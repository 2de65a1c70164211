"""Where the API over machines is."""

from django.urls import path

from devices import views

urlpatterns = [
    path("devices", views.DeviceList.as_view()),
    path("devices/<uuid:device_id>", views.DeviceDetail.as_view()),
    path("runs/<uuid:run_id>", views.RunDetail.as_view()),
]
