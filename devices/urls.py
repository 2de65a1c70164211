"""Where the API over machines is."""

from django.urls import path

from devices.views import machines, operate, runs, trigger

urlpatterns = [
    path("devices", machines.DeviceList.as_view()),
    path("devices/<uuid:device_id>", machines.DeviceDetail.as_view()),
    path("devices/<uuid:device_id>/trigger", trigger.Trigger.as_view()),
    path("devices/<uuid:device_id>/operate", operate.Operate.as_view()),
    path("devices/<uuid:device_id>/actions", operate.Actions.as_view()),
    path("runs", runs.Runs.as_view()),
    path("runs/<uuid:run_id>", runs.RunDetail.as_view()),
]
