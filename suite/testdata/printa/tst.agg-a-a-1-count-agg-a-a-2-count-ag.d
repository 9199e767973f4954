BEGIN { @a["a", 1] = count(); @a["a", 2] = count(); @a["b", 1] = count(); printa("[%s] [%d] %@d\n", @a); printa("%5s|%-5d|%@5d|%@-5d|%@x\n", @a); exit(0); }
