"""The age and gender service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import face_service
from models.catalogue.card import Task

SPEC = face_service(
    "age-gender-service",
    "FaceSocial AI: age and gender",
    Task.AGE_GENDER,
    "bentos.age_gender.routes:create_routes",
    "bentos.age_gender.tables:DemographicsUsage",
    scores=("age", "female"),
)

AgeGenderService = bento_service(SPEC, Settings())
