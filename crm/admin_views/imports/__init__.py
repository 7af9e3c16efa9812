"""The import screen: a file comes in, its columns are mapped, a trial shows what would happen, a job writes it, and all can be taken back."""
