"""The box in the shop: recognise, price, commit, publish."""

import os

# Before numpy is loaded: the threads of its BLAS spin while they wait for each other. On a busy box
# one factorisation of 512 x 512 (the rotation of the templates) then took ten seconds where one
# thread takes 0.06, and nothing else here has products large enough to be shared.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
