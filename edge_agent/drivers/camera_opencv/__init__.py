"""Cameras through OpenCV: captured in a process of their own, the newest frame in shared memory."""
