BEGIN { a[1,]; }
