"""What `make bench` prints: our figures beside named peers, in one run on one machine."""
