BEGIN { trace(!"abc"); nosuch(0); }
