"""Reviews of access on screens: opening one, what waits for a reviewer, how it stands, the sign-off and the report."""
