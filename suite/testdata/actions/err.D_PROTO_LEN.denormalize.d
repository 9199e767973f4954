BEGIN { denormalize(); exit(0); }
