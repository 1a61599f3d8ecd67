"""What `make bench` prints: our figures beside named peers, in one run on one machine."""

import os

# As the command line does, and before numpy is imported: only measuring quality gains by more.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
