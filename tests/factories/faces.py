"""A policy for faces that are made up, with the numbers of no real net."""

from retail_core.identity.face_match import Calibration, FacePolicy

CALIBRATION = Calibration(
    score_fmr_1e_3=0.337,
    score_fmr_1e_4=0.474,
    impostor_pairs=100_000,
    genuine_pairs=1_000,
    people=100,
    measured_to=1e-4,
    source="made up",
)
POLICY = FacePolicy(
    CALIBRATION,
    threshold_min=0.58,
    threshold_max=0.75,
    margin=0.10,
    ask_band=0.12,
    same_picture=0.985,
)
