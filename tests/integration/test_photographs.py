"""The five services on photographs of real people, which are no part of the project."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_process import ServiceProcess

Five = Mapping[str, ServiceProcess]
AGES = {
    "angelina_jolie": (25, 50, "female"),
    "biden": (55, 85, "male"),
    "biden2": (50, 85, "male"),
    "kate_siegel": (22, 45, "female"),
    "obama": (38, 65, "male"),
    "obama2": (35, 65, "male"),
    "obama3": (38, 65, "male"),
    "paul_rudd": (25, 55, "male"),
    "shea_whigham": (35, 60, "male"),
}


def ask(service: ServiceProcess, path: str, **files: Path) -> dict[str, Any]:
    answer = httpx.post(
        f"{service.url}/api/v1/{path}",
        files={name: file.read_bytes() for name, file in files.items()},
        headers=service.headers(),
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_one_person_verifies_and_another_never_does(five: Five, photos: Path) -> None:
    service = five["face-recognition-service"]
    one = [path for path in sorted((photos / "people").glob("obama*.jpg")) if path.stem != "obama_and_biden"]
    other = sorted((photos / "people").glob("biden*.jpg"))
    assert len(one) >= 3
    for first, second in combinations(one, 2):
        found = ask(service, "verify", image_a=first, image_b=second)
        print(f"{first.stem:14} {second.stem:14} {found['similarity']:.3f}")
        assert found["match"], (first.name, second.name, found["similarity"])
    for first, second in product(one, other):
        found = ask(service, "verify", image_a=first, image_b=second)
        print(f"{first.stem:14} {second.stem:14} {found['similarity']:.3f}")
        assert not found["match"], (first.name, second.name, found["similarity"])


@pytest.mark.parametrize(("name", "live"), [("image_T1", True), ("image_F1", False)])
def test_a_person_is_live_and_a_print_is_not(five: Five, photos: Path, name: str, live: bool) -> None:
    (face,) = ask(five["antispoofing-service"], "check", image=photos / "liveness" / f"{name}.jpg")["faces"]
    assert face["live"] is live


def test_forged_faces_are_told_from_real_ones(five: Five, photos: Path) -> None:
    for kind, fake in (("df", True), ("real", False)):
        pictures = sorted((photos / "deepfake" / kind).glob("*.jpg"))
        assert pictures
        for picture in pictures:
            found = ask(five["deepfake-detection-service"], "analyze", image=picture)
            assert found["fake"] is fake, (picture.name, found["score"])


def test_ages_and_genders_are_plausible(five: Five, photos: Path) -> None:
    print(f"\n{'picture':16} {'age':>5} {'80 %':>14} {'gender':>7} {'confidence':>10}")
    for name, (low, high, gender) in AGES.items():
        (face,) = ask(five["age-gender-service"], "estimate", image=photos / "people" / f"{name}.jpg")[
            "faces"
        ]
        bounds = "{:.0f} to {:.0f}".format(*face["age_range"])
        gender_found, sure = face["gender"]["label"], face["gender"]["confidence"]
        print(f"{name:16} {face['age']:5.1f} {bounds:>14} {gender_found:>7} {sure:10.2f}")
        assert low <= face["age"] <= high, name
        assert face["age_range"][0] < face["age"] < face["age_range"][1]
        assert face["gender"]["label"] == gender, name
