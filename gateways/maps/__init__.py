"""Places and the time between them, offline by default. Every point is GCJ-02."""
