BEGIN { trace(nosuchmod`nosuchsym); exit(0); }
