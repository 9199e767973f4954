BEGIN { a.; }
