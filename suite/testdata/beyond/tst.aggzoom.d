/* args: -xaggzoom */
/* differs:   */
BEGIN { @a = quantize(1); @a = quantize(1); @a = quantize(100); exit(0); }
