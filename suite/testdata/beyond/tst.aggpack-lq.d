/* args: -xaggpack */
/* differs:   */
BEGIN { @a["x"] = lquantize(1, 0, 10, 1); @a["x"] = lquantize(5, 0, 10, 1); @a["y"] = lquantize(9, 0, 10, 1); exit(0); }
