/* Other than the arguments' values, the function is settled while types are. */

BEGIN { @a = sum(execname); @a = count(); exit(0); }
