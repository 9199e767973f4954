BEGIN { ddi_pathname("x", 1); }
