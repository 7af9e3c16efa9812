"""How fast, beside a bare page of the same rows and beside stock Flask-Admin: `make bench`. Figures and what they mean stand in
`docs/developers/benchmarks.md`."""
