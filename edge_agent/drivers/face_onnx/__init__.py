"""Faces: detector, quality gates, liveness hint and embedder, all through onnxruntime."""
