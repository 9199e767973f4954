BEGIN { @a = count(); printa("%@u %@x %@o %@X\n", @a); exit(0); }
