BEGIN { offsetof(int); }
