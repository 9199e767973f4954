BEGIN { sizeof(); }
