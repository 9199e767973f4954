/* The range is looked at before the step, and all constants before the increment. */

BEGIN { @a = lquantize(1, 2, 1, execname); exit(0); }
