"""For an emulated processor: `-p tests.patient` gives the box's own deadlines twelve times as long.

A till is answered within ten seconds or told that nothing was booked; an emulated processor beside
other work takes longer, and what is then seen is the emulation.
"""

from edge_agent.api import deadline
from edge_agent.drivers.face_onnx.selftest import TIME_LIMIT_S, SelfTest

PATIENCE = 12

vars(deadline)["DEFAULT_MS"] = PATIENCE * deadline.DEFAULT_MS
patient = {path: PATIENCE * wait_ms for path, wait_ms in deadline.PATIENT_MS.items()}
vars(deadline)["PATIENT_MS"] = patient
(SelfTest.__init__.__kwdefaults__ or {})["time_limit_s"] = PATIENCE * TIME_LIMIT_S
