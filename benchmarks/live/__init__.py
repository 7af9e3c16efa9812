"""An installation that is configured while people work: `python -m benchmarks.live`."""
