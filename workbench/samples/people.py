"""The cast. Nobody was drawn after anybody."""

from __future__ import annotations

from workbench.samples.person import Hair, Person

LONG_HAIR = Person(
    skin=(0.62, 0.34, 0.235), hair=(0.09, 0.045, 0.02), iris=(0.16, 0.22, 0.12), cloth=(0.05, 0.16, 0.24),
    style=Hair.LONG, yaw=12, roll=-4, pitch=2, smile=0.7, lip_tint=0.4,
)  # fmt: skip
SHORT_BEARD = Person(
    skin=(0.30, 0.15, 0.085), hair=(0.012, 0.010, 0.009), iris=(0.06, 0.03, 0.015), cloth=(0.42, 0.20, 0.04),
    yaw=-10, beard=0.7, lips=1.3, nose=1.15, jaw=1.1, smile=0.7,
)  # fmt: skip
GLASSES = Person(
    skin=(0.66, 0.40, 0.30), hair=(0.45, 0.43, 0.41), iris=(0.10, 0.17, 0.28), cloth=(0.16, 0.05, 0.06),
    yaw=4, roll=3, age=0.9, glasses=True, lips=0.75, brows=1.1, width=1.04, smile=0.8,
)  # fmt: skip
CURLS = Person(
    skin=(0.42, 0.22, 0.13), hair=(0.030, 0.017, 0.010), iris=(0.09, 0.05, 0.02), cloth=(0.30, 0.33, 0.30),
    style=Hair.CURLS, yaw=-16, roll=4, lips=1.2, smile=0.9, lip_tint=0.5,
)  # fmt: skip
BUN = Person(
    skin=(0.66, 0.40, 0.26), hair=(0.020, 0.015, 0.013), iris=(0.05, 0.03, 0.02), cloth=(0.32, 0.10, 0.22),
    style=Hair.BUN, yaw=-14, roll=-3, nose=0.88, width=0.97, smile=0.8, lip_tint=0.5,
)  # fmt: skip
BALD = Person(
    skin=(0.52, 0.29, 0.19), hair=(0.16, 0.14, 0.12), iris=(0.07, 0.09, 0.08), cloth=(0.06, 0.10, 0.07),
    style=Hair.NONE, yaw=-6, pitch=3, beard=0.85, age=0.6, jaw=1.08, nose=1.1, brows=1.25, smile=0.6,
)  # fmt: skip
