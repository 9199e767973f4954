/* args: -xaggpack */
/* differs:   */
BEGIN { @a["x"] = quantize(1); @a["x"] = quantize(10); @a["x"] = quantize(10); @a["y"] = quantize(1000); exit(0); }
