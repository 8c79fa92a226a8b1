"""The age and gender service, as BentoML starts it."""

from __future__ import annotations

from bentos.age_gender.routes import create_routes
from bentos.common.composition import bento_service, face_service
from bentos.common.settings import Settings
from models.catalogue.card import Task

SPEC = face_service("age-gender-service", "FaceSocial AI: age and gender", Task.AGE_GENDER, create_routes)

AgeGenderService = bento_service(SPEC, Settings())
