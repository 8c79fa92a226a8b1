"""What the antispoofing pair says of the authors' two samples and of photographs sent as files.

``python -m training_eval.calibration.antispoofing --mirror DIR --photos DIR``

``--photos`` holds ``liveness/`` (image_T1.jpg live, image_F1.jpg a print) and ``people/``. Too little to fit a
threshold on: 0.5 of the mean of both networks stays, the run shows on which side the samples fall.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import Task
from models.processing.liveness import Liveness, decode_liveness
from models.runtime.session import OrtSession
from training_eval.calibration.faces import Face, loader, parser, pictures


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--photos", type=Path, required=True)
    options = arguments.parse_args()
    load = loader(options)
    networks = [load.session(CATALOGUE[name]) for name in DEFAULTS[Task.ANTISPOOFING]]
    threshold = networks[0].card.thresholds["live"]
    for folder in ("liveness", "people"):
        live = []
        for path, image in pictures(options.photos / folder):
            for face in load.faces(image):
                verdict = judge(networks, face)
                live.append(verdict.live)
                attacks = ", ".join(f"{kind} {value:.3f}" for kind, value in verdict.attacks.items())
                print(f"{path.name}: live {verdict.live:.3f}, {attacks}")
        print(f"{folder}: {sum(value >= threshold for value in live)} of {len(live)} live at {threshold}")


def judge(networks: list[OrtSession], face: Face) -> Liveness:
    rows = [network.run(face.crop(network.card)[None])["probabilities"][0] for network in networks]
    return decode_liveness(np.concatenate(rows), [network.card for network in networks])


if __name__ == "__main__":
    main()
