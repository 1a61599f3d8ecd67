"""The score card: measures, intervals, data sets and suites, run over the product's own path."""
