"""Pages as PDF: set by WeasyPrint in a process of its own, which reads nothing but our own style and fonts."""
