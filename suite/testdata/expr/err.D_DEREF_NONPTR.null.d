BEGIN { trace(*NULL); }
