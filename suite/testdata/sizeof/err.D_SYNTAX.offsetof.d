BEGIN { offsetof(); }
